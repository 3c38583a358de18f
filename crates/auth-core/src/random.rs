//! Randomness as an argument.

use rand::TryRng;
use rand::rngs::SysRng;

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system's random generator failed")]
pub struct RandomError;

/// Fills buffers with unpredictable bytes. Tests bring a seeded one.
pub trait Random: Send + Sync + 'static {
    /// Fills the whole buffer.
    ///
    /// # Errors
    /// [`RandomError`] when the source has nothing to give; the buffer must not be used then.
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
