//! The library's primitives as a provider of `jsonwebtoken`, for the rest of the process.
//!
//! `jsonwebtoken` knows one provider per process. The first call fixes it, from the crate features that the whole tree of the
//! host switches on, and panics when these name none or two. So the library switches on neither back end, and its own
//! tokens use the [primitives](super::primitive) directly, whichever provider was chosen. For the host's own calls it
//! installs this provider where none was chosen yet. It knows every algorithm, because it may be all that the host has.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{KeyPair, RsaKeyPair, RsaPublicKeyComponents};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, new_error};
use jsonwebtoken::jwk::{EllipticCurve, ThumbprintHash};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey};

use super::primitive::{SigningKey, VerifyingKey, ecdsa_pair, ed25519_pair};

type Result<T, E = Error> = std::result::Result<T, E>;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| {
        Ok(Box::new(For { algorithm: *algorithm, key: SigningKey::new(*algorithm, key)? }) as Box<dyn JwtSigner>)
    },
    verifier_factory: |algorithm, key| {
        Ok(Box::new(For { algorithm: *algorithm, key: VerifyingKey::new(*algorithm, key)? }) as Box<dyn JwtVerifier>)
    },
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |der| {
            let pair = RsaKeyPair::from_der(der).map_err(|cause| malformed_rsa(&cause))?;
            let RsaPublicKeyComponents { n, e } = pair.public_key().into();
            Ok((n, e))
        },
        rsa_pub_components_from_public_key: rsa_components,
        ec_pub_components_from_private_key: |der, algorithm| point(ecdsa_pair(algorithm, der)?.public_key().as_ref()),
        ed_pub_components_from_private_key: |der, curve| match curve {
            EllipticCurve::Ed25519 => Ok(ed25519_pair(der)?.public_key().as_ref().to_vec()),
            _ => Err(new_error(ErrorKind::InvalidAlgorithm)),
        },
        compute_digest: |data, hash| {
            let algorithm = match hash {
                ThumbprintHash::SHA256 => &digest::SHA256,
                ThumbprintHash::SHA384 => &digest::SHA384,
                ThumbprintHash::SHA512 => &digest::SHA512,
                _ => return Err(new_error(ErrorKind::UnsupportedAlgorithm)),
            };
            Ok(digest::digest(algorithm, data).as_ref().to_vec())
        },
    },
};

/// Chooses the provider of the process where nobody has chosen one. Everything calls this that may be the first of the
/// library to be called.
pub(crate) fn install() {
    // An error says that there is one: the host's choice stays.
    let _ = PROVIDER.install_default();
}

/// An RSA key by its modulus and exponent, the form in which `jsonwebtoken` makes a JWK of it without a provider.
pub(super) fn by_components(key: &DecodingKey) -> Result<DecodingKey> {
    let (modulus, exponent) = rsa_components(key.try_get_as_bytes()?)?;
    Ok(DecodingKey::from_rsa_raw_components(&modulus, &exponent))
}

fn rsa_components(der: &[u8]) -> Result<(Vec<u8>, Vec<u8>)> {
    let key = aws_lc_rs::rsa::PublicKey::from_der(der).map_err(|cause| malformed_rsa(&cause))?;
    let RsaPublicKeyComponents { n, e } = (&key).into();
    Ok((n, e))
}

fn malformed_rsa(cause: &impl ToString) -> Error {
    new_error(ErrorKind::InvalidRsaKey(cause.to_string()))
}

/// The coordinates of an uncompressed point (SEC 1 section 2.3.3).
fn point(bytes: &[u8]) -> Result<(EllipticCurve, Vec<u8>, Vec<u8>)> {
    let curve = match bytes.len() {
        65 => EllipticCurve::P256,
        97 => EllipticCurve::P384,
        _ => return Err(new_error(ErrorKind::InvalidEcdsaKey)),
    };
    let Some((4, coordinates)) = bytes.split_first() else {
        return Err(new_error(ErrorKind::InvalidEcdsaKey));
    };
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    Ok((curve, x.to_vec(), y.to_vec()))
}

/// A key for one algorithm, as `jsonwebtoken` holds it.
struct For<K> {
    algorithm: Algorithm,
    key: K,
}

impl Signer<Vec<u8>> for For<SigningKey> {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        self.key.sign(message).map_err(signature::Error::from_source)
    }
}

impl JwtSigner for For<SigningKey> {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Verifier<Vec<u8>> for For<VerifyingKey> {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        if self.key.verifies(message, signature) { Ok(()) } else { Err(signature::Error::new()) }
    }
}

impl JwtVerifier for For<VerifyingKey> {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
