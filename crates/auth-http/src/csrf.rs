//! Telling a browser's own request from one that another site made it send.
//!
//! The decision rests on what only the browser can write: `Origin` and Fetch Metadata (OWASP, Cross-Site Request
//! Forgery Prevention). Forms need no token that could be forgotten.

use auth_core::Settings;
use http::Method;
use http::header::{HeaderMap, HeaderValue, ORIGIN};
use url::{Origin, Url};

/// Headers that only browsers send.
const BROWSER_MARKS: [&str; 4] = ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest", "sec-fetch-user"];

/// Whether a method changes nothing (RFC 9110, section 9.2.1).
pub(crate) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

/// Whether the headers of an unsafe request say that it comes from the app itself, from an origin that is allowed, or
/// from something that is not a browser.
pub(crate) fn allows(settings: &Settings, headers: &HeaderMap) -> bool {
    let site = match one(headers, "sec-fetch-site") {
        Ok(site) => site,
        Err(Several) => return false,
    };
    let own_site = site.is_none_or(|site| site == "same-origin");
    match one(headers, ORIGIN.as_str()) {
        Err(Several) => false,
        // What a browser calls the same origin is the app's own only where the app's address says so too.
        Ok(Some(origin)) => match parse(origin) {
            Some(origin) if origin == settings.public_url.origin() => own_site,
            Some(origin) => settings.allowed_origins.contains(&origin),
            None => false,
        },
        Ok(None) if site.is_some() => own_site,
        Ok(None) => !BROWSER_MARKS.iter().any(|mark| headers.contains_key(*mark)),
    }
}

/// More than one value where there must be one.
struct Several;

fn one<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h HeaderValue>, Several> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() { Err(Several) } else { Ok(first) }
}

/// An `Origin` header in the one spelling that browsers use: what differs from it was not written by one.
fn parse(value: &HeaderValue) -> Option<Origin> {
    let text = value.to_str().ok()?;
    let origin = Url::parse(text).ok()?.origin();
    (origin.is_tuple() && origin.ascii_serialization() == text).then_some(origin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{headers, settings};

    /// What the app itself, an allowed origin and everybody else may send.
    #[test]
    fn decides_by_what_only_browsers_write() {
        let settings = settings("https://notes.example.com", &["https://app.example.com"]);
        let cases: [(&[(&str, &str)], bool); 33] = [
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
            (&[("sec-fetch-mode", "cors")], false),
            (&[("sec-fetch-dest", "empty")], false),
            (&[("sec-fetch-user", "?1")], false),
            (&[("origin", "null")], false),
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
}
