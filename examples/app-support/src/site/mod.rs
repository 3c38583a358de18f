//! The app's pages, and what they need: as answers that any framework can send.

mod files;
mod mail;

use auth_core::{ErrorCode, User};
use auth_http::{Problem, PublicDocument, Table, openapi};
use bytes::Bytes;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Response, StatusCode};

use self::files::FILES;
pub(crate) use self::mail::{Behind, CONFIRM_LOGIN, MAGIC_LINK};
use self::mail::{MAIL_PAGES, mail_page};
use crate::Note;

/// Everything on the page is the app's own, and nothing is written into it.
const PAGE_CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Keeps windows of other sites from holding on to a page (HTML, cross-origin opener policies).
const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// The description of the API, which the viewer shows.
const OPENAPI: &str = "/docs/openapi.json";

/// The paths at which a browser finds more than the notes: scripts, the viewer of the API, and the pages that links in
/// mails lead to.
pub fn pages() -> impl Iterator<Item = &'static str> {
    FILES.into_iter().chain(MAIL_PAGES).chain([OPENAPI])
}

/// What the app shows in a browser.
#[derive(Clone)]
pub struct Site {
    openapi: PublicDocument,
}

impl Site {
    pub(crate) fn new(table: &Table) -> Self {
        Self { openapi: PublicDocument::new(openapi::document(table).to_string()) }
    }

    /// One of the [`pages`]: with what is behind a link to log in by, and which versions the client has of it.
    pub(crate) fn page<'h>(
        &self,
        path: &str,
        behind: Option<&Behind>,
        known: impl IntoIterator<Item = &'h [u8]>,
    ) -> Option<Response<Bytes>> {
        if path == OPENAPI {
            return Some(self.openapi.answer(known));
        }
        files::file(path).or_else(|| mail_page(path, behind))
    }

    /// `GET /` for a user: the notes.
    #[must_use]
    pub fn home(&self, user: &User, notes: &[Note]) -> Response<Bytes> {
        let name = [&user.display_name, &user.username, &user.email].into_iter().flatten().next();
        let items: String = notes
            .iter()
            .map(|Note { id, text, .. }| {
                format!("<li><span>{}</span> <button data-delete=\"/notes/{id}\">Delete</button></li>", escape(text))
            })
            .collect();
        let html = include_str!("home.html")
            .replace("{name}", &escape(name.map_or("you", String::as_str)))
            .replace("{notes}", &items);
        page(StatusCode::OK, PAGE_CSP, html.into())
    }

    /// `GET /` for anybody else: the refusal, and where a person can do something about it, a form for those whose
    /// `Accept` says that they are browsers.
    #[must_use]
    pub fn refused<'h>(&self, problem: Problem, accept: impl IntoIterator<Item = &'h [u8]>) -> Response<Bytes> {
        let html = match problem.code() {
            ErrorCode::Unauthorized => include_str!("login.html"),
            ErrorCode::PasswordChangeRequired => include_str!("change_password.html"),
            _ => return problem.into_response(),
        };
        let mut accepted = accept.into_iter().filter_map(|value| std::str::from_utf8(value).ok());
        if accepted.any(|types| types.contains("text/html")) {
            page(problem.status(), PAGE_CSP, html.into())
        } else {
            problem.into_response()
        }
    }

    /// Any other path.
    #[must_use]
    pub fn not_found(&self) -> Response<Bytes> {
        Problem::new(ErrorCode::NotFound).into_response()
    }
}

fn page(status: StatusCode, policy: &'static str, html: Bytes) -> Response<Bytes> {
    let mut response = answer(status, "text/html; charset=utf-8", html);
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

fn answer(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Braces mark the places of the template.
            '{' => escaped.push_str("&#123;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(escape("<b a=\"x\" b='y'>&{notes}"), "&lt;b a=&quot;x&quot; b=&#39;y&#39;&gt;&amp;&#123;notes}");
        assert_eq!(escape("héllo"), "héllo");
    }
}
