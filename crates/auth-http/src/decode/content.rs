//! What a body is, by its headers: as browsers, command lines, HTTP libraries and generated clients write them.

use auth_core::ErrorCode;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};

use crate::problem::Problem;

/// What a body is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content<'h> {
    /// The headers do not say.
    Unknown,
    /// JSON in UTF-8.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data`, with the header that holds its boundary.
    Multipart(&'h str),
    /// Any other type.
    Other,
}

impl<'h> Content<'h> {
    /// Reads the headers.
    ///
    /// # Errors
    /// Fails with `UNSUPPORTED_MEDIA_TYPE` for a body that is compressed, in another charset than UTF-8, or of several types.
    pub(super) fn of(headers: &'h HeaderMap) -> Result<Self, Problem> {
        let unsupported = || Problem::from(ErrorCode::UnsupportedMediaType);
        let is_plain = |coding: &str| coding.trim().eq_ignore_ascii_case("identity");
        if headers.get_all(CONTENT_ENCODING).iter().any(|coding| !coding.to_str().is_ok_and(is_plain)) {
            return Err(unsupported());
        }
        let mut types = headers.get_all(CONTENT_TYPE).iter();
        let Some(written) = types.next() else { return Ok(Self::Unknown) };
        if types.next().is_some() {
            // A proxy that checked the other one would have read another body.
            return Err(unsupported());
        }
        let written = written.to_str().map_err(|_| unsupported())?;
        let mut parts = written.split(';');
        let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let charset = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| is("charset", name));
        if charset.is_some_and(|(_, value)| !is_utf_8(value)) {
            return Err(unsupported());
        }
        Ok(match essence.as_str() {
            "application/json" => Self::Json,
            "application/x-www-form-urlencoded" => Self::Form,
            "multipart/form-data" => Self::Multipart(written),
            // Any type that is JSON underneath (RFC 6839, section 3.1).
            other if other.starts_with("application/") && other.ends_with("+json") => Self::Json,
            _ => Self::Other,
        })
    }
}

fn is(name: &str, written: &str) -> bool {
    written.trim().eq_ignore_ascii_case(name)
}

/// Whether a charset is UTF-8 or a part of it, as clients spell them.
fn is_utf_8(charset: &str) -> bool {
    let charset = charset.trim().trim_matches('"');
    ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|name| is(name, charset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::headers;

    /// What real clients write, and where it was seen.
    #[test]
    fn types_are_read_as_clients_write_them() {
        let multipart = "multipart/form-data; boundary=----formdata-undici-050310570035";
        let quoted = "multipart/form-data; boundary=\"Boundary+7A3B\"";
        for (who, written, expected) in [
            ("curl -d", "application/x-www-form-urlencoded", Some(Content::Form)),
            (
                "URLSearchParams in browsers and Node",
                "application/x-www-form-urlencoded;charset=UTF-8",
                Some(Content::Form),
            ),
            ("axios, Python requests, Node's fetch as people use it", "application/json", Some(Content::Json)),
            (".NET's StringContent", "application/json; charset=utf-8", Some(Content::Json)),
            ("expressjs/body-parser#474", "application/json; utf-8", Some(Content::Json)),
            ("expressjs/body-parser#50", "application/json; charset=UTF8", Some(Content::Json)),
            ("a quoted value (RFC 9110, section 5.6.6)", "application/json; charset=\"utf-8\"", Some(Content::Json)),
            ("clients of JSON:API", "application/vnd.api+json", Some(Content::Json)),
            ("a name from before RFC 4627", "text/json", Some(Content::Other)),
            ("letter case does not matter", "Application/JSON", Some(Content::Json)),
            ("FormData in Node 20", multipart, Some(Content::Multipart(multipart))),
            ("React Native on iOS: react/react-native#7564", quoted, Some(Content::Multipart(quoted))),
            ("fetch with a string and no type", "text/plain;charset=UTF-8", Some(Content::Other)),
            ("coreruleset/coreruleset#3527", "application/fhir+json; charset=iso8859-1", None),
            ("expressjs/body-parser#287", "application/json; charset=x-windows-949", None),
            ("a charset that is another one for its looks", "application/json; charset=utf-16", None),
        ] {
            assert_eq!(Content::of(&headers(&[("content-type", written)])).ok(), expected, "{who}");
        }
    }

    #[test]
    fn bodies_are_neither_compressed_nor_of_two_types() {
        let json = ("content-type", "application/json");
        assert_eq!(Content::of(&headers(&[])).ok(), Some(Content::Unknown));
        assert!(Content::of(&headers(&[json, ("content-type", "text/plain")])).is_err());
        assert!(Content::of(&headers(&[json, ("content-encoding", "identity")])).is_ok());
        for coding in ["gzip", "br", "identity, gzip", ""] {
            assert!(Content::of(&headers(&[json, ("content-encoding", coding)])).is_err(), "{coding}");
        }
    }
}
