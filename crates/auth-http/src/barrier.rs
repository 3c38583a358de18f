//! What keeps a handler within its time, and a panic within its request.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use auth_core::ErrorCode;
use futures_util::FutureExt;

use crate::problem::Problem;

/// How long a request may take once its body is there.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// Gives up on work that takes longer than [`DEADLINE`], and than the time that it waits for something.
pub(crate) async fn within_deadline<T>(
    waits: Duration,
    work: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let deadline = DEADLINE + waits;
    tokio::time::timeout(deadline, work).await.unwrap_or_else(|_| {
        tracing::warn!("a request took longer than {deadline:?}");
        Err(ErrorCode::Overloaded.into())
    })
}

/// Turns a panic, which every framework treats differently, into an answer.
pub(crate) async fn barrier<T>(work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!("a request panicked");
        Err(ErrorCode::Internal.into())
    })
}
