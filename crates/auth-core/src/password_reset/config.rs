//! The link to a new password.

use std::time::Duration;

use crate::mail::LinkConfig;

/// How long a link works unless the app says otherwise.
pub(crate) const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// The configuration of password resets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordResetConfig {
    /// The link to a new password.
    pub link: LinkConfig,
}

impl Default for PasswordResetConfig {
    /// The page `reset-password`, half an hour.
    fn default() -> Self {
        Self { link: LinkConfig::new("reset-password", LIFETIME) }
    }
}

impl PasswordResetConfig {
    /// Everything that is wrong with this configuration; empty when it can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        self.link.problems("password_reset.link")
    }
}
