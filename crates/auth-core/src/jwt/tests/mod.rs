//! Forgeries, each beside the good token that it was made from, and each refused for its own reason.

mod claims;
mod codec;
mod header;
mod keys;
mod mutation;
mod pem;
mod provider;
mod signature;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::primitive::SigningKey;
use super::*;

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://app.example/auth";
const AUDIENCE: &str = "app.example";

fn now() -> OffsetDateTime {
    at(NOW)
}

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap()
}

/// A codec that accepts one key of every algorithm, each under the name of its algorithm.
fn codec() -> JwtCodec {
    let mut config = JwtCodecConfig::new(ISSUER, AUDIENCE, JwtKey::ed25519_pem("EdDSA", pem::ED25519).unwrap());
    config.verification = vec![
        JwtKey::hs256("HS256", pem::HMAC).unwrap(),
        JwtKey::es256_pem("ES256", pem::P256).unwrap(),
        JwtKey::rs256_public_pem("RS256", pem::RSA_2048_PUBLIC).unwrap(),
    ];
    JwtCodec::new(config).unwrap()
}

/// Signs any text, also what [`JwtCodec::sign`] would never write.
struct Forger {
    algorithm: JwtAlgorithm,
    key: SigningKey,
}

impl Forger {
    fn all() -> [Self; 4] {
        [
            (JwtAlgorithm::EdDsa, EncodingKey::from_ed_pem(pem::ED25519.as_bytes())),
            (JwtAlgorithm::Hs256, Ok(EncodingKey::from_secret(pem::HMAC))),
            (JwtAlgorithm::Es256, EncodingKey::from_ec_pem(pem::P256.as_bytes())),
            (JwtAlgorithm::Rs256, EncodingKey::from_rsa_pem(pem::RSA_2048.as_bytes())),
        ]
        .map(|(algorithm, key)| Self::new(algorithm, &key.unwrap()))
    }

    fn new(algorithm: JwtAlgorithm, key: &EncodingKey) -> Self {
        Self { algorithm, key: SigningKey::new(algorithm.primitive(), key).unwrap() }
    }

    fn header(&self) -> Value {
        json!({ "alg": self.algorithm.name(), "kid": self.algorithm.name(), "typ": "at+jwt" })
    }

    fn token(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", encode(header), encode(claims));
        let signature = self.key.sign(message.as_bytes()).unwrap();
        format!("{message}.{}", encode(signature))
    }

    fn good(&self) -> String {
        self.token(&self.header().to_string(), &good_claims().to_string())
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// The claims of [`new_claims`] as they stand in a token that was issued [`NOW`].
fn good_claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE,
        "sub": id(1), "sid": id(2), "jti": id(3), "sev": 4,
        "iat": NOW, "nbf": NOW, "exp": NOW + 600, "auth_time": NOW - 60,
        "aal": 2, "amr": ["pwd", "otp"], "scope": "read write", "team": { "id": 7 },
    })
}

fn new_claims() -> NewClaims {
    NewClaims {
        sub: id(1),
        sid: id(2),
        jti: id(3),
        security_epoch: 4,
        scope: Some("read write".to_owned()),
        auth_time: NOW - 60,
        amr: vec!["pwd".to_owned(), "otp".to_owned()],
        aal: 2,
        custom: json!({ "team": { "id": 7 } }).as_object().cloned().unwrap(),
    }
}

/// `value` with one member set, or removed when there is no replacement.
fn with(mut value: Value, name: &str, replacement: Option<Value>) -> Value {
    let members = value.as_object_mut().unwrap();
    match replacement {
        Some(replacement) => members.insert(name.to_owned(), replacement),
        None => members.remove(name),
    };
    value
}

#[track_caller]
fn assert_accepted(token: &str) {
    let claims = codec().verify(token, now()).unwrap();
    assert_eq!(serde_json::to_value(claims).unwrap(), good_claims());
}

#[track_caller]
fn assert_refused(token: &str, reason: &'static str) {
    assert_eq!(codec().verify(token, now()), Err(JwtError::Refused(reason)), "{token}");
}
