//! The link that logs in, whose lifetime the code shares.

use std::time::Duration;

use crate::mail::LinkConfig;

/// How long link and code work unless the app says otherwise (OWASP ASVS 6.5.5).
pub(crate) const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The configuration of magic links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MagicLinkConfig {
    /// The link that logs in, whose lifetime the code shares.
    pub link: LinkConfig,
}

impl Default for MagicLinkConfig {
    /// The page `magic-link`, ten minutes (OWASP ASVS 6.5.5).
    fn default() -> Self {
        Self { link: LinkConfig::new("magic-link", LIFETIME) }
    }
}

impl MagicLinkConfig {
    /// Everything that is wrong with this configuration; empty when it can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        self.link.problems("magic_link.link")
    }
}
