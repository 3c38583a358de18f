//! Which signing keys are made, and when.

use std::time::Duration;

use crate::clock::MAX_LIFETIME;
use crate::jwt::JwtAlgorithm;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Which signing keys are made, and when. Counts for backends with [`JwtKeys::Managed`](crate::token::JwtKeys::Managed).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigningKeyConfig {
    /// What new keys sign with: EdDSA (default) or ES256. Another algorithm counts from the next key on.
    pub algorithm: JwtAlgorithm,
    /// How long a key signs before the [workers](crate::Auth::spawn_workers) replace it, to the hour; 90 days by default. `None` leaves
    /// it to operators.
    pub rotate_every: Option<Duration>,
}

impl Default for SigningKeyConfig {
    fn default() -> Self {
        Self { algorithm: JwtAlgorithm::EdDsa, rotate_every: Some(90 * DAY) }
    }
}

impl SigningKeyConfig {
    /// Everything that is wrong with this configuration; empty when it can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if !matches!(self.algorithm, JwtAlgorithm::EdDsa | JwtAlgorithm::Es256) {
            problems.push(
                "set `signing_keys.algorithm` to EdDSA or ES256: others have no public half, or only verify".to_owned(),
            );
        }
        if self.rotate_every.is_some_and(|every| every < DAY || every > MAX_LIFETIME) {
            problems.push("set `signing_keys.rotate_every` to between one day and 400 days, or to `None`".to_owned());
        }
        problems
    }
}
