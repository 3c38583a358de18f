//! Keys: one algorithm, one id each.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{DecodingKey, DecodingKeyKind, EncodingKey};
use serde_json::{Value, json};

use super::primitive::{SigningKey, VerifyingKey};
use super::provider::{by_components, install};
use super::{JwtAlgorithm, JwtError, TOKEN_TYPE};
use crate::weakness::{MIN_BYTES, weakness};

const PRIVATE_PEM: &str = "-----BEGIN PRIVATE KEY-----";
const PUBLIC_PEM: &str = "-----BEGIN PUBLIC KEY-----";

/// How the base64 of every P-256 public key begins: the identifiers of RFC 5480 and the mark of an uncompressed point.
/// The parser below tells curves apart by length alone and would take a secp256k1 key.
const P256_SPKI_START: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE";

/// The length of an Ed25519 key in PKCS#8 version 1 (RFC 8410 section 7).
const ED25519_PKCS8_BYTES: usize = 48;

const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Why a key is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwtKeyError {
    /// A key id is 1 to 128 ASCII letters, digits or `-`, `_`, `.`, `:`.
    #[error("a key id must be 1 to 128 ASCII letters, digits or - _ . :")]
    KeyId,
    /// RFC 7518 section 3.2.
    #[error("an HS256 secret must have at least 32 bytes")]
    SecretTooShort,
    /// The secret can be guessed.
    #[error("the HS256 secret is weak: {0}")]
    WeakSecret(&'static str),
    /// The text is not a key of this kind.
    #[error("expected {0}")]
    Malformed(&'static str),
    /// RFC 7518 section 3.3 asks for 2048 bits; more than 8192 cannot be verified.
    #[error("an RSA key must have 2048 to 8192 bits")]
    RsaSize,
}

/// A key with the one algorithm that it is used with. Cheap to clone; `Debug` shows no key material.
#[derive(Clone)]
pub struct JwtKey(Arc<Parts>);

struct Parts {
    kid: String,
    algorithm: JwtAlgorithm,
    /// The encoded header of every token that this key signs.
    header: String,
    signing: Option<SigningKey>,
    verifying: VerifyingKey,
    public_jwk: Option<Value>,
}

impl JwtKey {
    /// A shared secret for signing and verifying with HS256.
    ///
    /// # Errors
    ///
    /// Fails for fewer than 32 bytes, PEM documents, secrets that contain a placeholder word (such as `secret` or
    /// `changeme`) and bytes without variety.
    pub fn hs256(kid: &str, secret: &[u8]) -> Result<Self, JwtKeyError> {
        if secret.len() < MIN_BYTES {
            return Err(JwtKeyError::SecretTooShort);
        }
        if let Some(weakness) = weakness(secret) {
            return Err(JwtKeyError::WeakSecret(weakness));
        }
        const EXPECTED: JwtKeyError = JwtKeyError::Malformed("an HS256 secret");
        let algorithm = JwtAlgorithm::Hs256;
        let signing =
            SigningKey::new(algorithm.primitive(), &EncodingKey::from_secret(secret)).map_err(|_| EXPECTED)?;
        Self::assemble(kid, algorithm, Some(signing), &DecodingKey::from_secret(secret), EXPECTED)
    }

    /// An Ed25519 private key, PKCS#8 version 1 in PEM (as OpenSSL writes it), for signing and verifying.
    ///
    /// # Errors
    ///
    /// Fails with [`JwtKeyError::KeyId`], or with [`JwtKeyError::Malformed`] for anything other than such a key.
    pub fn ed25519_pem(kid: &str, pkcs8_pem: &str) -> Result<Self, JwtKeyError> {
        const EXPECTED: JwtKeyError = JwtKeyError::Malformed("an Ed25519 private key in PKCS#8 PEM");
        require_label(pkcs8_pem, PRIVATE_PEM, EXPECTED)?;
        let signing = EncodingKey::from_ed_pem(pkcs8_pem.as_bytes()).map_err(|_| EXPECTED)?;
        if signing.as_bytes().len() != ED25519_PKCS8_BYTES {
            return Err(EXPECTED);
        }
        Self::pair(kid, JwtAlgorithm::EdDsa, &signing, EXPECTED)
    }

    /// A P-256 private key, PKCS#8 in PEM, for signing and verifying with ES256.
    ///
    /// # Errors
    ///
    /// Fails with [`JwtKeyError::KeyId`], or with [`JwtKeyError::Malformed`] for anything other than such a key.
    pub fn es256_pem(kid: &str, pkcs8_pem: &str) -> Result<Self, JwtKeyError> {
        const EXPECTED: JwtKeyError = JwtKeyError::Malformed("a P-256 private key in PKCS#8 PEM");
        require_label(pkcs8_pem, PRIVATE_PEM, EXPECTED)?;
        let signing = EncodingKey::from_ec_pem(pkcs8_pem.as_bytes()).map_err(|_| EXPECTED)?;
        Self::pair(kid, JwtAlgorithm::Es256, &signing, EXPECTED)
    }

    /// An Ed25519 public key, SubjectPublicKeyInfo in PEM, for verifying.
    ///
    /// # Errors
    ///
    /// Fails with [`JwtKeyError::KeyId`], or with [`JwtKeyError::Malformed`] for anything other than such a key.
    pub fn ed25519_public_pem(kid: &str, spki_pem: &str) -> Result<Self, JwtKeyError> {
        const EXPECTED: JwtKeyError = JwtKeyError::Malformed("an Ed25519 public key in SubjectPublicKeyInfo PEM");
        require_label(spki_pem, PUBLIC_PEM, EXPECTED)?;
        let key = DecodingKey::from_ed_pem(spki_pem.as_bytes()).map_err(|_| EXPECTED)?;
        Self::assemble(kid, JwtAlgorithm::EdDsa, None, &key, EXPECTED)
    }

    /// A P-256 public key, SubjectPublicKeyInfo in PEM with an uncompressed point, for verifying ES256.
    ///
    /// # Errors
    ///
    /// Fails with [`JwtKeyError::KeyId`], or with [`JwtKeyError::Malformed`] for anything other than such a key.
    pub fn es256_public_pem(kid: &str, spki_pem: &str) -> Result<Self, JwtKeyError> {
        const EXPECTED: JwtKeyError = JwtKeyError::Malformed("a P-256 public key in SubjectPublicKeyInfo PEM");
        let body = require_label(spki_pem, PUBLIC_PEM, EXPECTED)?;
        if !body.trim_start().starts_with(P256_SPKI_START) {
            return Err(EXPECTED);
        }
        let key = DecodingKey::from_ec_pem(spki_pem.as_bytes()).map_err(|_| EXPECTED)?;
        Self::assemble(kid, JwtAlgorithm::Es256, None, &key, EXPECTED)
    }

    /// An RSA public key, SubjectPublicKeyInfo in PEM, for verifying RS256.
    ///
    /// # Errors
    ///
    /// Fails with [`JwtKeyError::RsaSize`] below 2048 and above 8192 bits, with [`JwtKeyError::KeyId`], and with
    /// [`JwtKeyError::Malformed`] for anything other than such a key.
    pub fn rs256_public_pem(kid: &str, spki_pem: &str) -> Result<Self, JwtKeyError> {
        const EXPECTED: JwtKeyError = JwtKeyError::Malformed("an RSA public key in SubjectPublicKeyInfo PEM");
        require_label(spki_pem, PUBLIC_PEM, EXPECTED)?;
        let key = DecodingKey::from_rsa_pem(spki_pem.as_bytes()).and_then(|key| by_components(&key));
        let key = key.map_err(|_| EXPECTED)?;
        if let DecodingKeyKind::RsaModulusExponent { n, .. } = key.kind()
            && !RSA_BITS.contains(&bits(n))
        {
            return Err(JwtKeyError::RsaSize);
        }
        Self::assemble(kid, JwtAlgorithm::Rs256, None, &key, EXPECTED)
    }

    /// The name under which tokens refer to this key.
    pub fn kid(&self) -> &str {
        &self.0.kid
    }

    /// The one algorithm of this key.
    pub fn algorithm(&self) -> JwtAlgorithm {
        self.0.algorithm
    }

    /// Whether the signing half is there.
    pub fn can_sign(&self) -> bool {
        self.0.signing.is_some()
    }

    /// The public half as a JWK (RFC 7517) with `use`, `alg` and `kid`; `None` for a shared secret.
    pub fn public_jwk(&self) -> Option<Value> {
        self.0.public_jwk.clone()
    }

    /// The encoded header of every token that this key signs: `alg`, `kid` and `typ`.
    pub(super) fn header(&self) -> &str {
        &self.0.header
    }

    /// Encodes the claims beside this key's header and signs both.
    pub(super) fn sign(&self, claims: &[u8]) -> Result<String, JwtError> {
        self.sign_below(&self.0.header, claims)
    }

    /// The same beside another header, which is encoded already.
    pub(super) fn sign_below(&self, header: &str, claims: &[u8]) -> Result<String, JwtError> {
        let Some(key) = &self.0.signing else {
            return Err(JwtError::Signing(format!("key {} can only verify", self.0.kid)));
        };
        let mut token = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
        let signature = key.sign(token.as_bytes()).map_err(|error| JwtError::Signing(error.to_string()))?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    /// Whether `signature` is this key's over `message`.
    pub(super) fn verifies(&self, signature: &[u8], message: &str) -> bool {
        self.0.verifying.verifies(message.as_bytes(), signature)
    }

    /// Whether this key verifies what `signer` signs, whatever their ids are.
    pub(crate) fn is_fooled_by(&self, signer: &Self) -> bool {
        const MESSAGE: &str = "{}";
        let signature = signer.0.signing.as_ref().and_then(|key| key.sign(MESSAGE.as_bytes()).ok());
        self.algorithm() == signer.algorithm() && signature.is_some_and(|signature| self.verifies(&signature, MESSAGE))
    }

    pub(super) fn pair(
        kid: &str,
        algorithm: JwtAlgorithm,
        signing: &EncodingKey,
        expected: JwtKeyError,
    ) -> Result<Self, JwtKeyError> {
        let signing = SigningKey::new(algorithm.primitive(), signing).map_err(|_| expected)?;
        let public = signing.public_half().ok_or(expected)?;
        Self::assemble(kid, algorithm, Some(signing), &public, expected)
    }

    pub(super) fn assemble(
        kid: &str,
        algorithm: JwtAlgorithm,
        signing: Option<SigningKey>,
        verifying: &DecodingKey,
        expected: JwtKeyError,
    ) -> Result<Self, JwtKeyError> {
        // The app may go on with `jsonwebtoken` itself.
        install();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        if !(1..=128).contains(&kid.len()) || !kid.bytes().all(allowed) {
            return Err(JwtKeyError::KeyId);
        }
        let header = json!({ "alg": algorithm.name(), "kid": kid, "typ": TOKEN_TYPE }).to_string();
        Ok(Self(Arc::new(Parts {
            kid: kid.to_owned(),
            algorithm,
            header: URL_SAFE_NO_PAD.encode(header),
            signing,
            verifying: VerifyingKey::new(algorithm.primitive(), verifying).map_err(|_| expected)?,
            public_jwk: published(kid, algorithm, verifying),
        })))
    }
}

impl fmt::Debug for JwtKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("JwtKey")
            .field("kid", &self.0.kid)
            .field("algorithm", &self.0.algorithm)
            .field("can_sign", &self.can_sign())
            .finish_non_exhaustive()
    }
}

/// The PEM text behind the label; the parser itself would also take certificates and foreign kinds of keys.
fn require_label<'a>(pem: &'a str, label: &str, expected: JwtKeyError) -> Result<&'a str, JwtKeyError> {
    pem.trim_start().strip_prefix(label).ok_or(expected)
}

fn bits(bytes: &[u8]) -> usize {
    let mut significant = bytes.iter().skip_while(|byte| **byte == 0);
    significant.next().map_or(0, |first| 8 - first.leading_zeros() as usize + 8 * significant.count())
}

/// A shared secret has no public half. The other keys are turned into a JWK without a provider.
fn published(kid: &str, algorithm: JwtAlgorithm, key: &DecodingKey) -> Option<Value> {
    if algorithm == JwtAlgorithm::Hs256 {
        return None;
    }
    let mut jwk = Jwk::from_decoding_key(key, Some(algorithm.primitive())).ok()?;
    jwk.common.key_id = Some(kid.to_owned());
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    serde_json::to_value(jwk).ok()
}
