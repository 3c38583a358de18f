//! Forms as `multipart/form-data`: of text fields alone.

use std::convert::Infallible;

use auth_core::ErrorCode;
use bytes::Bytes;
use futures_util::{FutureExt, future, stream};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap};
use multer::Multipart;

use super::content::is_ascii_compatible;
use super::fields::Fields;
use super::form::not_utf_8;
use super::params::{has_only_charsets, params};
use crate::problem::{FieldProblem, Problem};

/// The longest boundary (RFC 2046, section 5.1.1). Looking for a longer one in a body would take its time.
const MAX_BOUNDARY: usize = 70;

/// Reads a body that is there as a whole. Another body of this type, such as JSON, is of no type that a route takes.
///
/// # Errors
/// Fails with `UNSUPPORTED_MEDIA_TYPE` where there is no part at all, and with what is wrong with a part.
pub(super) fn read(content_type: &str, body: &Bytes) -> Result<Fields, Problem> {
    let boundary = boundary(content_type).ok_or(ErrorCode::UnsupportedMediaType)?;
    let delimiter = format!("--{boundary}");
    if !body.windows(delimiter.len()).any(|window| window == delimiter.as_bytes()) {
        return Err(ErrorCode::UnsupportedMediaType.into());
    }
    let parts = Multipart::new(stream::once(future::ready(Ok::<_, Infallible>(body.clone()))), boundary);
    // Nothing is waited for.
    fields(parts).now_or_never().unwrap_or_else(|| Err(Problem::malformed("the multipart body is incomplete")))
}

/// The one boundary that a header names. Clients leave out the quotes that some of its characters need.
fn boundary(content_type: &str) -> Option<String> {
    let mut boundaries = params(content_type.as_bytes())?.into_iter().filter(|param| param.name == "boundary");
    let first = boundaries.next()?;
    let may_have = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ' && first.is_quoted;
    let fits = (1..=MAX_BOUNDARY).contains(&first.value.len()) && first.value.iter().all(may_have);
    let is_only_one = boundaries.all(|other| other.value == first.value);
    if fits && is_only_one { String::from_utf8(first.value).ok() } else { None }
}

async fn fields(mut parts: Multipart<'_>) -> Result<Fields, Problem> {
    let broken = |cause: multer::Error| Problem::malformed(format!("multipart decode error: {cause}"));
    let mut fields = Fields::of_form();
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let Disposition { name, is_file } = disposition(part.headers())?;
        if is_file {
            let msg = "Input should be a text and not a file";
            return Err(Problem::validation(vec![FieldProblem::new("string_type", fields.place(), &name, msg)]));
        }
        let is_readable = has_readable_charset(part.headers());
        match String::from_utf8(part.bytes().await.map_err(broken)?.into()) {
            Ok(text) if is_readable => fields.insert(&name, text),
            _ => return Err(not_utf_8(&fields, &name)),
        }
    }
    Ok(fields)
}

/// What a part is.
struct Disposition {
    name: String,
    is_file: bool,
}

/// Reads what a part says of itself (RFC 7578, section 4.2). `multer` looks for `name=` anywhere in the header, in quoted texts too,
/// so that another reader might see another name.
fn disposition(headers: &HeaderMap) -> Result<Disposition, Problem> {
    let header = headers.get(CONTENT_DISPOSITION).map(|header| header.as_bytes()).unwrap_or_default();
    let params = params(header).ok_or_else(|| Problem::malformed("the Content-Disposition of a part is malformed"))?;
    let mut names = params.iter().filter(|param| matches!(param.name.as_str(), "name" | "name*"));
    let (Some(name), None) = (names.next().filter(|param| param.name == "name"), names.next()) else {
        return Err(Problem::malformed("each part of the body must have a name"));
    };
    let name = String::from_utf8(name.value.clone());
    let name = name.map_err(|_| Problem::malformed("the name of a part must be UTF-8"))?;
    Ok(Disposition {
        name,
        is_file: params.iter().any(|param| matches!(param.name.as_str(), "filename" | "filename*")),
    })
}

/// Whether the type of a part leaves its bytes what they are. Libraries write the charset that is their default.
fn has_readable_charset(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(CONTENT_TYPE) else { return true };
    has_only_charsets(content_type.as_bytes(), is_ascii_compatible).unwrap_or(true)
}
