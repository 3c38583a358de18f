//! JSON Web Tokens (RFC 7519, RFC 9068) that name their session.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::{NewToken, TokenRef, TokenStrategy, TokenSubject};
use crate::jwt::{AccessClaims, JwtCodec, JwtKey, NewClaims};
use crate::role::UserRoles;
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
    pub(crate) codec: JwtCodec,
    pub(crate) claims: Option<CustomClaims>,
    pub(crate) roles: bool,
}

#[async_trait::async_trait]
impl TokenStrategy for JwtStrategy {
    async fn issue(&self, subject: TokenSubject<'_>) -> Result<NewToken> {
        let TokenSubject { user, session, roles, now, random, .. } = subject;
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
        let (token, _) = self.codec.sign(&claims, now).map_err(Error::internal)?;
        Ok(NewToken { token: token.into(), digest: None, expires_in: Some(self.codec.lifetime()) })
    }

    fn wants_roles(&self) -> bool {
        self.roles
    }

    async fn read(&self, token: &str, now: OffsetDateTime) -> Result<Option<TokenRef>> {
        let claims = self.access_claims(token, now).await?;
        Ok(claims.map(|claims| TokenRef::Session { id: claims.sid, security_epoch: claims.security_epoch }))
    }

    async fn access_claims(&self, token: &str, now: OffsetDateTime) -> Result<Option<AccessClaims>> {
        Ok(self.codec.verify(token, now).inspect_err(|reason| tracing::debug!(%reason, "token refused")).ok())
    }

    async fn public_keys(&self, _: OffsetDateTime) -> Result<Vec<Value>> {
        Ok(self.codec.public_keys())
    }
}
