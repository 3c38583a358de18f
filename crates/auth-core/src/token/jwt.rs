//! JSON Web Tokens (RFC 7519, RFC 9068) that name their session.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{NewToken, TokenRef, TokenStrategy, TokenSubject};
use crate::jwt::{AccessClaims, JwtCodec, JwtError, JwtKey, NewClaims, SHARED, Terms, UNKNOWN_KID, key_id};
use crate::role::UserRoles;
use crate::signing_key::Ring;
use crate::{Error, Result};

/// Claims that the app adds to every token, under names that are not registered: what it says about the user, the session and,
/// with [`JwtOptions::roles`], the roles.
pub type CustomClaims = Arc<dyn Fn(&TokenSubject<'_>) -> Map<String, Value> + Send + Sync>;

/// The keys of a JWT backend.
#[derive(Clone, Debug, Default)]
pub enum JwtKeys {
    /// HS256 with a key derived from the root secret: for apps that check their own tokens.
    #[default]
    Derived,
    /// One key to sign with, and others that are still (or already) accepted, for rotation.
    Given {
        /// The key to sign with.
        signing: JwtKey,
        /// Further keys to accept.
        verification: Vec<JwtKey>,
    },
    /// Key pairs that the library makes, keeps in the database and [rotates](crate::signing_key), the same for all backends that
    /// say so: see [`AuthBuilder::signing_keys`](crate::AuthBuilder::signing_keys). Call
    /// [`check_keys`](crate::Installation::check_keys) at each start, which makes the first.
    Managed,
}

/// How a backend issues JSON Web Tokens.
#[derive(Clone, Default)]
pub struct JwtOptions {
    /// The keys.
    pub keys: JwtKeys,
    /// `iss`; the public URL's origin by default.
    pub issuer: Option<String>,
    /// `aud`; the public URL's origin by default.
    pub audience: Option<String>,
    /// How long a token is good for; 10 minutes by default.
    pub lifetime: Option<Duration>,
    /// Claims that the app adds. Ids and roles age with the token, and anyone who holds it can read them: keep personal
    /// data out.
    pub claims: Option<CustomClaims>,
    /// Adds the claims `roles` (RFC 9068, section 2.2.3.1) and `default_role`, in place of the app's own of these names. They
    /// age with the token: a change is in the token of the next refresh.
    pub roles: bool,
}

pub(crate) struct JwtStrategy {
    pub(crate) keys: StrategyKeys,
    pub(crate) claims: Option<CustomClaims>,
    pub(crate) roles: bool,
}

/// What a strategy signs with and verifies by.
#[derive(Clone)]
pub(crate) enum StrategyKeys {
    /// The keys of the configuration.
    Fixed(JwtCodec),
    /// Those in the database.
    Managed(Terms, Ring),
}

impl StrategyKeys {
    /// What is wrong with using both in one app, if anything is.
    pub(crate) fn conflict_with(&self, other: &Self) -> Option<String> {
        match (self, other) {
            (Self::Fixed(first), Self::Fixed(second)) => first.conflict_with(second),
            (Self::Managed(first, _), Self::Managed(second, _)) => {
                first.is_same_place(second).then(|| SHARED.to_owned())
            }
            // Only the library has its keys.
            _ => None,
        }
    }

    fn lifetime(&self) -> Duration {
        match self {
            Self::Fixed(codec) => codec.lifetime(),
            Self::Managed(terms, _) => terms.lifetime(),
        }
    }

    async fn verify(&self, token: &str, now: OffsetDateTime) -> Result<Result<AccessClaims, JwtError>> {
        let (terms, ring) = match self {
            Self::Fixed(codec) => return Ok(codec.verify(token, now)),
            Self::Managed(terms, ring) => (terms, ring),
        };
        let read = terms.verify(ring.keys(now).await?.accepted(now), token, now);
        if read != Err(UNKNOWN_KID) {
            return Ok(read);
        }
        let Some(id) = key_id(token).and_then(|kid| Uuid::parse_str(&kid).ok()) else { return Ok(read) };
        Ok(terms.verify(ring.keys_with(id, now).await?.accepted(now), token, now))
    }
}

#[async_trait::async_trait]
impl TokenStrategy for JwtStrategy {
    async fn issue(&self, subject: TokenSubject<'_>) -> Result<NewToken> {
        let TokenSubject { user, session, roles, now, random, tx, .. } = subject;
        let mut custom = self.claims.as_ref().map(|claims| claims(&subject)).unwrap_or_default();
        if let Some(UserRoles { roles, default_role }) = roles {
            custom.insert("roles".to_owned(), json!(roles));
            custom.insert("default_role".to_owned(), json!(default_role));
        }
        let claims = NewClaims {
            sub: user.id,
            sid: session.id,
            jti: crate::random::new_id(random, now)?,
            security_epoch: user.security_epoch,
            scope: session.scope.clone(),
            auth_time: session.auth_time.unix_timestamp(),
            amr: session.amr().map(str::to_owned).collect(),
            aal: session.aal,
            custom,
        };
        let signed = match &self.keys {
            StrategyKeys::Fixed(codec) => codec.sign(&claims, now),
            StrategyKeys::Managed(terms, ring) => terms.sign(ring.keys_within(tx, now).await?.signing()?, &claims, now),
        };
        let (token, _) = signed.map_err(Error::internal)?;
        Ok(NewToken { token: token.into(), digest: None, expires_in: Some(self.keys.lifetime()) })
    }

    fn wants_roles(&self) -> bool {
        self.roles
    }

    async fn read(&self, token: &str, now: OffsetDateTime) -> Result<Option<TokenRef>> {
        let claims = self.access_claims(token, now).await?;
        Ok(claims.map(|claims| TokenRef::Session { id: claims.sid, security_epoch: claims.security_epoch }))
    }

    async fn access_claims(&self, token: &str, now: OffsetDateTime) -> Result<Option<AccessClaims>> {
        let claims = self.keys.verify(token, now).await?;
        Ok(claims.inspect_err(|reason| tracing::debug!(%reason, "token refused")).ok())
    }

    async fn public_keys(&self, now: OffsetDateTime) -> Result<Vec<Value>> {
        Ok(match &self.keys {
            StrategyKeys::Fixed(codec) => codec.public_keys(),
            StrategyKeys::Managed(_, ring) => {
                ring.keys(now).await?.accepted(now).filter_map(JwtKey::public_jwk).collect()
            }
        })
    }
}
