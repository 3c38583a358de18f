//! The link that verifies an email address.

use std::time::Duration;

use crate::mail::LinkConfig;

/// How long a link works unless the app says otherwise.
pub(crate) const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The configuration of verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerificationConfig {
    /// The link that verifies an email address.
    pub link: LinkConfig,
}

impl Default for VerificationConfig {
    /// The page `verify`, a day.
    fn default() -> Self {
        Self { link: LinkConfig::new("verify", LIFETIME) }
    }
}

impl VerificationConfig {
    /// Everything that is wrong with this configuration; empty when it can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        self.link.problems("verification.link")
    }
}
