//! The link to a new password.

use std::time::Duration;

use crate::mail::LinkConfig;

/// The configuration of password resets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordResetConfig {
    /// The link to a new password.
    pub link: LinkConfig,
}

impl Default for PasswordResetConfig {
    /// The page `reset-password`, half an hour.
    fn default() -> Self {
        Self { link: LinkConfig::new("reset-password", Duration::from_secs(30 * 60)) }
    }
}

impl PasswordResetConfig {
    /// Everything that is wrong with this configuration; empty when it can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        self.link.problems("password_reset.link")
    }
}
