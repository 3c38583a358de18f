//! The link that verifies an email address.

use std::time::Duration;

use crate::mail::LinkConfig;

/// The configuration of verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerificationConfig {
    /// The link that verifies an email address.
    pub link: LinkConfig,
}

impl Default for VerificationConfig {
    /// The page `verify`, a day.
    fn default() -> Self {
        Self { link: LinkConfig::new("verify", Duration::from_secs(24 * 60 * 60)) }
    }
}

impl VerificationConfig {
    /// Everything that is wrong with this configuration; empty when it can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        self.link.problems("verification.link")
    }
}
