//! Decoding bodies and queries: every failing field at once, the same on every framework.

mod content;
mod field;
mod fields;
mod form;
mod multipart;
mod params;
mod shapes;
#[cfg(test)]
mod tests;

use auth_core::{ErrorCode, json};
use bytes::Bytes;
use http::header::HeaderMap;
use serde_json::{Map, Value};

pub(crate) use field::{
    Attributes, Checkbox, KnownPassword, PasswordGrant, Patch, RefreshGrant, Replace, Schema, ShownText, Text,
};
pub(crate) use fields::{Decode, Fields, property, request};
pub(crate) use shapes::{EmailRequest, TOKEN, TokenRequest};

use self::content::Content;
use crate::problem::Problem;

/// What a route takes as its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyType {
    /// Nothing; a body is ignored.
    None,
    /// A JSON object.
    Json,
    /// A JSON object, or a form of either kind.
    JsonOrForm,
}

/// Decodes the body. No body at all is an empty object, whose required fields are missing, whatever its type is: many clients
/// set one for each request.
pub(crate) fn body<T: Decode>(headers: &HeaderMap, body: &Bytes, accept: BodyType) -> Result<T, Problem> {
    let content = Content::of(headers)?;
    let fields = match content {
        _ if body.is_empty() => Fields::of_json(Map::new()),
        Content::Json => Fields::of_json(json_object(without_mark(body))?),
        Content::Form if accept == BodyType::JsonOrForm => form::read(Fields::of_form(), without_mark(body))?,
        Content::Multipart(content_type) if accept == BodyType::JsonOrForm => multipart::read(content_type, body)?,
        _ => return Err(ErrorCode::UnsupportedMediaType.into()),
    };
    fields.finish()
}

/// Decodes the query.
pub(crate) fn query<T: Decode>(query: Option<&str>) -> Result<T, Problem> {
    form::read(Fields::of_query(), query.unwrap_or_default().as_bytes())?.finish()
}

/// A text without the byte order mark that some writers begin with (RFC 8259, section 8.1).
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text)
}

fn json_object(text: &[u8]) -> Result<Map<String, Value>, Problem> {
    if std::str::from_utf8(text).is_err() {
        return Err(Problem::malformed("JSON decode error: the body is not UTF-8"));
    }
    match json::parse_strict(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Problem::malformed("the body must be a JSON object")),
        Err(cause) => Err(Problem::malformed(format!("JSON decode error: {cause}"))),
    }
}
