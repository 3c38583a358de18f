//! Firebase Authentication's modified scrypt: the derived key encrypts a key of the project, and the ciphertext is what
//! is stored. The table alone is of no use to a thief, which is why the key is configured and not stored with the rows.
//!
//! Firebase exports no self-describing string. Ours is `$firebase-scrypt$ln=14,r=8,ss=Bw==$salt$hash`, of the project's
//! `mem_cost`, `rounds` and `base64_salt_separator`, and the account's `salt` and `passwordHash`, as they are exported.

use aws_lc_rs::cipher::{AES_256, AES_256_KEY_LEN, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::iv::FixedLength;
use scrypt::Params;
use zeroize::Zeroizing;

use super::scrypt::{derive, params};
use crate::password::cost::Cost;
use crate::password::encoding::{base64, fields, named};
use crate::password::signer_key::FirebaseSignerKey;

/// What a Firebase hash begins with.
pub(super) const PREFIX: &str = "$firebase-scrypt$";

/// A hash of Firebase, with the key of the project it comes from.
pub(in super::super) struct Firebase<'k> {
    params: Params,
    /// The salt of the account and the separator of the project, in this order.
    salt: Vec<u8>,
    hash: Vec<u8>,
    key: &'k FirebaseSignerKey,
}

impl<'k> Firebase<'k> {
    pub(super) fn read(stored: &str, key: &'k FirebaseSignerKey) -> Option<Self> {
        let [project, salt, hash] = fields(stored.strip_prefix(PREFIX)?, '$')?;
        let [log_n, r, separator] = fields(project, ',')?;
        let mut salt = base64(salt).filter(|salt| !salt.is_empty())?;
        salt.extend(base64(separator.strip_prefix("ss=")?)?);
        let hash = base64(hash).filter(|hash| hash.len() == key.bytes().len())?;
        Some(Self { params: params(named(log_n, "ln")?, named(r, "r")?, 1)?, salt, hash, key })
    }

    pub(super) fn cost(&self) -> Cost {
        Cost::KeyedScrypt(self.params.log_n().into(), self.params.r(), self.params.p())
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let derived = derive(&self.params, password, &self.salt, AES_256_KEY_LEN);
        let signed = derived.and_then(|derived| encrypt(&derived, self.key.bytes()).ok());
        signed.is_some_and(|signed| verify_slices_are_equal(&signed, &self.hash).is_ok())
    }
}

/// AES-256 in counter mode from zero, which is safe as the key is another one for each salt.
fn encrypt(key: &[u8], text: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    let mut text = Zeroizing::new(text.to_vec());
    let start = EncryptionContext::Iv128(FixedLength::from([0; 16]));
    EncryptingKey::ctr(UnboundCipherKey::new(&AES_256, key)?)?.less_safe_encrypt(&mut text, start)?;
    Ok(text)
}
