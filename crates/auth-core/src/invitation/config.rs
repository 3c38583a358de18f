//! The link of an invitation.

use std::time::Duration;

use crate::mail::LinkConfig;

/// How long a link works unless the app says otherwise.
pub(crate) const LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The configuration of invitations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationConfig {
    /// The link that accepts an invitation.
    pub link: LinkConfig,
}

impl Default for InvitationConfig {
    /// The page `accept-invitation`, 7 days.
    fn default() -> Self {
        Self { link: LinkConfig::new("accept-invitation", LIFETIME) }
    }
}

impl InvitationConfig {
    /// Everything that is wrong with this configuration; empty when it can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        self.link.problems("invitation.link")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_outside_of_the_front_end_is_refused() {
        let link = LinkConfig::new("https://elsewhere.example.com", Duration::from_secs(60));
        assert_eq!(InvitationConfig { link }.problems().len(), 1);
        assert!(InvitationConfig::default().problems().is_empty());
    }
}
