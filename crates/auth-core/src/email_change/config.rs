//! When a new email address counts, and the links that confirm and revert it.

use std::time::Duration;

use crate::mail::LinkConfig;

/// How long the new address may be confirmed, and the owner of the old one may revert the change, unless the app says
/// otherwise.
pub(crate) const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
pub(crate) const REVERT_LIFETIME: Duration = Duration::from_secs(72 * 60 * 60);

/// When a new email address replaces the old one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmailChange {
    /// It waits until its link is opened, whichever route asked for it.
    #[default]
    Confirm,
    /// `PATCH /users/me` acts at once, as in fastapi-users; the owner of the old address can revert it. Its answer tells
    /// who asks whether an address is taken, so that it does not go with [`Registration::Neutral`].
    ///
    /// [`Registration::Neutral`]: crate::Registration::Neutral
    Immediate,
}

/// The configuration of email address changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailChangeConfig {
    /// When a new address replaces the old one.
    pub mode: EmailChange,
    /// The link to the new address, which confirms it.
    pub confirm_link: LinkConfig,
    /// The link to the old address, which reverts the change.
    pub revert_link: LinkConfig,
}

impl Default for EmailChangeConfig {
    /// Once its link is opened; the pages `change-email/confirm`, a day, and `change-email/revert`, three days.
    fn default() -> Self {
        Self {
            mode: EmailChange::default(),
            confirm_link: LinkConfig::new("change-email/confirm", LIFETIME),
            revert_link: LinkConfig::new("change-email/revert", REVERT_LIFETIME),
        }
    }
}

impl EmailChangeConfig {
    /// Everything that is wrong with this configuration; empty when it can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = self.confirm_link.problems("email_change.confirm_link");
        problems.extend(self.revert_link.problems("email_change.revert_link"));
        problems
    }
}

impl From<EmailChange> for EmailChangeConfig {
    fn from(mode: EmailChange) -> Self {
        Self { mode, ..Self::default() }
    }
}
