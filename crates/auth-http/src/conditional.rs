//! Documents that are the same for everybody, such as the public keys and the OpenAPI document, and what requests say of
//! the version that the client has.

use std::hash::{DefaultHasher, Hash, Hasher};

use auth_core::signing_key::KEY_SET_MAX_AGE;
use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_MATCH,
    VARY,
};
use http::{Response, StatusCode};

use crate::headers::{CROSS_ORIGIN_RESOURCE_POLICY, secure};

/// A JSON document that pages of any site may read and any cache may keep for five minutes: the rotation of signing keys relies
/// on that. A client that has it already is told that it has not changed (RFC 9110, section 13.1.2). Nothing in it may depend
/// on who asks.
#[derive(Clone, Debug)]
pub struct PublicDocument {
    body: Bytes,
    tag: HeaderValue,
}

impl PublicDocument {
    /// A document, as JSON text.
    #[must_use]
    pub fn new(json: impl Into<Bytes>) -> Self {
        let body = json.into();
        // It tells versions of one document apart; nobody gains by two with the same tag. Of another release of the
        // compiler it may be another one, which costs a download.
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        let tag = format!("\"{:016x}\"", hasher.finish());
        // Hexadecimal digits are fine in a header.
        Self { body, tag: HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\"")) }
    }

    /// The answer to `GET` and `HEAD`: 200, or 304 without a body for a client that has it. `known` are the values of
    /// the request's `If-None-Match`.
    #[must_use]
    pub fn answer<'h>(&self, known: impl IntoIterator<Item = &'h [u8]>) -> Response<Bytes> {
        let mut response = Response::default();
        let headers = response.headers_mut();
        secure(headers);
        publish(headers);
        headers.insert(ETAG, self.tag.clone());
        if known.into_iter().any(|value| names(value, self.tag.as_bytes())) {
            // Of the document, not of this answer (RFC 9110, section 8.6): frameworks would add that of the empty body.
            headers.insert(CONTENT_LENGTH, self.body.len().into());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *response.body_mut() = self.body.clone();
        }
        response
    }
}

/// Makes of the headers of an answer those of a public document.
fn publish(headers: &mut HeaderMap) {
    let max_age = KEY_SET_MAX_AGE.as_secs();
    if let Ok(value) = HeaderValue::try_from(format!("public, max-age={max_age}")) {
        headers.insert(CACHE_CONTROL, value);
    }
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    // Who sends it may compress it.
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
}

/// Whether any cache may keep an answer: it must not change what one browser has.
pub(crate) fn is_public(headers: &HeaderMap) -> bool {
    headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN)
}

/// Whether a value of `If-None-Match` names a tag: `*`, or a list of tags, which caches may have marked as weak. The tag
/// has no comma, so that no other tag can contain it.
fn names(value: &[u8], tag: &[u8]) -> bool {
    let mut known = value.split(|c| *c == b',').map(<[u8]>::trim_ascii);
    value.trim_ascii() == b"*" || known.any(|known| known.strip_prefix(b"W/").unwrap_or(known) == tag)
}

/// Whether a request shall change something only if it is as the client saw it: tags in `If-Match` (RFC 9110, section
/// 13.1.1). Nothing that can be changed has a tag, so that none of them can match.
pub(crate) fn forbids_change(headers: &HeaderMap) -> bool {
    headers.get_all(IF_MATCH).iter().any(|value| value.as_bytes().trim_ascii() != b"*")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::headers;

    fn answer(document: &PublicDocument, known: &[&str]) -> Response<Bytes> {
        document.answer(known.iter().map(|value| value.as_bytes()))
    }

    #[test]
    fn who_has_it_is_not_sent_it_again() {
        let document = PublicDocument::new("{}");
        let first = answer(&document, &[]);
        assert_eq!((first.status(), first.body().as_ref()), (StatusCode::OK, &b"{}"[..]));
        let tag = first.headers()[ETAG].to_str().unwrap();
        assert_eq!(tag.len(), 18, "{tag}");
        for known in
            [vec![tag], vec![&format!("W/{tag}")], vec!["*"], vec![&format!("\"a,b\" ,\t{tag},")], vec!["\"a\"", tag]]
        {
            let again = answer(&document, &known);
            assert_eq!((again.status(), again.body().len()), (StatusCode::NOT_MODIFIED, 0), "{known:?}");
            for name in [ETAG, CACHE_CONTROL, ACCESS_CONTROL_ALLOW_ORIGIN] {
                assert_eq!(again.headers().get(&name), first.headers().get(&name), "{name}");
            }
            assert!(!again.headers().contains_key(CONTENT_TYPE));
        }
        let bare = tag.trim_matches('"');
        let gzip = format!("\"{bare}-gzip\"");
        for known in [bare, &gzip, "", "\"\"", "W/", "\"*\"", ",", &tag[..10]] {
            assert_eq!(answer(&document, &[known]).status(), StatusCode::OK, "{known}");
        }
    }

    #[test]
    fn another_document_has_another_tag() {
        let tag = |text: &'static str| answer(&PublicDocument::new(text), &[]).headers()[ETAG].clone();
        assert_eq!(tag("{}"), tag("{}"));
        assert_ne!(tag("{}"), tag("[]"));
    }

    #[test]
    fn nothing_that_changes_matches_a_tag() {
        for (lines, forbids) in [
            (&[][..], false),
            (&[("if-match", "*")], false),
            (&[("if-match", " * ")], false),
            (&[("if-match", "\"a\"")], true),
            (&[("if-match", "W/\"a\", \"*\"")], true),
            (&[("if-match", "*"), ("if-match", "\"a\"")], true),
            (&[("if-none-match", "\"a\"")], false),
        ] {
            assert_eq!(forbids_change(&headers(lines)), forbids, "{lines:?}");
        }
    }
}
