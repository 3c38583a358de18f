//! Signing and verifying with a set of keys.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::terms::{DEFAULT_LIFETIME, Terms};
use super::{AccessClaims, JwtError, JwtKey, NewClaims};

/// What is wrong with two backends of one place and one key.
pub(crate) const SHARED: &str = "they accept each other's tokens: give each a key, an issuer or an audience of its own";

/// What access tokens are made of and accepted by.
#[derive(Debug, Clone)]
pub struct JwtCodecConfig {
    /// The `iss` claim, compared exactly.
    pub issuer: String,
    /// The `aud` claim, compared exactly.
    pub audience: String,
    /// How long a token is valid, in whole seconds; at most 24 hours.
    pub lifetime: Duration,
    /// Signs new tokens and verifies them.
    pub signing: JwtKey,
    /// Further keys that are accepted: the next one and those retired less than a lifetime ago.
    pub verification: Vec<JwtKey>,
}

impl JwtCodecConfig {
    /// Tokens that live for 10 minutes and are verified by the signing key alone.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>, signing: JwtKey) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            lifetime: DEFAULT_LIFETIME,
            signing,
            verification: Vec::new(),
        }
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if !self.signing.can_sign() {
            problems.push(format!("the JWT signing key {} must be a private key", self.signing.kid()));
        }
        let mut kids = HashSet::from([self.signing.kid()]);
        for key in &self.verification {
            if !kids.insert(key.kid()) {
                problems.push(format!("the JWT key id {} is used twice: give each key its own", key.kid()));
            }
        }
        problems
    }
}

/// Signs and verifies access tokens.
#[derive(Debug, Clone)]
pub struct JwtCodec {
    terms: Terms,
    signing: JwtKey,
    verification: Vec<JwtKey>,
}

impl JwtCodec {
    /// Checks the configuration, then signs and verifies one token so that keys that cannot work fail here.
    ///
    /// # Errors
    ///
    /// Fails with all problems at once, in words for the operator: empty issuer or audience, a lifetime outside of 1
    /// second to 24 hours, a signing key that can only verify, a key id that is used twice.
    pub fn new(config: JwtCodecConfig) -> Result<Self, Vec<String>> {
        let problems = config.problems();
        let JwtCodecConfig { issuer, audience, lifetime, signing, verification } = config;
        let terms = match Terms::new(issuer, audience, Some(lifetime)) {
            Ok(terms) if problems.is_empty() => terms,
            Ok(_) => return Err(problems),
            Err(found) => return Err([found, problems].concat()),
        };
        let codec = Self { terms, signing, verification };
        codec.smoke_test().map_err(|error| vec![format!("the JWT signing key does not work: {error}")])?;
        Ok(codec)
    }

    /// How long new tokens are valid.
    pub fn lifetime(&self) -> Duration {
        self.terms.lifetime()
    }

    /// What is wrong with using this codec and another one in one app, if anything is.
    pub(crate) fn conflict_with(&self, other: &Self) -> Option<String> {
        let pairs = || self.keys().flat_map(|own| other.keys().map(move |foreign| (own, foreign)));
        let mut of_one_name = pairs().filter(|(own, foreign)| own.kid() == foreign.kid());
        let published = |key: &JwtKey| key.public_jwk();
        if let Some((key, _)) = of_one_name.find(|(own, foreign)| {
            published(own).is_some() && published(foreign).is_some() && published(own) != published(foreign)
        }) {
            return Some(format!("two different keys have the id {}: give each key its own", key.kid()));
        }
        let same_place = self.terms.is_same_place(&other.terms);
        let shared = pairs().any(|(own, foreign)| own.is_fooled_by(foreign) || foreign.is_fooled_by(own));
        (same_place && shared).then(|| SHARED.to_owned())
    }

    /// Whether one of the keys is this shared secret.
    pub(crate) fn uses_secret(&self, secret: &[u8]) -> bool {
        JwtKey::hs256("secret", secret).is_ok_and(|signer| self.keys().any(|key| key.is_fooled_by(&signer)))
    }

    /// The public keys as a JWK set (RFC 7517 section 5), the signing key first; shared secrets are left out.
    pub fn jwks(&self) -> Value {
        json!({ "keys": self.public_keys() })
    }

    /// The public keys, the signing key first; shared secrets are left out.
    pub(crate) fn public_keys(&self) -> Vec<Value> {
        self.keys().filter_map(JwtKey::public_jwk).collect()
    }

    /// Makes a token that is valid from `now`; also returns its expiry in Unix seconds.
    ///
    /// # Errors
    ///
    /// Fails with [`JwtError::Signing`] for custom claims under reserved names, times before 1970, a token longer than
    /// [`MAX_TOKEN_BYTES`](super::MAX_TOKEN_BYTES), or a failure of the signature primitive.
    pub fn sign(&self, claims: &NewClaims, now: OffsetDateTime) -> Result<(String, i64), JwtError> {
        self.terms.sign(&self.signing, claims, now)
    }

    /// Accepts a token that one of the keys signed, for this issuer and audience, valid at `now`.
    ///
    /// # Errors
    ///
    /// Fails with [`JwtError::Refused`] for every other input.
    pub fn verify(&self, token: &str, now: OffsetDateTime) -> Result<AccessClaims, JwtError> {
        self.terms.verify(self.keys(), token, now)
    }

    /// By what it signs.
    pub(crate) fn terms(&self) -> &Terms {
        &self.terms
    }

    pub(crate) fn signing(&self) -> &JwtKey {
        &self.signing
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &JwtKey> + Clone {
        std::iter::once(&self.signing).chain(&self.verification)
    }

    fn smoke_test(&self) -> Result<(), JwtError> {
        let claims = NewClaims {
            sub: Uuid::nil(),
            sid: Uuid::nil(),
            jti: Uuid::nil(),
            security_epoch: 0,
            scope: None,
            auth_time: 0,
            amr: Vec::new(),
            aal: 1,
            custom: Map::new(),
        };
        let (token, _) = self.sign(&claims, OffsetDateTime::UNIX_EPOCH)?;
        self.verify(&token, OffsetDateTime::UNIX_EPOCH).map(|_| ())
    }
}
