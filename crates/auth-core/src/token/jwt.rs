//! JSON Web Tokens (RFC 7519, RFC 9068) that name their session.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::DatabaseTransaction;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{NewToken, TokenRef, TokenStrategy, TokenSubject};
use crate::jwt::{
    AccessClaims, JwtCodec, JwtError, JwtKey, NewClaims, PlainClaims, SHARED, Terms, UNKNOWN_KID, key_id, plain_key_id,
};
use crate::role::UserRoles;
use crate::signing_key::{Known, Ring};
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

    pub(crate) fn lifetime(&self) -> Duration {
        match self {
            Self::Fixed(codec) => codec.lifetime(),
            Self::Managed(terms, _) => terms.lifetime(),
        }
    }

    /// The key to sign with, and by what terms.
    pub(crate) async fn sign<T>(
        &self,
        tx: &DatabaseTransaction,
        now: OffsetDateTime,
        sign: impl FnOnce(&Terms, &JwtKey) -> Result<T, JwtError>,
    ) -> Result<T> {
        let signed = match self {
            Self::Fixed(codec) => sign(codec.terms(), codec.signing()),
            Self::Managed(terms, ring) => sign(terms, ring.keys_within(tx, now).await?.signing()?),
        };
        signed.map_err(Error::internal)
    }

    async fn verify(&self, token: &str, now: OffsetDateTime) -> Result<Result<AccessClaims, JwtError>> {
        match self {
            Self::Fixed(codec) => Ok(codec.verify(token, now)),
            Self::Managed(terms, ring) => {
                by_ring(ring, now, || key_id(token), |keys| terms.verify(keys.accepted(now), token, now)).await
            }
        }
    }

    /// The same for tokens that name no session.
    pub(crate) async fn verify_plain(&self, token: &str, now: OffsetDateTime) -> Result<Result<PlainClaims, JwtError>> {
        match self {
            Self::Fixed(codec) => Ok(codec.terms().verify_plain(codec.keys(), token, now)),
            Self::Managed(terms, ring) => {
                let verify = |keys: &Known| terms.verify_plain(keys.accepted(now), token, now);
                by_ring(ring, now, || plain_key_id(token), verify).await
            }
        }
    }

    /// The public keys as JSON Web Keys.
    pub(crate) async fn public_keys(&self, now: OffsetDateTime) -> Result<Vec<Value>> {
        Ok(match self {
            Self::Fixed(codec) => codec.public_keys(),
            Self::Managed(_, ring) => ring.keys(now).await?.accepted(now).filter_map(JwtKey::public_jwk).collect(),
        })
    }
}

/// Verifies by the keys that are known, and by newer ones when a token names one that is not.
async fn by_ring<T>(
    ring: &Ring,
    now: OffsetDateTime,
    key_id: impl FnOnce() -> Option<String>,
    verify: impl Fn(&Known) -> Result<T, JwtError>,
) -> Result<Result<T, JwtError>> {
    let read = verify(&*ring.keys(now).await?);
    if !matches!(&read, Err(reason) if *reason == UNKNOWN_KID) {
        return Ok(read);
    }
    let Some(id) = key_id().and_then(|kid| Uuid::parse_str(&kid).ok()) else { return Ok(read) };
    Ok(verify(&*ring.keys_with(id, now).await?))
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
        let (token, _) = self.keys.sign(tx, now, |terms, key| terms.sign(key, &claims, now)).await?;
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
        self.keys.public_keys(now).await
    }
}
