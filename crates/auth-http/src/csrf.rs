//! Telling a browser's own request from one that another site made it send.
//!
//! The decision rests on what only the browser can write: `Origin` and Fetch Metadata (OWASP, Cross-Site Request
//! Forgery Prevention). Forms need no token that could be forgotten.

use auth_core::{ErrorCode, Settings};
use http::Method;
use http::header::{HeaderMap, HeaderValue, ORIGIN, SEC_WEBSOCKET_KEY, UPGRADE};

use crate::problem::Problem;

/// Headers that browsers alone send, beside `Origin` and `Sec-Fetch-Site`.
const BROWSER_MARKS: [&str; 2] = ["sec-fetch-dest", "sec-fetch-user"];

/// Whether a method changes nothing (RFC 9110, section 9.2.1).
pub(crate) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

/// Whether a request may act on behalf of the one whose cookie it carries: by its method, or because it asks for another
/// protocol, such as a WebSocket, in which anything can be said.
pub(crate) fn acts(method: &Method, headers: &HeaderMap) -> bool {
    !is_safe(method) || asks_for_upgrade(headers)
}

fn asks_for_upgrade(headers: &HeaderMap) -> bool {
    headers.contains_key(UPGRADE)
        || headers.contains_key(SEC_WEBSOCKET_KEY)
        || headers.get_all("sec-fetch-mode").iter().any(|mode| mode == "websocket")
}

/// Whether the headers of a request that acts say that it comes from the app itself, from an origin that is allowed, or
/// from something that is not a browser.
pub(crate) fn allows(settings: &Settings, headers: &HeaderMap) -> bool {
    let (Ok(site), Ok(origin)) = (one(headers, "sec-fetch-site"), one(headers, ORIGIN.as_str())) else { return false };
    // What a browser calls the same origin is the app's own only where the app's address says so too.
    let own_site = site.is_none_or(|site| site == "same-origin");
    match origin.map(HeaderValue::as_bytes) {
        None if site.is_some() => own_site,
        None => !has_browser_mark(headers),
        // A page that sends no referrer has no origin either (Fetch, "append a request Origin header"), and says whose it is
        // by `Sec-Fetch-Site` alone.
        Some(b"null") => site.is_some() && own_site,
        Some(origin) if origin == settings.public_url.origin().ascii_serialization().as_bytes() => {
            // A handshake always has an origin, and browsers differ in whether `wss` is the site of `https`.
            own_site || asks_for_upgrade(headers)
        }
        Some(origin) => settings.allowed_origins.iter().any(|allowed| allowed.as_bytes() == origin),
    }
}

/// The answer to a request of another site. The log says from where it came, and what may come: an origin that the app forgot
/// to allow is the usual reason.
pub(crate) fn refuse(settings: &Settings, headers: &HeaderMap) -> Problem {
    tracing::info!(
        target: "auth::event",
        origin = headers.get(ORIGIN).map(shown),
        own = %settings.public_url.origin().ascii_serialization(), allowed = ?settings.allowed_origins,
        "csrf_rejected",
    );
    ErrorCode::CsrfRejected.into()
}

/// An origin as the log shows it: nothing that a client made up to look like something else.
pub(crate) fn shown(origin: &HeaderValue) -> &str {
    let is_origin = |text: &&str| {
        let bytes = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.:/[]".contains(&byte));
        bytes && text.len() <= 128 && (*text == "null" || text.contains("://"))
    };
    origin.to_str().ok().filter(is_origin).unwrap_or("(not an origin)")
}

/// Whether something other than its origin says that a request is a browser's. Node's `fetch` sends `Sec-Fetch-Mode: cors`, and
/// nothing else; a browser never sends that without `Sec-Fetch-Site`.
fn has_browser_mark(headers: &HeaderMap) -> bool {
    BROWSER_MARKS.iter().any(|mark| headers.contains_key(*mark))
        || headers.get_all("sec-fetch-mode").iter().any(|mode| mode != "cors")
}

/// More than one value where there must be one.
struct Several;

fn one<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h HeaderValue>, Several> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() { Err(Several) } else { Ok(first) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{headers, settings};

    /// What the app itself, an allowed origin and everybody else may send.
    #[test]
    fn decides_by_what_only_browsers_write() {
        let settings = settings("https://notes.example.com", &["https://app.example.com"]);
        let cases: [(&[(&str, &str)], bool); 41] = [
            (&[], true),
            (&[("origin", "https://notes.example.com")], true),
            (&[("origin", "https://notes.example.com"), ("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("origin", "https://app.example.com")], true),
            (&[("origin", "https://app.example.com"), ("sec-fetch-site", "same-site")], true),
            (&[("origin", "https://app.example.com"), ("sec-fetch-site", "cross-site")], true),
            (&[("origin", "https://notes.example.com"), ("sec-fetch-site", "cross-site")], false),
            (&[("origin", "https://notes.example.com"), ("sec-fetch-site", "same-site")], false),
            (&[("origin", "https://notes.example.com"), ("sec-fetch-site", "none")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("sec-fetch-site", "")], false),
            (&[("sec-fetch-site", "Same-Origin")], false),
            (&[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-origin")], false),
            (&[("sec-fetch-mode", "navigate")], false),
            (&[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")], false),
            (&[("sec-fetch-dest", "empty")], false),
            (&[("sec-fetch-user", "?1")], false),
            (&[("origin", "null")], false),
            (&[("origin", "null"), ("sec-fetch-site", "same-origin")], true),
            (&[("origin", "null"), ("sec-fetch-site", "same-site")], false),
            (&[("origin", "null"), ("sec-fetch-site", "cross-site")], false),
            (&[("origin", "null"), ("sec-fetch-site", "none")], false),
            (&[("origin", "null"), ("origin", "null"), ("sec-fetch-site", "same-origin")], false),
            (&[("origin", "NULL"), ("sec-fetch-site", "same-origin")], false),
            (&[("origin", "file://"), ("sec-fetch-site", "same-origin")], false),
            (&[("origin", "")], false),
            (&[("origin", "https://evil.example")], false),
            (&[("origin", "http://notes.example.com")], false),
            (&[("origin", "https://notes.example.com:8443")], false),
            (&[("origin", "https://notes.example.com:443")], false),
            (&[("origin", "https://NOTES.example.com")], false),
            (&[("origin", "https://notes.example.com.")], false),
            (&[("origin", "https://notes.example.com/")], false),
            (&[("origin", "https://notes.example.com.evil.example")], false),
            (&[("origin", "https://evil-notes.example.com")], false),
            (&[("origin", "https://notes.example.com@evil.example")], false),
            (&[("origin", "https://user@notes.example.com")], false),
            (&[("origin", "https://notes.example.com"), ("origin", "https://evil.example")], false),
        ];
        for (lines, expected) in cases {
            assert_eq!(allows(&settings, &headers(lines)), expected, "{lines:?}");
        }
    }

    /// What real clients write, and where it was seen.
    #[test]
    fn real_clients_are_told_apart() {
        let settings = settings(
            "https://notes.example.com",
            &[
                "capacitor://localhost",
                "ionic://localhost",
                "tauri://localhost",
                "http://tauri.localhost",
                "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
                "moz-extension://6b9ac1e2-7a2a-4b0c-9c1f-1f0d9a4d7f55",
                "vscode-webview://0k3v7u2q8h",
            ],
        );
        type Lines = &'static [(&'static str, &'static str)];
        #[rustfmt::skip]
        let cases: [(&str, Lines, bool); 18] = [
            ("curl, HTTPie, Python requests, Go", &[("user-agent", "curl/8.5.0")], true),
            ("Node's fetch, such as a server that renders pages (Node 20.20)",
                &[("user-agent", "node"), ("accept-language", "*"), ("sec-fetch-mode", "cors")], true),
            ("Chromium, a form of a page without a referrer (rails/rails#28299)",
                &[("origin", "null"), ("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "navigate")], true),
            ("Chromium, a form in a sandboxed frame", &[("origin", "null"), ("sec-fetch-site", "cross-site")], false),
            ("Safari before 16.4, which has no Fetch Metadata", &[("origin", "https://notes.example.com")], true),
            ("Android's web view with a page from a file (lichess-org/lila#2247)", &[("origin", "file://")], false),
            ("Capacitor on iOS (c15t/c15t#1012)",
                &[("origin", "capacitor://localhost"), ("sec-fetch-site", "cross-site")], true),
            ("its look-alike", &[("origin", "capacitor://evil.example")], false),
            ("the same with a port", &[("origin", "capacitor://localhost:80")], false),
            ("Ionic's web view on iOS", &[("origin", "ionic://localhost")], true),
            ("Tauri on macOS and Linux (pydantic/logfire-js#89)", &[("origin", "tauri://localhost")], true),
            ("Tauri on Windows and Android (Nosdesk/Nosdesk#48)", &[("origin", "http://tauri.localhost")], true),
            ("Tauri with https, which is not listed", &[("origin", "https://tauri.localhost")], false),
            ("an extension of Chromium (n4ze3m/page-assist#898)",
                &[("origin", "chrome-extension://abcdefghijklmnopabcdefghijklmnop"), ("sec-fetch-site", "none")], true),
            ("another extension", &[("origin", "chrome-extension://ponmlkjihgfedcbaponmlkjihgfedcba")], false),
            ("an extension of Firefox",
                &[("origin", "moz-extension://6b9ac1e2-7a2a-4b0c-9c1f-1f0d9a4d7f55"), ("sec-fetch-site", "same-origin")],
                true),
            ("a web view of an editor", &[("origin", "vscode-webview://0k3v7u2q8h")], true),
            ("a proxy that merges two origins", &[("origin", "https://notes.example.com, https://evil.example")], false),
        ];
        for (who, lines, expected) in cases {
            assert_eq!(allows(&settings, &headers(lines)), expected, "{who}");
        }
    }

    /// A handshake is a `GET` with which everything that follows is said.
    #[test]
    fn what_asks_for_another_protocol_acts() {
        let settings = settings("https://notes.example.com", &["https://app.example.com"]);
        let handshakes: [&[(&str, &str)]; 4] = [
            &[("connection", "Upgrade"), ("upgrade", "websocket")],
            &[("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket"), ("sec-fetch-mode", "websocket")],
            &[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")],
            &[("sec-fetch-mode", "websocket")],
        ];
        for handshake in handshakes {
            for (lines, expected) in [
                (&[("origin", "https://notes.example.com")][..], true),
                (&[("origin", "https://notes.example.com"), ("sec-fetch-site", "cross-site")], true),
                (&[("origin", "https://app.example.com"), ("sec-fetch-site", "same-site")], true),
                (&[("origin", "https://user-content.example.com"), ("sec-fetch-site", "same-site")], false),
                (&[("origin", "https://evil.example")], false),
                (&[("origin", "null"), ("sec-fetch-site", "cross-site")], false),
            ] {
                let all = headers(&[handshake, lines].concat());
                assert!(acts(&Method::GET, &all), "{all:?}");
                assert_eq!(allows(&settings, &all), expected, "{all:?}");
            }
        }
        for (method, lines, expected) in [
            (Method::GET, &[("upgrade-insecure-requests", "1"), ("sec-fetch-mode", "navigate")][..], false),
            (Method::HEAD, &[], false),
            (Method::CONNECT, &[], true),
            (Method::POST, &[], true),
        ] {
            assert_eq!(acts(&method, &headers(lines)), expected, "{method}");
        }
    }
}
