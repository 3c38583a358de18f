//! The configuration of token pairs.

use std::fmt;
use std::time::Duration;

use crate::backend::RefreshOptions;
use crate::jwt::PLAIN_CLAIMS;
use crate::magic_link::LONGEST_WAIT;
use crate::token::{CustomClaims, JwtKeys, JwtOptions};

/// The name of the backend: what sessions and events show.
pub(crate) const NAME: &str = "hasura";

/// The longest time that a token may live which only the end of all sessions ends.
const MAX_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// The routes of token pairs: none, unless the app has [options](HasuraOptions) for them.
#[derive(Clone, Debug, Default)]
pub struct HasuraConfig {
    pub(crate) options: Option<HasuraOptions>,
}

impl From<HasuraOptions> for HasuraConfig {
    fn from(options: HasuraOptions) -> Self {
        Self { options: Some(options) }
    }
}

/// What token pairs are made of.
#[derive(Clone)]
pub struct HasuraOptions {
    /// The keys. The derived one suffices where only the app reads the tokens. A GraphQL server needs one that it is
    /// [given](JwtKeys::Given) as well, or reads the public halves of [managed](JwtKeys::Managed) ones from `/auth/jwks`.
    pub keys: JwtKeys,
    /// The claim below which the others stand; `hasura` by default. Servers of Hasura expect `https://hasura.io/jwt/claims` unless
    /// they are told another one.
    pub namespace: String,
    /// `iss`; the public URL's origin by default.
    pub issuer: Option<String>,
    /// How long a JSON Web Token is good for; 10 minutes by default, an hour at most. A session that ends by itself leaves it until
    /// then.
    pub lifetime: Duration,
    /// Session variables of the app's own, each under its name behind `x-hasura-`. Tokens of one user are the same within a second
    /// if this looks at nothing but the user.
    pub claims: Option<CustomClaims>,
    /// How long a registration without a password [waits](crate::magic_link::MagicLinks::wait) for its link to be confirmed, so that it
    /// answers a pair; at most 5 minutes. None by default: the answer comes at once, and the link logs in the device that opens it.
    /// Confirming lets another device in, which people can be talked into: the mail and the page say which device it is.
    pub magic_link_wait: Option<Duration>,
    /// The refresh tokens, which travel as the client wishes at each login. Its `access_lifetime` means nothing here.
    pub refresh: RefreshOptions,
}

impl Default for HasuraOptions {
    fn default() -> Self {
        Self {
            keys: JwtKeys::default(),
            namespace: "hasura".to_owned(),
            issuer: None,
            lifetime: Duration::from_secs(600),
            claims: None,
            magic_link_wait: None,
            refresh: RefreshOptions::default(),
        }
    }
}

impl fmt::Debug for HasuraOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HasuraOptions").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

impl HasuraConfig {
    /// Everything that is wrong with this configuration; empty when it can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let Some(options) = &self.options else { return Vec::new() };
        let taken = options.namespace.trim().is_empty() || PLAIN_CLAIMS.contains(&options.namespace.as_str());
        let checks = [
            (taken, "set `hasura.namespace` to the name of a claim that has no other meaning, such as `hasura`"),
            (
                options.magic_link_wait.is_some_and(|wait| wait < Duration::from_secs(1) || wait > LONGEST_WAIT),
                "set `hasura.magic_link_wait` to between a second and 5 minutes",
            ),
            (
                options.lifetime > MAX_LIFETIME,
                "set `hasura.lifetime` to at most an hour: nothing ends one token before",
            ),
        ];
        let own = checks.into_iter().filter(|(wrong, _)| *wrong).map(|(_, text)| text.to_owned());
        own.chain(options.refresh.problems().into_iter().map(|problem| format!("`hasura.refresh`: {problem}")))
            .collect()
    }
}

impl HasuraOptions {
    /// How its JSON Web Tokens are signed.
    pub(crate) fn tokens(&self) -> JwtOptions {
        JwtOptions {
            keys: self.keys.clone(),
            issuer: self.issuer.clone(),
            lifetime: Some(self.lifetime),
            ..JwtOptions::default()
        }
    }
}
