//! Where a browser may be sent: the one type for it, which only the allow-list can make.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::error::{Error, Result};
use crate::settings::Settings;

/// The longest target that is read, in bytes.
const MAX_BYTES: usize = 2048;

/// A place that a flow may lead to when it is over: within the app, or at an origin that the app lists (OWASP ASVS
/// 3.7.2, CWE-601).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedirectTarget(Url);

impl RedirectTarget {
    /// Takes a path of the front end, such as `/notes?page=2`, or an absolute URL of an allowed origin.
    ///
    /// # Errors
    /// Fails with [`Error::Invalid`] for the field `redirect_to`.
    pub fn parse(settings: &Settings, text: &str) -> Result<Self> {
        Self::allowed(settings, text).ok_or_else(|| Error::Invalid {
            field: "redirect_to",
            kind: "redirect_not_allowed",
            message: "give a path that begins with one slash, or a URL of an origin that the app allows".to_owned(),
        })
    }

    /// The whole URL.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    fn allowed(settings: &Settings, text: &str) -> Option<Self> {
        // Browsers read a backslash as a slash, drop tabs and line ends, and trim what is around.
        let odd = |c: char| c == '\\' || c.is_whitespace() || c.is_control();
        if text.len() > MAX_BYTES || text.contains(odd) {
            return None;
        }
        let path = text.starts_with('/') && !text.starts_with("//");
        // Without the slashes, browsers read a URL of the page's own scheme as a path (WHATWG URL, "scheme state").
        let whole = text.split_once(':').is_some_and(|(_, rest)| rest.starts_with("//"));
        let url = match (path, whole) {
            (true, _) => settings.frontend_url.join(text).ok()?,
            (false, true) => Url::parse(text).ok()?,
            (false, false) => return None,
        };
        let is_web = matches!(url.scheme(), "https" | "http");
        let bare = url.username().is_empty() && url.password().is_none();
        let origin = url.origin();
        let listed = origin == settings.frontend_url.origin()
            || origin == settings.public_url.origin()
            || settings.allowed_origins.contains(&origin.ascii_serialization());
        (is_web && bare && listed).then_some(Self(url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configs::Configs;

    #[test]
    fn only_listed_places_of_the_web_are_led_to() {
        let settings = Settings {
            public_url: Url::parse("https://notes.example.com").unwrap(),
            allowed_origins: vec!["https://app.example.com".to_owned(), "capacitor://localhost".to_owned()],
            frontend_url: Url::parse("https://front.example.com/base/").unwrap(),
            trusted_proxies: Vec::new(),
            trusts_unix_socket: false,
            service_name: "notes".to_owned(),
            configs: Configs::default(),
        };
        let longest = format!("https://app.example.com/{}", "x".repeat(MAX_BYTES - 24));
        for (text, url) in [
            ("", None),
            (longest.as_str(), Some(longest.as_str())),
            (format!("{longest}x").as_str(), None),
            ("/notes", Some("https://front.example.com/notes")),
            ("https://notes.example.com/x?y#z", Some("https://notes.example.com/x?y#z")),
            ("https://app.example.com", Some("https://app.example.com/")),
            ("https://user@app.example.com/", None),
            ("https://:secret@app.example.com/", None),
            ("http://app.example.com/", None),
            ("ftp://app.example.com/", None),
            ("capacitor://localhost/", None),
            ("https://evil.example/", None),
            ("//app.example.com", None),
            ("https:app.example.com/x", None),
            ("https:/app.example.com/x?u=https://app.example.com/", None),
            ("https:notes.example.com", None),
            ("https://app.example.com/a b", None),
        ] {
            let target = RedirectTarget::parse(&settings, text).ok();
            assert_eq!(target.as_ref().map(|target| target.url().as_str()), url, "{text}");
        }
    }
}
