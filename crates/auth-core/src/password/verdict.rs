//! What comes of a hash or a verification.

use super::policy::Refusal;

/// Outcome of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Another password, or no hash stored.
    Wrong,
    /// What is stored is not a hash that we can verify. Answer as for [`Verdict::Wrong`] and raise an event: the row
    /// needs attention.
    Corrupt,
    /// The password is right.
    Right {
        /// Whether the stored hash has other parameters than the present ones. Once nothing else stands against the
        /// login, replace it by a fresh [`hash`](crate::password::PasswordHasher::hash), where the old one still
        /// stands.
        outdated: bool,
    },
}

/// Why nothing was hashed.
#[derive(Debug, thiserror::Error)]
pub enum HasherError {
    /// Too many hashes are wanted: the queue is full, or the wait took too long. Ask the client to come back later
    /// (503).
    #[error("password hashing is saturated")]
    Saturated,
    /// The policy refused the password.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A fault of configuration or of the machine; the text is for the log and holds no secret.
    #[error("password hashing failed: {0}")]
    Internal(String),
}
