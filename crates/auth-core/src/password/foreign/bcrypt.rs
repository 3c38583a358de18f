//! bcrypt: as most systems store it, after the name that Django puts before it, and of digests of passwords.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::alphabet::BCRYPT;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::password::cost::Cost;
use crate::password::encoding::{fields, number, to_hex};

/// The cheapest that bcrypt has, and the dearest that is computed: some seconds.
const COSTS: std::ops::RangeInclusive<u32> = 4..=16;

/// What bcrypt reads of a password: 18 words, the first byte of each the highest.
const KEY_BYTES: usize = 72;

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
    revision: Revision,
    input: Input,
}

/// What makers of bcrypt disagree in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Revision {
    /// `$2a$`, `$2b$` and `$2y$`: the key is the password with the NUL at its end, repeated.
    Usual,
    /// `$2$`, the oldest: the NUL does not belong to the key.
    Unterminated,
    /// `$2x$`: a defect of crypt_blowfish before 1.1, in which a byte beyond ASCII sets all bits before it in its word.
    SignExtended,
}

/// What is hashed.
enum Input {
    Password,
    /// SHA-256 in hexadecimal, as Django's `bcrypt_sha256` does.
    HexDigest,
    /// SHA-256 in base64, as the first version of passlib's `bcrypt_sha256` does.
    Digest,
    /// HMAC-SHA-256 with the text of the salt in base64, as its second version does.
    Salted(String),
    /// HMAC-SHA-384 of the trimmed password in base64, as WordPress does since 6.8.
    WordPress,
}

impl Bcrypt {
    pub(super) fn read(stored: &str) -> Option<Self> {
        if let Some(text) = stored.strip_prefix("$bcrypt-sha256$") {
            return Self::passlib(text);
        }
        let (text, input) = if let Some(text) = stored.strip_prefix("bcrypt_sha256$") {
            (text, Input::HexDigest)
        } else if let Some(text) = stored.strip_prefix("$wp") {
            (text, Input::WordPress)
        } else {
            (stored.strip_prefix("bcrypt$").unwrap_or(stored), Input::Password)
        };
        let ["", revision, cost, encoded] = fields(text, '$')? else { return None };
        let (salt, digest) = encoded.split_at_checked(SALT_CHARACTERS)?;
        Self::new(revision, cost, salt, digest, input).filter(|_| cost.len() == 2)
    }

    /// `v=2,t=2b,r=12$salt$digest`, or `2b,12$salt$digest`.
    fn passlib(text: &str) -> Option<Self> {
        let [costs, salt, digest] = fields(text, '$')?;
        if let Some([revision, cost]) = fields(costs, ',') {
            return Self::new(revision, cost, salt, digest, Input::Digest);
        }
        let ["v=2", revision, cost] = fields(costs, ',')? else { return None };
        let (revision, cost) = (revision.strip_prefix("t=")?, cost.strip_prefix("r=")?);
        Self::new(revision, cost, salt, digest, Input::Salted(salt.to_owned()))
    }

    fn new(revision: &str, cost: &str, salt: &str, digest: &str, input: Input) -> Option<Self> {
        let revision = match revision {
            "2a" | "2b" | "2y" => Revision::Usual,
            "2" => Revision::Unterminated,
            "2x" => Revision::SignExtended,
            _ => return None,
        };
        let cost = number(cost).filter(|number| COSTS.contains(number))?;
        let decode = |text: &str| BASE64.decode(text).ok();
        let (salt, digest) = (decode(salt)?.try_into().ok()?, decode(digest)?.try_into().ok()?);
        Some(Self { cost, salt, digest, revision, input })
    }

    pub(super) fn cost(&self) -> Cost {
        Cost::Bcrypt(self.cost)
    }

    /// bcrypt itself forgets what comes after 72 bytes, or after a NUL. The first cannot be helped before the hash is
    /// replaced. The second can: no password with a NUL matches.
    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let base64 = |digest: &[u8]| Zeroizing::new(STANDARD.encode(digest));
        let mac = |algorithm, key: &str, text: &[u8]| {
            base64(hmac::sign(&hmac::Key::new(algorithm, key.as_bytes()), text).as_ref())
        };
        match &self.input {
            Input::Password => self.matches_text(password) && !password.contains(&0),
            Input::HexDigest => self.matches_text(&*Zeroizing::new(to_hex(Sha256::digest(password).into()))),
            Input::Digest => self.matches_text(base64(&Sha256::digest(password)).as_bytes()),
            Input::Salted(salt) => self.matches_text(mac(hmac::HMAC_SHA256, salt, password).as_bytes()),
            Input::WordPress => {
                // PHP trims these.
                let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0 | 0x0B);
                let start = password.iter().position(|byte| !is_space(byte)).unwrap_or(password.len());
                let end = password.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
                self.matches_text(mac(hmac::HMAC_SHA384, "wp-sha384", &password[start..end]).as_bytes())
            }
        }
    }

    fn matches_text(&self, text: &[u8]) -> bool {
        let output = bcrypt::bcrypt(self.cost, self.salt, self.key(text).as_ref());
        verify_slices_are_equal(&output[..self.digest.len()], &self.digest).is_ok()
    }

    /// The words that bcrypt takes of a text. A key of this length is not repeated, so that it stands for any other.
    fn key(&self, text: &[u8]) -> Zeroizing<[u8; KEY_BYTES]> {
        let is_terminated = self.revision != Revision::Unterminated || text.is_empty();
        let mut bytes = text.iter().chain(is_terminated.then_some(&0)).cycle();
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        for word in key.as_chunks_mut::<4>().0 {
            *word = (&mut bytes).take(4).fold(0, |word: u32, byte| word << 8 | self.widen(*byte)).to_be_bytes();
        }
        key
    }

    fn widen(&self, byte: u8) -> u32 {
        match self.revision {
            Revision::SignExtended => i32::from(byte.cast_signed()).cast_unsigned(),
            Revision::Usual | Revision::Unterminated => byte.into(),
        }
    }
}
