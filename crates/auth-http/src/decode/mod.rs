//! Decoding bodies and queries: every failing field at once, the same on every framework.

mod field;
mod fields;
mod shapes;
#[cfg(test)]
mod tests;

use auth_core::{ErrorCode, json};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap};
use serde_json::{Map, Value};
use url::form_urlencoded;

pub(crate) use field::{Attributes, GrantType, KnownPassword, Patch, Replace, Schema, Text};
pub(crate) use fields::{Decode, Fields, property, request};
pub(crate) use shapes::{EmailRequest, TOKEN, TokenRequest};

use crate::problem::{FieldProblem, Problem};

/// What a route takes as its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyType {
    /// Nothing; a body is ignored.
    None,
    /// A JSON object.
    Json,
    /// A JSON object or a form.
    JsonOrForm,
}

/// Decodes the body. No body at all is an empty object, whose required fields are missing.
pub(crate) fn body<T: Decode>(headers: &HeaderMap, body: &Bytes, accept: BodyType) -> Result<T, Problem> {
    let mut content_types = headers.get_all(CONTENT_TYPE).iter();
    let content_type = content_types.next().map(|value| value.to_str().unwrap_or_default());
    if content_types.next().is_some() {
        // A proxy that checked the other one would have read another body.
        return Err(ErrorCode::UnsupportedMediaType.into());
    }
    let essence = content_type.map(|value| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    let object = match essence.as_deref() {
        None if body.is_empty() => Map::new(),
        Some("application/json") => json_object(body)?,
        Some("application/x-www-form-urlencoded") if accept == BodyType::JsonOrForm => form_object("body", body)?,
        _ => return Err(ErrorCode::UnsupportedMediaType.into()),
    };
    Fields::new("body", object).finish()
}

/// Decodes the query.
pub(crate) fn query<T: Decode>(query: Option<&str>) -> Result<T, Problem> {
    Fields::new("query", form_object("query", query.unwrap_or_default().as_bytes())?).finish()
}

/// A body that is not what its type says.
pub(crate) fn malformed(msg: impl Into<String>) -> Problem {
    Problem::validation(vec![FieldProblem { kind: "json_invalid", loc: vec!["body".to_owned()], msg: msg.into() }])
}

fn json_object(body: &Bytes) -> Result<Map<String, Value>, Problem> {
    match json::parse_strict(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(malformed("the body must be a JSON object")),
        Err(cause) => Err(malformed(format!("JSON decode error: {cause}"))),
    }
}

fn form_object(place: &'static str, text: &[u8]) -> Result<Map<String, Value>, Problem> {
    let mut object = Map::new();
    for (name, value) in form_urlencoded::parse(text) {
        let problem = |kind, msg: &str| Problem::validation(vec![FieldProblem::new(kind, place, &name, msg)]);
        // The parser puts this character where the bytes are not UTF-8; nobody means to send it.
        if name.contains('\u{fffd}') || value.contains('\u{fffd}') {
            return Err(problem("string_unicode", "the text must be UTF-8"));
        }
        if object.insert(name.to_string(), Value::String(value.into_owned())).is_some() {
            return Err(problem("duplicate", "the field must be given once"));
        }
    }
    Ok(object)
}
