//! Password hashes that another system made, verified until the next login replaces them by one of ours.
//!
//! An attacker who can write one row must not be able to exhaust the machine with it: each scheme bounds the work of a
//! verification to some seconds, and the memory to [`scrypt::MAX_MEMORY`].

mod bcrypt;
mod firebase;
mod pbkdf2;
mod scrypt;
#[cfg(test)]
mod tests;

use bcrypt::Bcrypt;
use firebase::Firebase;
use pbkdf2::Pbkdf2;
use scrypt::Scrypt;

use super::signer_key::FirebaseSignerKey;

/// Why a stored string is not a hash that a login could be verified with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnreadableHash {
    /// Of no scheme that is known, damaged, or asking for more work than is allowed.
    #[error(
        "this is not a supported password hash, or it needs too much work; supported are Argon2 \
         (PHC string), bcrypt ($2a$, $2b$, $2y$), scrypt (PHC string, better-auth), PBKDF2 ($pbkdf2$, \
         $pbkdf2-sha256$, $pbkdf2-sha512$), Django's (argon2, bcrypt, bcrypt_sha256, scrypt, pbkdf2_sha256, \
         pbkdf2_sha1), and Firebase's ($firebase-scrypt$)"
    )]
    Unknown,
    /// One of Firebase's, which says nothing without the key of its project.
    #[error("a Firebase hash can only be verified when `HasherConfig::firebase_signer_key` is set")]
    NoFirebaseKey,
}

/// Most characters of a stored hash: what its column holds.
const MAX_LENGTH: usize = 512;

/// A stored hash of another scheme than Argon2, whole and bearable.
pub(super) enum Foreign<'k> {
    Bcrypt(Bcrypt),
    Scrypt(Scrypt),
    Firebase(Firebase<'k>),
    Pbkdf2(Pbkdf2),
}

impl<'k> Foreign<'k> {
    /// Reads a stored string; `key` is that of the Firebase project, if there is one.
    pub(super) fn read(stored: &str, key: Option<&'k FirebaseSignerKey>) -> Result<Self, UnreadableHash> {
        if stored.len() > MAX_LENGTH || !stored.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(UnreadableHash::Unknown);
        }
        if stored.starts_with(firebase::PREFIX) {
            let key = key.ok_or(UnreadableHash::NoFirebaseKey)?;
            return Firebase::read(stored, key).map(Self::Firebase).ok_or(UnreadableHash::Unknown);
        }
        Bcrypt::read(stored)
            .map(Self::Bcrypt)
            .or_else(|| Scrypt::read(stored).map(Self::Scrypt))
            .or_else(|| Pbkdf2::read(stored).map(Self::Pbkdf2))
            .ok_or(UnreadableHash::Unknown)
    }

    /// Whether it was made from this password.
    pub(super) fn matches(&self, password: &str) -> bool {
        match self {
            Self::Bcrypt(hash) => hash.matches(password.as_bytes()),
            Self::Scrypt(hash) => hash.matches(password),
            Self::Firebase(hash) => hash.matches(password.as_bytes()),
            Self::Pbkdf2(hash) => hash.matches(password.as_bytes()),
        }
    }
}
