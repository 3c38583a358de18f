//! Settings of a built [`Auth`](crate::Auth).

use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use url::{Origin, Url};

use crate::TokenStrategy;
use crate::limit::Limits;
use crate::token::StrategyChoice;

/// Who may make an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Registration {
    /// Everybody.
    #[default]
    Open,
    /// Everybody, and nobody learns whether an address has an account: it is made when its mailbox was proved, and an
    /// owner who has one already is told by mail.
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
    /// It waits until its mailbox was proved.
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
    /// Whether a login needs a proved mailbox.
    pub require_verified: bool,
    /// When a new address counts.
    pub email_change: EmailChange,
    /// How long sessions live.
    pub sessions: SessionLimits,
    /// How often strangers may do what costs somebody else something.
    pub limits: Limits,
    /// How long the audit log keeps an event.
    pub audit_retention: Duration,
}

/// The `SameSite` attribute of a cookie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameSite {
    /// Sent with top-level navigation from elsewhere.
    #[default]
    Lax,
    /// Never sent from elsewhere.
    Strict,
    /// Always sent; needs `Secure`.
    None,
}

/// How a cookie carries a token. The defaults are what the library recommends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CookieOptions {
    /// The cookie's name. By default `__Host-auth` over https and `auth` on plain http.
    pub name: Option<String>,
    /// How long the browser keeps it; without, until it is closed.
    pub max_age: Option<Duration>,
    /// The path it is sent to; `/` by default.
    pub path: Option<String>,
    /// The domain it is sent to; without, the very host that set it.
    pub domain: Option<String>,
    /// When it travels with requests from other sites.
    pub same_site: SameSite,
}

/// How a client carries its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// `Authorization: Bearer` (RFC 6750).
    Bearer,
    /// A cookie (RFC 6265bis).
    Cookie {
        /// The cookie's name.
        name: String,
        /// How long the browser keeps it; without, until it is closed.
        max_age: Option<Duration>,
        /// The path it is sent to.
        path: String,
        /// The domain it is sent to; without, the very host that set it.
        domain: Option<String>,
        /// Whether it travels over https only.
        secure: bool,
        /// When it travels with requests from other sites.
        same_site: SameSite,
    },
}

/// A named way to carry and to check tokens: a transport and a strategy.
#[derive(Clone)]
pub struct Backend {
    pub(crate) name: String,
    pub(crate) carrier: Carrier,
    pub(crate) strategy: StrategyChoice,
}

#[derive(Clone)]
pub(crate) enum Carrier {
    Bearer,
    Cookie(CookieOptions),
}

impl Backend {
    /// A backend whose tokens travel as `Authorization: Bearer`, checked in the database unless another strategy is
    /// chosen.
    pub fn bearer(name: impl Into<String>) -> Self {
        Self { name: name.into(), carrier: Carrier::Bearer, strategy: StrategyChoice::Database }
    }

    /// A backend whose tokens travel in a cookie, checked in the database unless another strategy is chosen.
    pub fn cookie(name: impl Into<String>, options: CookieOptions) -> Self {
        Self { name: name.into(), carrier: Carrier::Cookie(options), strategy: StrategyChoice::Database }
    }

    /// Issues JSON Web Tokens instead.
    #[must_use]
    pub fn jwt(mut self, options: crate::token::JwtOptions) -> Self {
        self.strategy = StrategyChoice::Jwt(Box::new(options));
        self
    }

    /// Issues tokens of the app's own format instead.
    #[must_use]
    pub fn custom(mut self, strategy: impl TokenStrategy) -> Self {
        self.strategy = StrategyChoice::Custom(Arc::new(strategy));
        self
    }
}

/// A backend as it is used: named, with its transport and its strategy built.
#[derive(Clone)]
pub struct BuiltBackend {
    /// The backend's name.
    pub name: String,
    /// How its tokens travel.
    pub transport: Transport,
    pub(crate) strategy: Arc<dyn TokenStrategy>,
}
