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

use super::cost::Cost;
use super::signer_key::FirebaseSignerKey;

/// Why a stored string is not a hash that a login could be verified with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnreadableHash {
    /// Of no scheme that is known, damaged, or asking for more work than is allowed.
    #[error(
        "this is not a supported password hash, or it needs too much work; supported are Argon2 \
         (PHC string), bcrypt ($2$, $2a$, $2b$, $2x$, $2y$, $bcrypt-sha256$, WordPress), scrypt (PHC string, better-auth), \
         PBKDF2 ($pbkdf2$, $pbkdf2-sha256$, $pbkdf2-sha512$, ASP.NET Core Identity), Django's and Werkzeug's \
         (argon2, bcrypt, bcrypt_sha256, scrypt, pbkdf2), and Firebase's ($firebase-scrypt$)"
    )]
    Unknown,
    /// Nothing, or a text that stands for no password where it comes from, or for one that is locked.
    #[error("it marks an account that has no password or a locked one")]
    NoPassword,
    /// One that was made with a secret key besides the password, and says so.
    #[error("it was made with a secret key besides the password (a pepper), which is not supported")]
    Peppered,
    /// A digest that is made for speed: with it, a stolen table is a table of passwords.
    #[error(
        "a bare digest such as MD5 or SHA-1 protects no password; import the account without it, and let its owner \
         choose a new password"
    )]
    FastDigest,
    /// One of Firebase's, which says nothing without the key of its project.
    #[error("a Firebase hash can only be verified when `HasherConfig::firebase_signer_key` is set")]
    NoFirebaseKey,
}

/// Most characters of a stored hash: what its column holds.
const MAX_LENGTH: usize = 512;

/// What some systems put in braces before a hash that names its scheme itself: LDAP servers (RFC 2307), Dovecot and Spring.
const SCHEMES: [&str; 8] =
    ["{crypt}", "{bcrypt}", "{blf-crypt}", "{argon2}", "{argon2i}", "{argon2id}", "{scrypt}", "{pbkdf2}"];

/// An exported text as the hash that it holds: without space around it, and without a scheme in braces.
pub(super) fn bare(exported: &str) -> Result<&str, UnreadableHash> {
    let text = exported.trim();
    let names = |scheme: &&str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let text = SCHEMES.iter().find(|scheme| names(scheme)).and_then(|scheme| text.get(scheme.len()..)).unwrap_or(text);
    // As Django marks accounts without a password, and shadow(5) those that are locked, with the hash behind it.
    if text.is_empty() || text.starts_with(['!', '*']) { Err(UnreadableHash::NoPassword) } else { Ok(text) }
}

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
            .ok_or(if is_fast_digest(stored) { UnreadableHash::FastDigest } else { UnreadableHash::Unknown })
    }

    /// Its parameters.
    pub(super) fn cost(&self) -> Cost {
        match self {
            Self::Bcrypt(hash) => hash.cost(),
            Self::Scrypt(hash) => hash.cost(),
            Self::Firebase(hash) => hash.cost(),
            Self::Pbkdf2(hash) => hash.cost(),
        }
    }

    /// Whether it was made from this text.
    pub(super) fn matches(&self, text: &str) -> bool {
        let text = text.as_bytes();
        match self {
            Self::Bcrypt(hash) => hash.matches(text),
            Self::Scrypt(hash) => hash.matches(text),
            Self::Firebase(hash) => hash.matches(text),
            Self::Pbkdf2(hash) => hash.matches(text),
        }
    }
}

/// Whether a string is a digest without a work factor, as old systems store them: alone in hexadecimal, after the name
/// that Django or LDAP (RFC 2307) puts before it, or one of the first schemes of crypt(3).
fn is_fast_digest(stored: &str) -> bool {
    // MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512.
    let bare = [32, 40, 56, 64, 96, 128].contains(&stored.len()) && stored.bytes().all(|byte| byte.is_ascii_hexdigit());
    let name = stored.to_ascii_lowercase();
    let named =
        ["md5$", "unsalted_md5$", "sha1$", "unsalted_sha1$", "$1$", "$apr1$", "{md5}", "{smd5}", "{sha}", "{ssha}"];
    bare || named.iter().any(|prefix| name.starts_with(prefix))
}
