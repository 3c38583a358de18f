//! The claims of an access token.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::JwtError;
use crate::hidden::Hidden;
use crate::scope;

/// The claims that the codec itself writes and reads; the app's own must have other names.
pub(super) const OWN_CLAIMS: [&str; 13] =
    ["iss", "aud", "sub", "sid", "jti", "sev", "iat", "nbf", "exp", "auth_time", "aal", "amr", "scope"];

/// What the caller says about a new access token; issuer, audience and times are the codec's. `Debug` hides the claims of
/// the app.
#[derive(Clone, PartialEq, Eq)]
pub struct NewClaims {
    /// The user.
    pub sub: Uuid,
    /// The session that the token was issued in.
    pub sid: Uuid,
    /// The token itself: deny lists go by it.
    pub jti: Uuid,
    /// The user's security epoch at issue: the claim `sev`.
    pub security_epoch: i64,
    /// Scopes separated by spaces (RFC 6749 section 3.3), if the token is limited to some.
    pub scope: Option<String>,
    /// When the user last authenticated, in Unix seconds.
    pub auth_time: i64,
    /// The methods of that authentication (RFC 8176).
    pub amr: Vec<String>,
    /// Authenticator assurance level, 1 to 3 (NIST SP 800-63B).
    pub aal: u8,
    /// The app's own claims, under other names than the above.
    pub custom: Map<String, Value>,
}

/// The claims of a verified access token, as they stand in it. `Debug` hides those of the app.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AccessClaims {
    /// The issuer, equal to the configured one.
    pub iss: String,
    /// The audience, equal to the configured one.
    pub aud: String,
    /// The user.
    pub sub: Uuid,
    /// The session that the token was issued in.
    pub sid: Uuid,
    /// The token itself: deny lists go by it.
    pub jti: Uuid,
    /// The user's security epoch at issue, the claim `sev`; the token is void once the user's is another.
    #[serde(rename = "sev")]
    pub security_epoch: i64,
    /// Issued at, in Unix seconds.
    pub iat: i64,
    /// Not valid before, in Unix seconds.
    pub nbf: i64,
    /// Expires at, in Unix seconds.
    pub exp: i64,
    /// When the user last authenticated, in Unix seconds.
    pub auth_time: i64,
    /// Authenticator assurance level (NIST SP 800-63B).
    pub aal: u8,
    /// The methods by which the user authenticated (RFC 8176).
    pub amr: Vec<String>,
    /// Scopes separated by spaces, if the token is limited to some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The app's own claims.
    #[serde(flatten)]
    pub custom: Map<String, Value>,
}

impl fmt::Debug for NewClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sub, sid, jti, security_epoch, scope, auth_time, amr, aal, custom: _ } = self;
        f.debug_struct("NewClaims")
            .field("sub", sub)
            .field("sid", sid)
            .field("jti", jti)
            .field("security_epoch", security_epoch)
            .field("scope", scope)
            .field("auth_time", auth_time)
            .field("amr", amr)
            .field("aal", aal)
            .field("custom", &Hidden)
            .finish()
    }
}

impl fmt::Debug for AccessClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { iss, aud, sub, sid, jti, security_epoch, exp, scope, .. } = self;
        f.debug_struct("AccessClaims")
            .field("iss", iss)
            .field("aud", aud)
            .field("sub", sub)
            .field("sid", sid)
            .field("jti", jti)
            .field("security_epoch", security_epoch)
            .field("exp", exp)
            .field("scope", scope)
            .finish_non_exhaustive()
    }
}

impl NewClaims {
    /// Completes the claims; refuses what [`AccessClaims::read`] would not read back.
    pub(super) fn complete(&self, iss: &str, aud: &str, iat: i64, exp: i64) -> Result<AccessClaims, JwtError> {
        if let Some(name) = OWN_CLAIMS.iter().find(|name| self.custom.contains_key(**name)) {
            return Err(JwtError::Signing(format!("custom claim {name} is reserved")));
        }
        if iat < 0 || self.auth_time < 0 {
            return Err(JwtError::Signing("a time before 1970".to_owned()));
        }
        Ok(AccessClaims {
            iss: iss.to_owned(),
            aud: aud.to_owned(),
            sub: self.sub,
            sid: self.sid,
            jti: self.jti,
            security_epoch: self.security_epoch,
            iat,
            nbf: iat,
            exp,
            auth_time: self.auth_time,
            aal: self.aal,
            amr: self.amr.clone(),
            scope: self.scope.clone(),
            custom: self.custom.clone(),
        })
    }
}

impl AccessClaims {
    /// Insists on scopes. A token that is not limited has all of them.
    ///
    /// # Errors
    /// Fails with `SCOPE_UPGRADE_REQUIRED`, which lists the missing ones.
    pub fn require_scopes(&self, required: &[impl AsRef<str>]) -> crate::Result<()> {
        scope::require(self.scope.as_deref(), required)
    }
}
