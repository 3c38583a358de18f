//! Named ways to carry and to check tokens: a transport and a strategy.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use crate::clock::MAX_LIFETIME;
use crate::error::Result;
use crate::principal::Session;
use crate::token::{JwtOptions, TokenRef, TokenStrategy};

/// The `SameSite` attribute of a cookie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameSite {
    /// Sent with top-level navigation from other sites.
    #[default]
    Lax,
    /// Never sent with requests from other sites.
    Strict,
    /// Always sent; needs `Secure`.
    None,
}

/// How a cookie carries a token. The defaults are what the library recommends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CookieOptions {
    /// The cookie's name. By default `__Host-auth` over https; on plain http `auth_` and the port, because browsers send the
    /// cookies of one server to all others on the same machine. An app that changes `domain`, `path` or `partitioned` chooses a
    /// new name as well: browsers go on sending the old cookie beside the new one.
    pub name: Option<String>,
    /// How long the browser keeps it after the session was used; `None` for a cookie that it forgets when it is closed. A
    /// session that is remembered is kept to its end.
    pub max_age: Option<Duration>,
    /// The path that it is sent to; `/` by default.
    pub path: Option<String>,
    /// The domain that it is sent to with all below it: the host of the app, or one above it. `None` for the host that set it
    /// only.
    pub domain: Option<String>,
    /// When it travels with requests from other sites.
    pub same_site: SameSite,
    /// Whether browsers keep one for each site that embeds the app (CHIPS). For apps that live in frames of other sites, with
    /// [`SameSite::None`]; needs https.
    pub partitioned: bool,
}

/// How a client sends its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// `Authorization: Bearer` (RFC 6750).
    Bearer,
    /// A cookie (RFC 6265bis).
    Cookie {
        /// The cookie's name.
        name: String,
        /// How long the browser keeps it; `None` for a session cookie.
        max_age: Option<Duration>,
        /// The path that it is sent to.
        path: String,
        /// The domain that it is sent to; `None` for the host that set it only.
        domain: Option<String>,
        /// Whether it travels over https only.
        secure: bool,
        /// When it travels with requests from other sites.
        same_site: SameSite,
        /// Whether browsers keep one for each site that embeds the app.
        partitioned: bool,
    },
}

/// A named combination of a transport and a token format.
#[derive(Clone)]
pub struct Backend {
    pub(crate) name: String,
    pub(crate) carrier: Carrier,
    pub(crate) strategy: StrategyChoice,
    pub(crate) refresh: Option<RefreshOptions>,
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
        Self { name: name.into(), carrier: Carrier::Bearer, strategy: StrategyChoice::Database, refresh: None }
    }

    /// A backend whose tokens travel in a cookie, checked in the database unless another strategy is chosen.
    pub fn cookie(name: impl Into<String>, options: CookieOptions) -> Self {
        Self { name: name.into(), carrier: Carrier::Cookie(options), strategy: StrategyChoice::Database, refresh: None }
    }

    /// Issues JSON Web Tokens instead.
    #[must_use]
    pub fn jwt(mut self, options: JwtOptions) -> Self {
        self.strategy = StrategyChoice::Jwt(Box::new(options));
        self
    }

    /// Gives each session a refresh token beside its access token, which is good for minutes then.
    #[must_use]
    pub fn refresh(mut self, options: RefreshOptions) -> Self {
        self.refresh = Some(options);
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
    pub(crate) refresh: Option<Refresh>,
}

impl BuiltBackend {
    /// How its refresh tokens travel, if it has any that the common routes take: [`Transport::Bearer`] stands for bodies.
    #[must_use]
    pub fn refresh_transport(&self) -> Option<&Transport> {
        self.refresh.as_ref()?.transport.as_ref()
    }

    /// How all its tokens travel: its access tokens, then its refresh tokens if it has any.
    pub fn transports(&self) -> impl Iterator<Item = &Transport> {
        std::iter::once(&self.transport).chain(self.refresh_transport())
    }

    /// Whether its tokens have a store of their own, beside the database.
    #[must_use]
    pub fn has_store(&self) -> bool {
        self.strategy.forgets()
    }

    /// What an operator should know about that store: [`TokenStrategy::examine`].
    ///
    /// # Errors
    /// Fails when the store is unavailable.
    pub async fn examine(&self) -> Result<Vec<String>> {
        self.strategy.examine().await
    }

    /// The idle limit of its sessions: that of most, unless it refreshes its tokens.
    pub(crate) fn idle(&self, usual: Duration) -> Duration {
        self.refresh.as_ref().map_or(usual, |refresh| refresh.idle)
    }

    /// Whether a browser keeps one of its tokens.
    pub(crate) fn has_cookie(&self) -> bool {
        self.transports().any(|transport| *transport != Transport::Bearer)
    }
}

/// The longest time for which an exchange may be repeated.
pub(crate) const MAX_GRACE: Duration = Duration::from_secs(60);

/// How a backend refreshes its access tokens. The absolute limit of its sessions is that of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshOptions {
    /// Whether a backend whose access tokens are bearer tokens has its refresh tokens in a cookie, where scripts cannot read
    /// them. A backend whose access tokens are in a cookie always does. The cookie is for the host alone, and never sent with
    /// requests from other sites unless the backend's own is.
    pub in_cookie: bool,
    /// The name of that cookie. By default `__Host-refresh` over https, and on plain http `refresh_` and the port.
    pub cookie_name: Option<String>,
    /// For how long the exchange of a token may be repeated by the same client, which may not have got the answer; 10 seconds
    /// by default, 60 at most. With 0, a client that loses an answer has to log in again.
    pub grace: Duration,
    /// The idle limit: a session ends after this time without use; 14 days by default.
    pub idle: Duration,
    /// How long an access token is good for, where its format does not say it; 10 minutes by default.
    pub access_lifetime: Duration,
}

impl Default for RefreshOptions {
    fn default() -> Self {
        Self {
            in_cookie: false,
            cookie_name: None,
            grace: Duration::from_secs(10),
            idle: Duration::from_secs(14 * 24 * 60 * 60),
            access_lifetime: Duration::from_secs(600),
        }
    }
}

impl RefreshOptions {
    /// What is wrong with them.
    pub(crate) fn problems(&self) -> Vec<String> {
        let zero = self.idle.is_zero() || self.access_lifetime.is_zero();
        let checks = [
            (self.grace > MAX_GRACE, "set `grace` to at most 60 seconds: a copy of a token is good for as long"),
            (zero, "set `idle` and `access_lifetime` above zero"),
            (
                self.idle > MAX_LIFETIME || self.access_lifetime > MAX_LIFETIME,
                "set `idle` and `access_lifetime` to at most 400 days",
            ),
        ];
        checks.into_iter().filter(|(wrong, _)| *wrong).map(|(_, text)| text.to_owned()).collect()
    }
}

/// How a backend refreshes its access tokens, checked.
#[derive(Clone, Debug)]
pub(crate) struct Refresh {
    /// How its refresh tokens travel: as `Bearer`, in bodies. `None` where the backend has routes of its own for them.
    pub(crate) transport: Option<Transport>,
    pub(crate) grace: Duration,
    pub(crate) idle: Duration,
    pub(crate) access_lifetime: Duration,
}

impl Refresh {
    /// What the options say, with the way in which the tokens travel.
    pub(crate) fn new(options: &RefreshOptions, transport: Option<Transport>) -> Self {
        let RefreshOptions { grace, idle, access_lifetime, .. } = *options;
        Self { transport, grace, idle, access_lifetime }
    }

    /// Whether an access token is too old that does not say itself how long it is good for.
    pub(crate) fn is_stale(&self, session: &Session, token: TokenRef, now: OffsetDateTime) -> bool {
        matches!(token, TokenRef::Digest(_)) && session.token_at + self.access_lifetime <= now
    }

    /// How long an access token is good for, which its format may know.
    pub(crate) fn lifetime_of(&self, expires_in: Option<Duration>) -> Duration {
        expires_in.unwrap_or(self.access_lifetime)
    }
}

/// A strategy whose keys are not derived yet.
#[derive(Clone)]
pub(crate) enum StrategyChoice {
    Database,
    Jwt(Box<JwtOptions>),
    Custom(Arc<dyn TokenStrategy>),
}

/// The public keys of every backend as one JSON Web Key Set (RFC 7517).
///
/// # Errors
/// Fails when the keys of a backend cannot be known at present.
pub async fn key_set(backends: &[BuiltBackend], now: OffsetDateTime) -> Result<serde_json::Value> {
    let mut keys: Vec<serde_json::Value> = Vec::new();
    for backend in backends {
        for key in backend.strategy.public_keys(now).await? {
            // Backends of different audiences may share a key.
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    Ok(serde_json::json!({ "keys": keys }))
}
