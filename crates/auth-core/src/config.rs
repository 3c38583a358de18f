//! Settings of a built [`Auth`](crate::Auth).

use std::time::Duration;

use ipnet::IpNet;
use url::{Origin, Url};

use crate::email_change::EmailChange;
use crate::limit::Limits;
use crate::registration::Registration;
use crate::session::SessionLimits;

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
