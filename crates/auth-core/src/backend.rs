//! Named ways to carry and to check tokens: a transport and a strategy.

use std::sync::Arc;
use std::time::Duration;

use crate::token::{JwtOptions, TokenStrategy};

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
    pub fn jwt(mut self, options: JwtOptions) -> Self {
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

/// A strategy whose keys are not derived yet.
#[derive(Clone)]
pub(crate) enum StrategyChoice {
    Database,
    Jwt(Box<JwtOptions>),
    Custom(Arc<dyn TokenStrategy>),
}

/// The public keys of every backend as one JSON Web Key Set (RFC 7517).
#[must_use]
pub fn key_set(backends: &[BuiltBackend]) -> serde_json::Value {
    let mut keys: Vec<serde_json::Value> = Vec::new();
    for key in backends.iter().flat_map(|backend| backend.strategy.public_keys()) {
        // Backends of different audiences may share a key.
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    serde_json::json!({ "keys": keys })
}
