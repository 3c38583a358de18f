//! Key pairs that the library makes itself.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use jsonwebtoken::{DecodingKey, EncodingKey};
use zeroize::Zeroizing;

use super::{JwtAlgorithm, JwtKey, JwtKeyError};

const PAIR: JwtKeyError = JwtKeyError::Malformed("a key pair of EdDSA or ES256");

/// A pair that was made a moment ago.
pub(crate) struct NewPair {
    /// The private half: PKCS#8 in DER.
    pub(crate) private: Zeroizing<Vec<u8>>,
    /// The public half: the 32 bytes of Ed25519 (RFC 8032), or a point of P-256 (SEC 1, section 2.3.3).
    pub(crate) public: Vec<u8>,
}

impl NewPair {
    /// Makes a pair for EdDSA or ES256. The randomness is that of aws-lc, which takes no other.
    pub(crate) fn generate(algorithm: JwtAlgorithm) -> Result<Self, JwtKeyError> {
        let random = SystemRandom::new();
        let private = match algorithm {
            JwtAlgorithm::EdDsa => Ed25519KeyPair::generate_pkcs8v1(&random),
            JwtAlgorithm::Es256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random),
            JwtAlgorithm::Hs256 | JwtAlgorithm::Rs256 => return Err(PAIR),
        };
        let private = Zeroizing::new(private.map_err(|_| PAIR)?.as_ref().to_vec());
        let public = encoding_key(algorithm, &private)?;
        let public = super::primitive::SigningKey::new(algorithm.primitive(), &public).map_err(|_| PAIR)?;
        let public = public.public_half().and_then(|key| Some(key.try_get_as_bytes().ok()?.to_vec())).ok_or(PAIR)?;
        Ok(Self { private, public })
    }
}

impl JwtKey {
    /// A pair whose private half is PKCS#8 in DER.
    pub(crate) fn from_private(kid: &str, algorithm: JwtAlgorithm, pkcs8: &[u8]) -> Result<Self, JwtKeyError> {
        Self::pair(kid, algorithm, &encoding_key(algorithm, pkcs8)?, PAIR)
    }

    /// The public half of a pair, as [`NewPair::public`] has it.
    pub(crate) fn from_public(kid: &str, algorithm: JwtAlgorithm, bytes: &[u8]) -> Result<Self, JwtKeyError> {
        let key = match algorithm {
            JwtAlgorithm::EdDsa => DecodingKey::from_ed_der(bytes),
            JwtAlgorithm::Es256 => DecodingKey::from_ec_der(bytes),
            JwtAlgorithm::Hs256 | JwtAlgorithm::Rs256 => return Err(PAIR),
        };
        Self::assemble(kid, algorithm, None, &key, PAIR)
    }
}

fn encoding_key(algorithm: JwtAlgorithm, pkcs8: &[u8]) -> Result<EncodingKey, JwtKeyError> {
    match algorithm {
        JwtAlgorithm::EdDsa => Ok(EncodingKey::from_ed_der(pkcs8)),
        JwtAlgorithm::Es256 => Ok(EncodingKey::from_ec_der(pkcs8)),
        JwtAlgorithm::Hs256 | JwtAlgorithm::Rs256 => Err(PAIR),
    }
}
