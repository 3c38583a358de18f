//! Reading a request's body: up to a limit, within a deadline.

use std::pin::pin;
use std::time::Duration;

use auth_core::ErrorCode;
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use http::header::{CONTENT_LENGTH, HeaderMap};

use crate::problem::Problem;

/// The largest body that any route takes, in bytes.
pub const LIMIT: usize = 64 * 1024;

/// How long a body may take to arrive.
pub const DEADLINE: Duration = Duration::from_secs(15);

/// Reads a body chunk by chunk, and no further than its limit.
///
/// # Errors
/// Fails with `BODY_TOO_LARGE`, at once when the client announces it; with `BODY_TIMEOUT`; and with 422 when the client
/// disconnects, which only the client could see.
pub async fn collect<S, E>(headers: &HeaderMap, chunks: S) -> Result<Bytes, Problem>
where
    S: Stream<Item = Result<Bytes, E>>,
{
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > LIMIT as u64) {
        return Err(ErrorCode::BodyTooLarge.into());
    }
    tokio::time::timeout(DEADLINE, read(chunks)).await.unwrap_or_else(|_| Err(ErrorCode::BodyTimeout.into()))
}

async fn read<S, E>(chunks: S) -> Result<Bytes, Problem>
where
    S: Stream<Item = Result<Bytes, E>>,
{
    let mut chunks = pin!(chunks);
    let mut body = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::malformed("the body broke off"))?;
        if body.len() + chunk.len() > LIMIT {
            return Err(ErrorCode::BodyTooLarge.into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
