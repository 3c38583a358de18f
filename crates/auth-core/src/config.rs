//! Settings of a built [`Auth`](crate::Auth).

use std::time::Duration;

use ipnet::IpNet;
use url::{Origin, Url};

use crate::limit::Limits;

/// Who may make an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Registration {
    /// Everybody.
    #[default]
    Open,
    /// Everyone, and nobody learns whether an address has an account: it is created once the address is verified, and a
    /// user who has one already is notified by mail.
    Neutral,
    /// Only superusers and the app itself create accounts: an invitation handler or a seed script calls
    /// [`Accounts::register`](crate::Accounts::register) with [`Client::default()`](crate::Client).
    Closed,
}

/// When a new address takes the place of the old one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmailChange {
    /// `PATCH /users/me` acts at once; the owner of the old address can take it back.
    #[default]
    Immediate,
    /// It waits until it is verified.
    Confirm,
}

/// How long sessions live, and how many a user may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// A session that is not used for so long ends.
    pub idle: Duration,
    /// A session ends so long after login whatever happens.
    pub absolute: Duration,
    /// How long a login counts as recent for sensitive actions.
    pub recent: Duration,
    /// How many sessions one user may have; the oldest ends when one more begins.
    pub per_user: u64,
}

impl Default for SessionLimits {
    /// Idle 7 days, absolute 30 days (NIST SP 800-63B, AAL1), recent 10 minutes, 100 for each user.
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self { idle: 7 * DAY, absolute: 30 * DAY, recent: Duration::from_secs(600), per_user: 100 }
    }
}

/// What a built [`Auth`](crate::Auth) goes by.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The only source of absolute URLs and of the app's own origin.
    pub public_url: Url,
    /// Other origins whose pages may send requests with the session cookie.
    pub allowed_origins: Vec<Origin>,
    /// Where the pages are that links in mails lead to.
    pub frontend_url: Url,
    /// Proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// The name of the service, for people.
    pub service_name: String,
    /// Who may register.
    pub registration: Registration,
    /// Whether a login needs a verified email address.
    pub require_verified: bool,
    /// When a new address counts.
    pub email_change: EmailChange,
    /// How long sessions live.
    pub sessions: SessionLimits,
    /// Rate limits for unauthenticated actions.
    pub limits: Limits,
    /// How long the audit log keeps an event.
    pub audit_retention: Duration,
}
