//! The link that logs in, whose lifetime the code shares.

use std::time::Duration;

use crate::mail::LinkConfig;

/// How long link and code work unless the app says otherwise (OWASP ASVS 6.5.5).
pub(crate) const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// How long a login may wait for its link at most.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);

/// The configuration of magic links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MagicLinkConfig {
    /// The link that logs in, whose lifetime the code shares.
    pub link: LinkConfig,
    /// The page of the link that lets a [waiting](super::MagicLinks::wait) device in.
    pub confirm_page: String,
}

impl Default for MagicLinkConfig {
    /// The pages `magic-link` and `confirm-login`, ten minutes (OWASP ASVS 6.5.5).
    fn default() -> Self {
        Self { link: LinkConfig::new("magic-link", LIFETIME), confirm_page: "confirm-login".to_owned() }
    }
}

impl MagicLinkConfig {
    /// Everything that is wrong with this configuration; empty when it can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let confirm = LinkConfig::new(self.confirm_page.clone(), LIFETIME);
        [self.link.problems("magic_link.link"), confirm.problems("magic_link.confirm_page")].concat()
    }
}
