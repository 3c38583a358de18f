//! bcrypt: `$2a$`, `$2b$` and `$2y$` as most systems store it, and after the name that Django puts before it.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::alphabet::BCRYPT;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::password::cost::Cost;
use crate::password::encoding::{fields, number, to_hex};

/// The cheapest that bcrypt has, and the dearest that is computed: some seconds.
const COSTS: std::ops::RangeInclusive<u32> = 4..=16;

/// What bcrypt reads of a password.
const MAX_BYTES: usize = 72;

const SALT_CHARACTERS: usize = 22;

/// bcrypt's own alphabet. Some makers fill the bits that the last character has left over.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &BCRYPT,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// A bcrypt hash.
pub(in super::super) struct Bcrypt {
    cost: u32,
    salt: [u8; 16],
    digest: [u8; 23],
    /// Whether not the password but its SHA-256 in hexadecimal was hashed, as Django's `bcrypt_sha256` does.
    of_digest: bool,
}

impl Bcrypt {
    pub(super) fn read(stored: &str) -> Option<Self> {
        let (text, of_digest) = match stored.strip_prefix("bcrypt_sha256$") {
            Some(text) => (text, true),
            None => (stored.strip_prefix("bcrypt$").unwrap_or(stored), false),
        };
        let ["", "2a" | "2b" | "2y", cost, encoded] = fields(text, '$')? else { return None };
        let cost = number(cost).filter(|number| cost.len() == 2 && COSTS.contains(number))?;
        let (salt, digest) = encoded.split_at_checked(SALT_CHARACTERS)?;
        let decode = |text: &str| BASE64.decode(text).ok();
        Some(Self { cost, salt: decode(salt)?.try_into().ok()?, digest: decode(digest)?.try_into().ok()?, of_digest })
    }

    pub(super) fn cost(&self) -> Cost {
        Cost::Bcrypt(self.cost)
    }

    /// bcrypt itself forgets what comes after 72 bytes, or after a NUL. The first cannot be helped before the hash is
    /// replaced. The second can: no password with a NUL matches.
    pub(super) fn matches(&self, password: &[u8]) -> bool {
        if self.of_digest {
            let digest = Zeroizing::new(to_hex(Sha256::digest(password).into()));
            return self.matches_key(digest.as_ref());
        }
        self.matches_key(password) && !password.contains(&0)
    }

    fn matches_key(&self, text: &[u8]) -> bool {
        let length = text.len().min(MAX_BYTES);
        let mut key = Zeroizing::new([0; MAX_BYTES]);
        key[..length].copy_from_slice(&text[..length]);
        // A shorter text counts with the NUL at its end.
        let key = &key[..(length + 1).min(MAX_BYTES)];
        let output = bcrypt::bcrypt(self.cost, self.salt, key);
        verify_slices_are_equal(&output[..self.digest.len()], &self.digest).is_ok()
    }
}
