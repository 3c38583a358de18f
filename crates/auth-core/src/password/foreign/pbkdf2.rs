//! PBKDF2 (RFC 8018): Django's form and passlib's.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, Algorithm, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA512};

use crate::password::cost::{Cost, Digest};
use crate::password::encoding::{base64, fields, number};

/// Most iterations that a stored hash may ask for: some seconds. Django had one million in 2025, a fifth more each year.
const MAX_ITERATIONS: u32 = 10_000_000;

/// A PBKDF2 hash.
pub(in super::super) struct Pbkdf2 {
    algorithm: Algorithm,
    iterations: NonZeroU32,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

impl Pbkdf2 {
    pub(super) fn read(stored: &str) -> Option<Self> {
        Self::django(stored).or_else(|| Self::passlib(stored))
    }

    /// `pbkdf2_sha256$iterations$salt$digest`: the salt is the text itself.
    fn django(stored: &str) -> Option<Self> {
        let [name, iterations, salt, digest] = fields(stored, '$')?;
        let (algorithm, length) = match name {
            "pbkdf2_sha256" => (PBKDF2_HMAC_SHA256, 32),
            "pbkdf2_sha1" => (PBKDF2_HMAC_SHA1, 20),
            _ => return None,
        };
        Self::new(algorithm, length, iterations, salt.into(), digest)
    }

    /// `$pbkdf2-sha256$iterations$salt$digest`.
    fn passlib(stored: &str) -> Option<Self> {
        let ["", name, iterations, salt, digest] = fields(stored, '$')? else { return None };
        let (algorithm, length) = match name {
            "pbkdf2-sha512" => (PBKDF2_HMAC_SHA512, 64),
            "pbkdf2-sha256" => (PBKDF2_HMAC_SHA256, 32),
            "pbkdf2" => (PBKDF2_HMAC_SHA1, 20),
            _ => return None,
        };
        Self::new(algorithm, length, iterations, base64(salt)?, digest)
    }

    fn new(algorithm: Algorithm, length: usize, iterations: &str, salt: Vec<u8>, digest: &str) -> Option<Self> {
        let iterations = number(iterations).filter(|iterations| *iterations <= MAX_ITERATIONS);
        let digest = base64(digest).filter(|digest| digest.len() == length)?;
        (!salt.is_empty()).then_some(Self { algorithm, iterations: NonZeroU32::new(iterations?)?, salt, digest })
    }

    pub(super) fn cost(&self) -> Cost {
        let digest = match self.digest.len() {
            20 => Digest::Sha1,
            64 => Digest::Sha512,
            _ => Digest::Sha256,
        };
        Cost::Pbkdf2(digest, self.iterations.get())
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        pbkdf2::verify(self.algorithm, self.iterations, &self.salt, password, &self.digest).is_ok()
    }
}
