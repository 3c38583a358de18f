//! What a body is, by its headers: as browsers, command lines, HTTP libraries and generated clients write them.

use auth_core::ErrorCode;
use encoding_rs::Encoding;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};

use super::params::has_only_charsets;
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
    /// Fails with `UNSUPPORTED_MEDIA_TYPE` for a body that is compressed, in a charset that it cannot be read in, or of several types.
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
        let essence = written.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let content = match essence.as_str() {
            "application/json" => Self::Json,
            "application/x-www-form-urlencoded" => Self::Form,
            "multipart/form-data" => Self::Multipart(written),
            // Any type that is JSON underneath (RFC 6839, section 3.1).
            other if other.starts_with("application/") && other.ends_with("+json") => Self::Json,
            _ => Self::Other,
        };
        let is_form = matches!(content, Self::Form | Self::Multipart(_));
        let is_readable = |charset: &[u8]| is_utf_8(charset) || is_form && is_ascii_compatible(charset);
        let fits = has_only_charsets(written.as_bytes(), is_readable).unwrap_or(false);
        if fits { Ok(content) } else { Err(unsupported()) }
    }
}

/// Whether a charset is UTF-8 or a part of it, as clients spell them.
fn is_utf_8(charset: &[u8]) -> bool {
    ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|name| charset.eq_ignore_ascii_case(name.as_bytes()))
}

/// Whether ASCII text has the same bytes in a charset. The charset of a form says nothing (WHATWG URL, section 5.1): many
/// libraries write the one that is their default. The text itself is read as UTF-8, and refused if it is not.
pub(super) fn is_ascii_compatible(charset: &[u8]) -> bool {
    is_utf_8(charset) || Encoding::for_label(charset).is_some_and(Encoding::is_ascii_compatible)
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
        let latin = "multipart/form-data; charset=ISO-8859-1; boundary=b";
        for (seen, written, expected) in [
            ("curl -d", "application/x-www-form-urlencoded", Some(Content::Form)),
            (
                "URLSearchParams in browsers and Node (WHATWG Fetch, section 5.2)",
                "application/x-www-form-urlencoded;charset=UTF-8",
                Some(Content::Form),
            ),
            ("axios, Python requests, Node's fetch as people use it", "application/json", Some(Content::Json)),
            (".NET's StringContent", "application/json; charset=utf-8", Some(Content::Json)),
            ("expressjs/body-parser#474", "application/json; utf-8", Some(Content::Json)),
            ("expressjs/body-parser#50", "application/json; charset=UTF8", Some(Content::Json)),
            ("RFC 9110, section 5.6.6: a quoted value", "application/json; charset=\"utf-8\"", Some(Content::Json)),
            ("JSON:API, section 5.2", "application/vnd.api+json", Some(Content::Json)),
            ("hygiene: a name from before RFC 4627", "text/json", Some(Content::Other)),
            ("hygiene: letter case does not matter", "Application/JSON", Some(Content::Json)),
            ("FormData in Node 20", multipart, Some(Content::Multipart(multipart))),
            ("React Native on iOS: react/react-native#7564", quoted, Some(Content::Multipart(quoted))),
            ("WHATWG Fetch, section 5.2: a string and no type", "text/plain;charset=UTF-8", Some(Content::Other)),
            ("coreruleset/coreruleset#3527", "application/fhir+json; charset=iso8859-1", None),
            ("expressjs/body-parser#287", "application/json; charset=x-windows-949", None),
            ("attack: ASCII that means another text", "application/json; charset=utf-16", None),
            ("attack: one for each reader", "application/json; charset=utf-8; charset=utf-16", None),
            (
                "Apache HttpClient 4: Crim/pardot-java-client#35",
                "application/x-www-form-urlencoded; charset=ISO-8859-1",
                Some(Content::Form),
            ),
            ("expressjs/body-parser#205", "application/x-www-form-urlencoded; charset=GBK", Some(Content::Form)),
            ("hygiene: the same kind", "application/x-www-form-urlencoded; charset=us-ascii", Some(Content::Form)),
            ("hygiene: the same kind", "application/x-www-form-urlencoded; charset=latin1", Some(Content::Form)),
            (
                "hygiene: the same kind",
                "application/x-www-form-urlencoded; charset=\"windows-1252\"",
                Some(Content::Form),
            ),
            ("hygiene: the same kind", latin, Some(Content::Multipart(latin))),
            ("attack: ASCII that means another text", "application/x-www-form-urlencoded; charset=utf-16", None),
            ("attack: ASCII that means another text", "application/x-www-form-urlencoded; charset=UTF-16LE", None),
            ("attack: ASCII that means another text", "application/x-www-form-urlencoded; charset=utf-7", None),
            ("attack: ASCII that means another text", "application/x-www-form-urlencoded; charset=iso-2022-jp", None),
            ("hygiene: no charset", "application/x-www-form-urlencoded; charset=x-unknown", None),
            ("hygiene: a quotation without an end", "application/x-www-form-urlencoded; charset=\"utf-8", None),
        ] {
            assert_eq!(Content::of(&headers(&[("content-type", written)])).ok(), expected, "{seen}: {written}");
        }
    }

    #[test]
    fn bodies_are_neither_compressed_nor_of_two_types() {
        let json = ("content-type", "application/json");
        assert_eq!(Content::of(&headers(&[])).ok(), Some(Content::Unknown));
        assert!(Content::of(&headers(&[json, ("content-type", "text/plain")])).is_err());
        assert!(Content::of(&headers(&[json, ("content-encoding", "identity")])).is_ok());
        for (seen, coding) in [
            ("expressjs/body-parser#108", "gzip"),
            ("expressjs/body-parser#108", "gzip, deflate"),
            ("expressjs/body-parser#253: a charset by mistake", "UTF-8"),
            ("hygiene", "br"),
            ("attack", "identity, gzip"),
            ("hygiene", ""),
        ] {
            assert!(Content::of(&headers(&[json, ("content-encoding", coding)])).is_err(), "{seen}: {coding}");
        }
    }
}
