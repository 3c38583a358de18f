//! Settings of a built [`Auth`](crate::Auth).

use std::time::Duration;

use ipnet::IpNet;
use url::{Origin, Url};

use crate::limit::Limits;

/// Who may create an account.
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

/// When a new email address replaces the old one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmailChange {
    /// `PATCH /users/me` takes effect at once; the owner of the old address can revert it.
    #[default]
    Immediate,
    /// It waits until it is verified.
    Confirm,
}

/// How long sessions live, and how many a user may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// The idle limit: a session ends after this time without use.
    pub idle: Duration,
    /// The absolute limit: a session ends this long after the login.
    pub absolute: Duration,
    /// How long a login counts as recent for sensitive actions.
    pub recent: Duration,
    /// The number of sessions per user; the oldest ends when another one begins.
    pub per_user: u64,
}

impl Default for SessionLimits {
    /// Idle 7 days, absolute 30 days (NIST SP 800-63B, AAL1), recent 10 minutes, 100 for each user.
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self { idle: 7 * DAY, absolute: 30 * DAY, recent: Duration::from_secs(600), per_user: 100 }
    }
}

/// The settings of a built [`Auth`](crate::Auth).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The only source of absolute URLs and of the app's own origin.
    pub public_url: Url,
    /// Other origins whose pages may send requests with the session cookie.
    pub allowed_origins: Vec<Origin>,
    /// The URL below which the pages are that links in mails lead to.
    pub frontend_url: Url,
    /// Proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// The name of the service that users see.
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
