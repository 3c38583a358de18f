//! Why an app does not start, as the person who started it reads it.

use std::error::Error;
use std::fmt;

/// What `main` returns. It shows itself in words, because that is how Rust reports the failure of `main`.
pub struct Failure(String);

impl Failure {
    /// A failure, after the name of what it is about.
    pub fn of(subject: &str, cause: impl fmt::Display) -> Self {
        Self(format!("{subject}: {cause}"))
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: Error> From<E> for Failure {
    fn from(cause: E) -> Self {
        Self(cause.to_string())
    }
}
