//! Telling a browser's own request from one that another site made it send.
//!
//! The decision rests on what only the browser can write: `Origin` and Fetch Metadata (OWASP, Cross-Site Request
//! Forgery Prevention). Forms need no token that could be forgotten.

use auth_core::{ErrorCode, Settings};
use http::Method;
use http::header::{HeaderMap, HeaderName, HeaderValue, ORIGIN, SEC_WEBSOCKET_KEY, UPGRADE};

use crate::problem::Problem;

/// Headers that browsers alone send, beside `Origin` and `Sec-Fetch-Site`.
static BROWSER_MARKS: [HeaderName; 2] =
    [HeaderName::from_static("sec-fetch-dest"), HeaderName::from_static("sec-fetch-user")];

// Names that are made once need not be parsed for each request.
static SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
pub(crate) static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

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
        || headers.get_all(&SEC_FETCH_MODE).iter().any(|mode| mode == "websocket")
}

/// Whether the headers of a request that acts say that it comes from the app itself, from an origin that is allowed, or
/// from something that is not a browser.
pub(crate) fn allows(settings: &Settings, headers: &HeaderMap) -> bool {
    let (Ok(site), Ok(origin)) = (one(headers, &SEC_FETCH_SITE), one(headers, &ORIGIN)) else { return false };
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
    BROWSER_MARKS.iter().any(|mark| headers.contains_key(mark))
        || headers.get_all(&SEC_FETCH_MODE).iter().any(|mode| mode != "cors")
}

/// More than one value where there must be one.
struct Several;

fn one<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h HeaderValue>, Several> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() { Err(Several) } else { Ok(first) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{headers, settings};

    type Lines = &'static [(&'static str, &'static str)];

    /// What the app itself, an allowed origin and everybody else may send, and where it was seen. "Hygiene" and "attack" are
    /// what no client sends.
    #[test]
    fn decides_by_what_only_browsers_write() {
        let settings = settings("https://notes.example.com", &["https://app.example.com"]);
        #[rustfmt::skip]
        let cases: [(&str, Lines, bool); 44] = [
            ("curl", &[], true),
            ("MDN Sec-Fetch-Site: Safari before 16.4", &[("origin", "https://notes.example.com")], true),
            ("Fetch Metadata, section 2.2",
                &[("origin", "https://notes.example.com"), ("sec-fetch-site", "same-origin")], true),
            ("lukacf/meerkat#113: a proxy that removes Origin", &[("sec-fetch-site", "same-origin")], true),
            ("the same", &[("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")],
                true),
            ("MDN Sec-Fetch-Site: Safari before 16.4", &[("origin", "https://app.example.com")], true),
            ("axios/axios#6071", &[("origin", "https://app.example.com"), ("sec-fetch-site", "same-site")], true),
            ("c15t/c15t#1012", &[("origin", "https://app.example.com"), ("sec-fetch-site", "cross-site")], true),
            ("attack", &[("origin", "https://notes.example.com"), ("sec-fetch-site", "cross-site")], false),
            ("attack: http for https", &[("origin", "https://notes.example.com"), ("sec-fetch-site", "same-site")], false),
            ("hygiene", &[("origin", "https://notes.example.com"), ("sec-fetch-site", "none")], false),
            ("kubetail-org/kubetail#1158", &[("sec-fetch-site", "same-site")], false),
            ("sveltejs/kit#14889: a payment provider sends the browser back",
                &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")], false),
            ("scalar/scalar#3993: a proxy that removes Origin", &[("sec-fetch-site", "cross-site")], false),
            ("rails/rails#56350", &[("sec-fetch-site", "none")], false),
            ("hygiene", &[("sec-fetch-site", "")], false),
            ("hygiene", &[("sec-fetch-site", "Same-Origin")], false),
            ("hygiene", &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-origin")], false),
            ("hygiene", &[("sec-fetch-mode", "navigate")], false),
            ("hygiene", &[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")], false),
            ("hygiene", &[("sec-fetch-dest", "empty")], false),
            ("hygiene", &[("sec-fetch-user", "?1")], false),
            ("electron/electron#7931: a page from a file", &[("origin", "null")], false),
            ("pleaseai/shunt#471", &[("origin", "null"), ("sec-fetch-site", "same-origin")], true),
            ("attack: a frame of another subdomain", &[("origin", "null"), ("sec-fetch-site", "same-site")], false),
            ("attack: a sandboxed frame", &[("origin", "null"), ("sec-fetch-site", "cross-site")], false),
            ("misskey-dev/misskey#16323: a share target", &[("origin", "null"), ("sec-fetch-site", "none")], false),
            ("hygiene", &[("origin", "null"), ("origin", "null"), ("sec-fetch-site", "same-origin")], false),
            ("hygiene", &[("origin", "NULL"), ("sec-fetch-site", "same-origin")], false),
            ("ionic-team/ionic-framework#12607", &[("origin", "file://")], false),
            ("attack: what files share", &[("origin", "file://"), ("sec-fetch-site", "same-origin")], false),
            ("hygiene", &[("origin", "")], false),
            ("attack", &[("origin", "https://evil.example")], false),
            ("attack", &[("origin", "http://notes.example.com")], false),
            ("attack", &[("origin", "https://notes.example.com:8443")], false),
            ("react/react-native#7920", &[("origin", "https://notes.example.com:443")], false),
            ("hygiene", &[("origin", "https://NOTES.example.com")], false),
            ("hygiene", &[("origin", "https://notes.example.com.")], false),
            ("react/react-native#16304", &[("origin", "https://notes.example.com/")], false),
            ("attack", &[("origin", "https://notes.example.com.evil.example")], false),
            ("attack", &[("origin", "https://evil-notes.example.com")], false),
            ("attack", &[("origin", "https://notes.example.com@evil.example")], false),
            ("attack", &[("origin", "https://user@notes.example.com")], false),
            ("attack", &[("origin", "https://notes.example.com"), ("origin", "https://evil.example")], false),
        ];
        for (seen, lines, expected) in cases {
            assert_eq!(allows(&settings, &headers(lines)), expected, "{seen}: {lines:?}");
        }
    }

    /// What real clients write, and where it was seen; also those that are refused by design.
    #[test]
    fn real_clients_are_told_apart() {
        let settings = settings(
            "https://notes.example.com",
            &[
                "capacitor://localhost",
                "https://localhost",
                "ionic://localhost",
                "http://localhost",
                "app://.",
                "app://obsidian.md",
                "wails://wails",
                "tauri://localhost",
                "http://tauri.localhost",
                "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
                "moz-extension://6b9ac1e2-7a2a-4b0c-9c1f-1f0d9a4d7f55",
                "vscode-webview://0k3v7u2q8h",
            ],
        );
        #[rustfmt::skip]
        let cases: [(&str, &str, Lines, bool); 35] = [
            ("curl, HTTPie, Python requests, Go, n8n", "andrii-kryvoviaz/slink#72", &[("user-agent", "curl/8.5.0")], true),
            ("React Native and Expo", "better-auth/better-auth#9490", &[("user-agent", "okhttp/4.12.0")], true),
            ("Node's fetch, such as a server that renders pages", "Node 20.20",
                &[("user-agent", "node"), ("accept-language", "*"), ("sec-fetch-mode", "cors")], true),
            ("Electron's net.fetch, in the main process", "electron/electron spec/api-net-spec.ts",
                &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "empty")], false),
            ("Electron 2, a page of a custom scheme", "electron/electron#14746", &[("origin", "null")], false),
            ("Electron, a page from a file", "electron/electron#3976", &[("origin", "file://")], false),
            ("Electron, a page of a scheme of its own", "electron/electron#7054",
                &[("origin", "app://."), ("sec-fetch-site", "cross-site")], true),
            ("an Obsidian plug-in", "ollama/ollama#4385", &[("origin", "app://obsidian.md")], true),
            ("Wails on macOS and Linux", "wailsapp/wails#1642", &[("origin", "wails://wails")], true),
            ("Chromium, a form of a page without a referrer", "rails/rails#28299",
                &[("origin", "null"), ("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "navigate")], true),
            ("the same on plain http, where browsers write no Fetch Metadata", "qbittorrent/qBittorrent#21106, rails/rails#56580",
                &[("origin", "null")], false),
            ("Chromium, a form in a sandboxed frame", "HTML, section 7.1.1",
                &[("origin", "null"), ("sec-fetch-site", "cross-site")], false),
            ("Safari before 16.4, which has no Fetch Metadata", "MDN Sec-Fetch-Site",
                &[("origin", "https://notes.example.com")], true),
            ("a page under another name than `public_url`", "LanternOps/breeze#4475",
                &[("origin", "https://localhost:8443"), ("sec-fetch-site", "same-origin")], false),
            ("a proxy that rewrites Host", "gorilla/csrf#187",
                &[("host", "127.0.0.1:3000"), ("origin", "https://notes.example.com"), ("sec-fetch-site", "same-origin")],
                true),
            ("a proxy that ends TLS", "migadu/alps#5",
                &[("x-forwarded-proto", "http"), ("origin", "https://notes.example.com")], true),
            ("Android's share sheet, a share target", "misskey-dev/misskey#16323",
                &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")], false),
            ("Android's web view with a page from a file", "lichess-org/lila#2247", &[("origin", "file://")], false),
            ("Capacitor on iOS", "c15t/c15t#1012",
                &[("origin", "capacitor://localhost"), ("sec-fetch-site", "cross-site")], true),
            ("a look-alike of it", "attack", &[("origin", "capacitor://evil.example")], false),
            ("the same with a port", "attack", &[("origin", "capacitor://localhost:80")], false),
            ("Capacitor 6 on Android", "ionic-team/ionic-docs#4546",
                &[("origin", "https://localhost"), ("sec-fetch-site", "cross-site")], true),
            ("Capacitor on Android with a scheme of its own", "ionic-team/capacitor#2669",
                &[("origin", "capacitor://")], false),
            ("Ionic's web view on iOS", "ionic-team/cordova-plugin-ionic-webview#255",
                &[("origin", "ionic://localhost")], true),
            ("Ionic's web view on Android", "ionic-team/ionic-framework#22470", &[("origin", "http://localhost")], true),
            ("Tauri on macOS and Linux", "pydantic/logfire-js#89", &[("origin", "tauri://localhost")], true),
            ("Tauri on Windows and Android", "Nosdesk/Nosdesk#48", &[("origin", "http://tauri.localhost")], true),
            ("an origin that differs from it in the scheme", "attack", &[("origin", "https://tauri.localhost")], false),
            ("an extension of Chromium", "n4ze3m/page-assist#898",
                &[("origin", "chrome-extension://abcdefghijklmnopabcdefghijklmnop"), ("sec-fetch-site", "none")], true),
            ("another extension", "gristlabs/grist-core#16",
                &[("origin", "chrome-extension://ponmlkjihgfedcbaponmlkjihgfedcba")], false),
            ("an extension of Firefox in the one installation that is listed", "hygiene",
                &[("origin", "moz-extension://6b9ac1e2-7a2a-4b0c-9c1f-1f0d9a4d7f55")], true),
            ("the extension in any other installation", "dust-tt/dust#23439",
                &[("origin", "moz-extension://0d5e3c1b-94a7-4f5e-8b7c-2a1f6c3d9e80")], false),
            ("an extension of Safari", "asciimoo/hister#635",
                &[("origin", "safari-web-extension://5D1B3F0A-7C2E-4E0B-9A52-6F1D2C3B4A59")], false),
            ("a web view of an editor, if it is listed", "hygiene", &[("origin", "vscode-webview://0k3v7u2q8h")], true),
            ("a list of two origins", "attack", &[("origin", "https://notes.example.com, https://evil.example")], false),
        ];
        for (who, seen, lines, expected) in cases {
            assert_eq!(allows(&settings, &headers(lines)), expected, "{who} ({seen})");
        }
    }

    #[test]
    fn the_log_shows_nothing_that_is_not_an_origin() {
        let longest = format!("https://{}.example", "x".repeat(128 - 16));
        for text in
            ["https://app.example.com:8443", "http://[2001:db8::1]", "chrome-extension://abcdef", "null", &longest]
        {
            assert_eq!(shown(&HeaderValue::from_str(text).unwrap()), text);
        }
        let too_long = format!("{longest}x");
        for text in ["", "nul", "app.example.com", "https://app.example.com own=x", "https://\u{e4}.example", &too_long]
        {
            assert_eq!(shown(&HeaderValue::from_str(text).unwrap()), "(not an origin)", "{text}");
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
            #[rustfmt::skip]
            let cases: [(&str, Lines, bool); 11] = [
                ("MDN WebSocket", &[("origin", "https://notes.example.com")], true),
                ("hygiene: browsers differ in the site of `wss`",
                    &[("origin", "https://notes.example.com"), ("sec-fetch-site", "cross-site")], true),
                ("axios/axios#6071", &[("origin", "https://app.example.com"), ("sec-fetch-site", "same-site")], true),
                ("amir20/dozzle#4671",
                    &[("origin", "https://user-content.example.com"), ("sec-fetch-site", "same-site")], false),
                ("kemalcr/kemal#766", &[("origin", "https://evil.example")], false),
                ("attack: a sandboxed frame", &[("origin", "null"), ("sec-fetch-site", "cross-site")], false),
                ("electron/electron#3976: a page from a file", &[("origin", "file://")], false),
                ("websocket-client/websocket-client#787: `http` for `wss`", &[("origin", "http://notes.example.com")], false),
                ("react/react-native#16304", &[("origin", "https://notes.example.com/")], false),
                ("react/react-native#7920", &[("origin", "https://notes.example.com:443")], false),
                ("letta-ai/letta-code#3511: a native client without an origin", &[("user-agent", "okhttp/4.12.0")],
                    handshake.iter().all(|(name, _)| *name != "sec-fetch-mode")),
            ];
            for (seen, lines, expected) in cases {
                let all = headers(&[handshake, lines].concat());
                assert!(acts(&Method::GET, &all), "{seen}: {all:?}");
                assert_eq!(allows(&settings, &all), expected, "{seen}: {all:?}");
            }
        }
        // HTTP/2 without TLS is another protocol too, and says by nothing that a browser asks.
        let h2c =
            headers(&[("connection", "Upgrade, HTTP2-Settings"), ("upgrade", "h2c"), ("http2-settings", "AAMAAABk")]);
        assert!(acts(&Method::GET, &h2c) && allows(&settings, &h2c), "Java's HttpClient: jetty/jetty.project#9998");
        for (seen, method, lines, expected) in [
            (
                "MDN Upgrade-Insecure-Requests",
                Method::GET,
                &[("upgrade-insecure-requests", "1"), ("sec-fetch-mode", "navigate")][..],
                false,
            ),
            (
                "kahme247/ompweb#6: Android's home screen",
                Method::GET,
                &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")],
                false,
            ),
            ("RFC 9110, section 9.2.1", Method::HEAD, &[], false),
            ("RFC 8441", Method::CONNECT, &[], true),
            ("RFC 9110, section 9.2.1", Method::POST, &[], true),
        ] {
            assert_eq!(acts(&method, &headers(lines)), expected, "{seen}: {method}");
        }
    }
}
