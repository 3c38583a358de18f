//! Forms in one line, and queries.

use url::form_urlencoded;

use super::fields::Fields;
use crate::problem::{FieldProblem, Problem};

/// Reads `application/x-www-form-urlencoded`.
pub(super) fn read(mut fields: Fields, text: &[u8]) -> Result<Fields, Problem> {
    for (name, value) in form_urlencoded::parse(text) {
        // The parser puts this character where the bytes are not UTF-8; nobody means to send it.
        if name.contains('\u{fffd}') || value.contains('\u{fffd}') {
            return Err(not_utf_8(&fields, &name));
        }
        fields.insert(&name, value.into_owned());
    }
    Ok(fields)
}

/// The answer to a field of a form whose text is in another charset.
pub(super) fn not_utf_8(fields: &Fields, name: &str) -> Problem {
    Problem::validation(vec![FieldProblem::new("string_unicode", fields.place(), name, "the text must be UTF-8")])
}
