//! The body of a request: read up to a limit and within a deadline, or left in such a way that the connection stays good.

use std::pin::pin;
use std::time::Duration;

use auth_core::ErrorCode;
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use http::Version;
use http::header::{CONTENT_LENGTH, EXPECT, HeaderMap, TRANSFER_ENCODING};

use crate::problem::Problem;

/// The largest body that any route takes, in bytes.
pub const LIMIT: usize = 64 * 1024;

/// How long a body may take to arrive.
pub const DEADLINE: Duration = Duration::from_secs(15);

/// How long a body that nobody reads may take to arrive, before the connection is given up.
const PATIENCE: Duration = Duration::from_secs(1);

/// A body on its way.
///
/// A server of HTTP/1.1 that answers before it read the whole request has to read the rest, or to close the connection
/// (RFC 9112, sections 9.3 and 9.6). Frameworks close it without a word: the client's next request fails.
pub(crate) struct Incoming<S> {
    chunks: S,
    length: Option<u64>,
    received: usize,
    rest: Rest,
}

/// What is left of a body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// Nothing.
    Nothing,
    /// Something that does not concern the connection.
    Harmless,
    /// Something that may be read.
    Readable,
    /// Something that ends the connection.
    Fatal,
}

impl Rest {
    fn of(version: Version, headers: &HeaderMap, length: Option<u64>) -> Self {
        if version > Version::HTTP_11 {
            // Each request has a stream of its own.
            return Self::Harmless;
        }
        if length.unwrap_or_default() == 0 && !headers.contains_key(TRANSFER_ENCODING) {
            return Self::Nothing;
        }
        // A client that waits for `100 Continue` sends nothing when it is refused (RFC 9110, section 10.1.1).
        if headers.contains_key(EXPECT) { Self::Fatal } else { Self::Readable }
    }
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

impl<S, E> Incoming<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    pub(crate) fn new(version: Version, headers: &HeaderMap, chunks: S) -> Self {
        let length = length(headers);
        Self { chunks, length, received: 0, rest: Rest::of(version, headers, length) }
    }

    /// Reads the body chunk by chunk, and no further than its limit.
    ///
    /// # Errors
    /// Fails with `BODY_TOO_LARGE`, at once when the client announces it; with `BODY_TIMEOUT`; and with 422 when the
    /// client disconnects, which only the client could see.
    pub(crate) async fn collect(&mut self) -> Result<Bytes, Problem> {
        // Requests that no connection carried have bodies without a length.
        let read = tokio::time::timeout(DEADLINE, self.read()).await;
        let read = read.unwrap_or_else(|_| Err(ErrorCode::BodyTimeout.into()));
        self.rest = match (&read, self.rest) {
            (Ok(_), _) => Rest::Nothing,
            (Err(_), Rest::Readable) => Rest::Fatal,
            (Err(_), rest) => rest,
        };
        read
    }

    async fn read(&mut self) -> Result<Bytes, Problem> {
        if self.is_too_long() {
            return Err(ErrorCode::BodyTooLarge.into());
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = self.chunks.next().await {
            let chunk = chunk.map_err(|_| Problem::malformed("the body broke off"))?;
            self.received += chunk.len();
            if self.is_too_long() {
                return Err(ErrorCode::BodyTooLarge.into());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    fn is_too_long(&self) -> bool {
        self.length.is_some_and(|length| length > LIMIT as u64) || self.received > LIMIT
    }

    /// Whether the connection depends on what becomes of the rest.
    pub(crate) fn is_left(&self) -> bool {
        !matches!(self.rest, Rest::Nothing | Rest::Harmless)
    }

    /// Reads the rest and drops it if it is within the limit and comes soon. Otherwise the connection cannot go on.
    pub(crate) async fn leave(mut self) -> bool {
        self.rest == Rest::Readable && tokio::time::timeout(PATIENCE, self.drop_rest()).await.unwrap_or(false)
    }

    async fn drop_rest(&mut self) -> bool {
        while !self.is_too_long() {
            match self.chunks.next().await {
                Some(Ok(chunk)) => self.received += chunk.len(),
                Some(Err(_)) => return false,
                None => return true,
            }
        }
        false
    }
}

/// Reads a body chunk by chunk, and no further than its limit, for a route of the app's own.
///
/// # Errors
/// Fails with `BODY_TOO_LARGE`, at once when the client announces it; with `BODY_TIMEOUT`; and with 422 when the client
/// disconnects.
pub async fn collect<S, E>(headers: &HeaderMap, chunks: S) -> Result<Bytes, Problem>
where
    S: Stream<Item = Result<Bytes, E>>,
{
    Incoming::new(Version::default(), headers, pin!(chunks)).collect().await
}

/// A refusal of a request whose body nobody reads: what is within the limit is read and dropped, so that the connection
/// stays good; otherwise the answer announces that it ends.
pub async fn leave<S, E>(problem: Problem, version: Version, headers: &HeaderMap, chunks: S) -> Problem
where
    S: Stream<Item = Result<Bytes, E>>,
{
    let chunks = pin!(chunks);
    let incoming = Incoming::new(version, headers, chunks);
    if incoming.is_left() && !incoming.leave().await { problem.closing() } else { problem }
}

/// A refusal by a part of the app that does not get to see the body: if there is one, the answer announces that the
/// connection ends.
#[must_use]
pub fn ignore(problem: Problem, version: Version, headers: &HeaderMap) -> Problem {
    match Rest::of(version, headers, length(headers)) {
        Rest::Nothing | Rest::Harmless => problem,
        Rest::Readable | Rest::Fatal => problem.closing(),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;

    use super::*;
    use crate::tests::headers;

    fn chunks(sizes: &[usize]) -> impl Stream<Item = Result<Bytes, Infallible>> + Unpin + use<> {
        stream::iter(sizes.iter().map(|size| Ok(vec![b' '; *size].into())).collect::<Vec<_>>())
    }

    async fn is_kept(version: Version, lines: &[(&'static str, &str)], sizes: &[usize]) -> bool {
        let incoming = Incoming::new(version, &headers(lines), chunks(sizes));
        !incoming.is_left() || incoming.leave().await
    }

    #[tokio::test]
    async fn what_is_within_the_limit_is_dropped() {
        const CHUNKED: (&str, &str) = ("transfer-encoding", "chunked");
        for (lines, sizes, expected) in [
            (vec![], vec![], true),
            (vec![("content-length", "0")], vec![], true),
            (vec![("content-length", "2")], vec![2], true),
            (vec![("content-length", "65536")], vec![LIMIT / 2, LIMIT / 2], true),
            (vec![("content-length", "65537")], vec![LIMIT + 1], false),
            (vec![CHUNKED], vec![LIMIT, 0], true),
            (vec![CHUNKED], vec![LIMIT, 1], false),
            (vec![("content-length", "2"), ("expect", "100-continue")], vec![2], false),
        ] {
            assert_eq!(is_kept(Version::HTTP_11, &lines, &sizes).await, expected, "{lines:?}");
            assert_eq!(is_kept(Version::HTTP_10, &lines, &sizes).await, expected, "{lines:?}");
            assert!(is_kept(Version::HTTP_2, &lines, &sizes).await, "{lines:?}");
        }
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_given_up() {
        let chunks = stream::pending::<Result<Bytes, Infallible>>();
        let incoming = Incoming::new(Version::HTTP_11, &headers(&[("content-length", "2")]), chunks);
        assert!(!incoming.leave().await);
    }

    #[tokio::test]
    async fn a_body_that_was_read_leaves_nothing() {
        for (sizes, is_good) in [(vec![10, 20], true), (vec![LIMIT, 1], false)] {
            let head = headers(&[("transfer-encoding", "chunked")]);
            let mut incoming = Incoming::new(Version::HTTP_11, &head, chunks(&sizes));
            assert_eq!(incoming.collect().await.is_ok(), is_good);
            assert_eq!(incoming.is_left(), !is_good);
            assert!(is_good || !incoming.leave().await);
            let mut incoming = Incoming::new(Version::HTTP_2, &head, chunks(&sizes));
            assert_eq!(incoming.collect().await.is_ok(), is_good);
            assert!(!incoming.is_left());
        }
    }
}
