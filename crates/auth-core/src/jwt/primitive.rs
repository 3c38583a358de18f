//! The signature primitives of aws-lc, with keys that are parsed once and not for every token.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self as aws, EcdsaKeyPair, Ed25519KeyPair, KeyPair, ParsedPublicKey, RsaEncoding, RsaKeyPair, RsaParameters,
    RsaPublicKeyComponents, VerificationAlgorithm,
};
use jsonwebtoken::errors::{ErrorKind, Result, new_error};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, EncodingKey};

/// The half of a key that signs.
pub(super) enum SigningKey {
    Hmac(Box<hmac::Key>),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
}

impl SigningKey {
    /// Parses a key for use with one algorithm.
    ///
    /// # Errors
    ///
    /// Fails when the key is malformed or belongs to another family of algorithms.
    pub(super) fn new(algorithm: Algorithm, key: &EncodingKey) -> Result<Self> {
        if key.family() != algorithm.family() {
            return Err(new_error(ErrorKind::InvalidKeyFormat));
        }
        let bytes = key.as_bytes();
        let hmac = |algorithm| Ok(Self::Hmac(Box::new(hmac::Key::new(algorithm, bytes))));
        let rsa = |encoding: &'static dyn RsaEncoding| {
            let pair = RsaKeyPair::from_der(bytes).map_err(|cause| ErrorKind::InvalidRsaKey(cause.to_string()))?;
            Ok(Self::Rsa(pair, encoding))
        };
        match algorithm {
            Algorithm::HS256 => hmac(hmac::HMAC_SHA256),
            Algorithm::HS384 => hmac(hmac::HMAC_SHA384),
            Algorithm::HS512 => hmac(hmac::HMAC_SHA512),
            Algorithm::ES256 | Algorithm::ES384 => ecdsa_pair(algorithm, bytes).map(Self::Ecdsa),
            Algorithm::EdDSA => ed25519_pair(bytes).map(Self::Ed25519),
            Algorithm::RS256 => rsa(&aws::RSA_PKCS1_SHA256),
            Algorithm::RS384 => rsa(&aws::RSA_PKCS1_SHA384),
            Algorithm::RS512 => rsa(&aws::RSA_PKCS1_SHA512),
            Algorithm::PS256 => rsa(&aws::RSA_PSS_SHA256),
            Algorithm::PS384 => rsa(&aws::RSA_PSS_SHA384),
            Algorithm::PS512 => rsa(&aws::RSA_PSS_SHA512),
            _ => Err(new_error(ErrorKind::UnsupportedAlgorithm)),
        }
    }

    /// Signs a message in the encoding of RFC 7518 section 3.
    ///
    /// # Errors
    ///
    /// Fails when the primitive does.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        // aws-lc seeds itself, so that this generator is a formality.
        let random = SystemRandom::new();
        let signature = match self {
            Self::Hmac(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
            Self::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Self::Ecdsa(pair) => pair.sign(&random, message).map(|signature| signature.as_ref().to_vec()),
            Self::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature).map(|()| signature)
            }
        };
        signature.map_err(|cause| new_error(ErrorKind::Signing(cause.to_string())))
    }

    /// The other half of an elliptic key; `None` for the rest.
    pub(super) fn public_half(&self) -> Option<DecodingKey> {
        match self {
            Self::Ecdsa(pair) => Some(DecodingKey::from_ec_der(pair.public_key().as_ref())),
            Self::Ed25519(pair) => Some(DecodingKey::from_ed_der(pair.public_key().as_ref())),
            Self::Hmac(_) | Self::Rsa(..) => None,
        }
    }
}

/// The half of a key that verifies.
pub(super) enum VerifyingKey {
    Hmac(Box<hmac::Key>),
    Public(ParsedPublicKey),
}

impl VerifyingKey {
    /// Parses a key for use with one algorithm.
    ///
    /// # Errors
    ///
    /// Fails when the key is malformed or belongs to another family of algorithms.
    pub(super) fn new(algorithm: Algorithm, key: &DecodingKey) -> Result<Self> {
        if key.family() != algorithm.family() {
            return Err(new_error(ErrorKind::InvalidKeyFormat));
        }
        let hmac = |algorithm| Ok(Self::Hmac(Box::new(hmac::Key::new(algorithm, key.try_get_as_bytes()?))));
        match algorithm {
            Algorithm::HS256 => hmac(hmac::HMAC_SHA256),
            Algorithm::HS384 => hmac(hmac::HMAC_SHA384),
            Algorithm::HS512 => hmac(hmac::HMAC_SHA512),
            Algorithm::ES256 => public(&aws::ECDSA_P256_SHA256_FIXED, key, ErrorKind::InvalidEcdsaKey),
            Algorithm::ES384 => public(&aws::ECDSA_P384_SHA384_FIXED, key, ErrorKind::InvalidEcdsaKey),
            Algorithm::EdDSA => public(&aws::ED25519, key, ErrorKind::InvalidEddsaKey),
            Algorithm::RS256 => rsa_public(&aws::RSA_PKCS1_2048_8192_SHA256, key),
            Algorithm::RS384 => rsa_public(&aws::RSA_PKCS1_2048_8192_SHA384, key),
            Algorithm::RS512 => rsa_public(&aws::RSA_PKCS1_2048_8192_SHA512, key),
            Algorithm::PS256 => rsa_public(&aws::RSA_PSS_2048_8192_SHA256, key),
            Algorithm::PS384 => rsa_public(&aws::RSA_PSS_2048_8192_SHA384, key),
            Algorithm::PS512 => rsa_public(&aws::RSA_PSS_2048_8192_SHA512, key),
            _ => Err(new_error(ErrorKind::UnsupportedAlgorithm)),
        }
    }

    /// Whether the signature is this key's over the message.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Hmac(key) => hmac::verify(key, message, signature).is_ok(),
            Self::Public(key) => key.verify_sig(message, signature).is_ok(),
        }
    }
}

fn public(
    algorithm: &'static dyn VerificationAlgorithm,
    key: &DecodingKey,
    malformed: ErrorKind,
) -> Result<VerifyingKey> {
    let parsed = ParsedPublicKey::new(algorithm, key.try_get_as_bytes()?);
    parsed.map(VerifyingKey::Public).map_err(|_| new_error(malformed))
}

fn rsa_public(algorithm: &'static RsaParameters, key: &DecodingKey) -> Result<VerifyingKey> {
    let parsed = match key.kind() {
        DecodingKeyKind::SecretOrDer(der) => ParsedPublicKey::new(algorithm, der),
        DecodingKeyKind::RsaModulusExponent { n, e } => RsaPublicKeyComponents { n, e }.to_parsed_public_key(algorithm),
    };
    parsed.map(VerifyingKey::Public).map_err(|cause| new_error(ErrorKind::InvalidRsaKey(cause.to_string())))
}

/// Parses a key pair of ES256 or ES384, PKCS#8 in DER.
pub(super) fn ecdsa_pair(algorithm: Algorithm, pkcs8: &[u8]) -> Result<EcdsaKeyPair> {
    let curve = match algorithm {
        Algorithm::ES256 => &aws::ECDSA_P256_SHA256_FIXED_SIGNING,
        Algorithm::ES384 => &aws::ECDSA_P384_SHA384_FIXED_SIGNING,
        _ => return Err(new_error(ErrorKind::InvalidEcdsaKey)),
    };
    EcdsaKeyPair::from_pkcs8(curve, pkcs8).map_err(|_| new_error(ErrorKind::InvalidEcdsaKey))
}

/// Parses a key pair of Ed25519, PKCS#8 in DER.
pub(super) fn ed25519_pair(pkcs8: &[u8]) -> Result<Ed25519KeyPair> {
    Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| new_error(ErrorKind::InvalidEddsaKey))
}
