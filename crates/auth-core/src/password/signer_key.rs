//! The key of a Firebase project, without which its hashes say nothing.

use std::fmt;

use zeroize::Zeroizing;

use super::bounds::MIN_OUTPUT_BYTES;
use super::encoding::base64;

/// The signer key of a Firebase project: a secret of the same rank as a password pepper. Wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct FirebaseSignerKey(Zeroizing<Vec<u8>>);

/// The given text is not a signer key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the Firebase signer key is not base64 of at least {MIN_OUTPUT_BYTES} bytes")]
pub struct InvalidSignerKey;

impl FirebaseSignerKey {
    /// Takes the key as the Firebase console shows it: `base64_signer_key` of the password hash parameters.
    ///
    /// # Errors
    /// Fails for anything other than base64, and for keys that are too short.
    pub fn from_base64(text: &str) -> Result<Self, InvalidSignerKey> {
        let bytes = base64(text.trim()).map(Zeroizing::new);
        bytes.filter(|bytes| bytes.len() >= MIN_OUTPUT_BYTES).map(Self).ok_or(InvalidSignerKey)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for FirebaseSignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FirebaseSignerKey(***)")
    }
}
