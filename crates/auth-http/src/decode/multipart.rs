//! Forms as `multipart/form-data`: of text fields alone.

use std::convert::Infallible;

use auth_core::ErrorCode;
use bytes::Bytes;
use futures_util::{FutureExt, future, stream};
use multer::Multipart;

use super::fields::Fields;
use super::form::not_utf_8;
use crate::problem::{FieldProblem, Problem};

/// The longest boundary (RFC 2046, section 5.1.1). Looking for a longer one in a body would take its time.
const MAX_BOUNDARY: usize = 70;

/// Reads a body that is there as a whole. Another body of this type, such as JSON, is of no type that a route takes.
///
/// # Errors
/// Fails with `UNSUPPORTED_MEDIA_TYPE` where there is no part at all, and with what is wrong with a part.
pub(super) fn read(content_type: &str, body: &Bytes) -> Result<Fields, Problem> {
    let boundary = multer::parse_boundary(content_type).map_err(|_| ErrorCode::UnsupportedMediaType)?;
    if boundary.len() > MAX_BOUNDARY {
        return Err(ErrorCode::UnsupportedMediaType.into());
    }
    let delimiter = format!("--{boundary}");
    if !body.windows(delimiter.len()).any(|window| window == delimiter.as_bytes()) {
        return Err(ErrorCode::UnsupportedMediaType.into());
    }
    let parts = Multipart::new(stream::once(future::ready(Ok::<_, Infallible>(body.clone()))), boundary);
    // Nothing is waited for.
    fields(parts).now_or_never().unwrap_or_else(|| Err(Problem::malformed("the multipart body is incomplete")))
}

async fn fields(mut parts: Multipart<'_>) -> Result<Fields, Problem> {
    let broken = |cause: multer::Error| Problem::malformed(format!("multipart decode error: {cause}"));
    let mut fields = Fields::of_form();
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let name = part.name().ok_or_else(|| Problem::malformed("each part of the body must have a name"))?.to_owned();
        if part.file_name().is_some() {
            let msg = "Input should be a text and not a file";
            return Err(Problem::validation(vec![FieldProblem::new("string_type", fields.place(), &name, msg)]));
        }
        match String::from_utf8(part.bytes().await.map_err(broken)?.into()) {
            Ok(text) => fields.insert(&name, text),
            Err(_) => return Err(not_utf_8(&fields, &name)),
        }
    }
    Ok(fields)
}
