//! Forms in one line, and queries.

use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::problem::{FieldProblem, Problem};

/// The fields of `application/x-www-form-urlencoded`.
pub(super) fn object(place: &'static str, text: &[u8]) -> Result<Map<String, Value>, Problem> {
    let mut object = Map::new();
    for (name, value) in form_urlencoded::parse(text) {
        // The parser puts this character where the bytes are not UTF-8; nobody means to send it.
        if name.contains('\u{fffd}') || value.contains('\u{fffd}') {
            let msg = "the text must be UTF-8";
            return Err(Problem::validation(vec![FieldProblem::new("string_unicode", place, &name, msg)]));
        }
        insert(&mut object, place, &name, value.into_owned())?;
    }
    Ok(object)
}

/// Adds a field of a form of either kind.
pub(super) fn insert(
    object: &mut Map<String, Value>,
    place: &'static str,
    name: &str,
    value: String,
) -> Result<(), Problem> {
    match object.insert(name.to_owned(), Value::String(value)) {
        None => Ok(()),
        Some(_) => {
            let msg = "the field must be given once";
            Err(Problem::validation(vec![FieldProblem::new("duplicate", place, name, msg)]))
        }
    }
}
