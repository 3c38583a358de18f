//! Randomness as an argument.

use rand::TryRng;
use rand::rngs::SysRng;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::{Error, Result};

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system's random generator failed")]
pub struct RandomError;

/// Fills buffers with unpredictable bytes. Tests bring a seeded one.
pub trait Random: Send + Sync + 'static {
    /// Fills the whole buffer.
    ///
    /// # Errors
    /// Fails with [`RandomError`] when the source does; the buffer must not be used then.
    fn fill(&self, buffer: &mut [u8]) -> std::result::Result<(), RandomError>;
}

/// The generator of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, buffer: &mut [u8]) -> std::result::Result<(), RandomError> {
        SysRng.try_fill_bytes(buffer).map_err(|_| RandomError)
    }
}

/// A UUID version 7 (RFC 9562), which sorts by time.
pub(crate) fn new_id(random: &dyn Random, now: OffsetDateTime) -> Result<Uuid> {
    let mut bytes = [0; 10];
    random.fill(&mut bytes).map_err(Error::internal)?;
    let milliseconds = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    Ok(uuid::Builder::from_unix_timestamp_millis(milliseconds, &bytes).into_uuid())
}
