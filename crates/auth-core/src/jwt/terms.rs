//! For whom tokens are, and how long they live: what every key signs by.

use std::time::Duration;

use time::OffsetDateTime;

use super::verify::Envelope;
use super::{AccessClaims, JwtError, JwtKey, MAX_TOKEN_BYTES, NewClaims};

/// How long a token is good for by default.
pub(crate) const DEFAULT_LIFETIME: Duration = Duration::from_secs(10 * 60);

const MAX_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// For whom tokens are, and how long they live: all of a codec but its keys.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    issuer: String,
    audience: String,
    lifetime: Duration,
}

impl Terms {
    /// Fails with all problems at once, in words for the operator. The lifetime is 10 minutes by default.
    pub(crate) fn new(issuer: String, audience: String, lifetime: Option<Duration>) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        for (name, value) in [("issuer", &issuer), ("audience", &audience)] {
            if value.trim().is_empty() {
                problems.push(format!("the JWT {name} must not be empty"));
            }
        }
        let lifetime = lifetime.unwrap_or(DEFAULT_LIFETIME);
        if lifetime < Duration::from_secs(1) || lifetime > MAX_LIFETIME {
            problems.push("the JWT lifetime must be between 1 second and 24 hours".to_owned());
        }
        if problems.is_empty() { Ok(Self { issuer, audience, lifetime }) } else { Err(problems) }
    }

    /// How long new tokens are valid.
    pub(crate) fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Whether tokens of both are for the same audience, from the same issuer.
    pub(crate) fn is_same_place(&self, other: &Self) -> bool {
        self.issuer == other.issuer && self.audience == other.audience
    }

    /// Makes a token that is valid from `now`; also returns its expiry in Unix seconds.
    pub(crate) fn sign(
        &self,
        key: &JwtKey,
        claims: &NewClaims,
        now: OffsetDateTime,
    ) -> Result<(String, i64), JwtError> {
        let iat = now.unix_timestamp();
        let exp = iat.saturating_add(self.lifetime_seconds());
        let claims = claims.complete(&self.issuer, &self.audience, iat, exp)?;
        let claims = serde_json::to_vec(&claims).map_err(|error| JwtError::Signing(error.to_string()))?;
        let token = key.sign(&claims)?;
        if token.len() > MAX_TOKEN_BYTES {
            return Err(JwtError::Signing(format!("the token would have {} bytes", token.len())));
        }
        Ok((token, exp))
    }

    /// Accepts a token that one of these keys signed, valid at `now`.
    pub(crate) fn verify<'k>(
        &self,
        keys: impl Iterator<Item = &'k JwtKey> + Clone,
        token: &str,
        now: OffsetDateTime,
    ) -> Result<AccessClaims, JwtError> {
        let claims = AccessClaims::read(&Envelope::open(token, MAX_TOKEN_BYTES)?.proved_by(keys)?)?;
        if claims.iss != self.issuer {
            return Err(JwtError::Refused("other issuer"));
        }
        if claims.aud != self.audience {
            return Err(JwtError::Refused("other audience"));
        }
        claims.check_times(now.unix_timestamp(), self.lifetime_seconds())?;
        Ok(claims)
    }

    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(super) fn lifetime_seconds(&self) -> i64 {
        // At most 24 hours, so the fallback is never reached.
        i64::try_from(self.lifetime.as_secs()).unwrap_or(i64::MAX)
    }
}
