//! The root secret, the keys derived from it, and random tokens with their digests.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::random::Random;
use crate::weakness::{MIN_BYTES, weakness};
use crate::{Error, Result};

/// What every key of the library is derived from (HKDF-SHA-256, RFC 5869). Wiped from memory when dropped.
#[derive(Clone)]
pub struct RootSecret(Zeroizing<Vec<u8>>);

impl RootSecret {
    /// Takes the secret as raw bytes, at least 32 of them; the builder refuses weaker ones.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// What is wrong with the secret, in words that say what to do.
    pub(crate) fn problem(&self) -> Option<String> {
        const HOW: &str = "make one with `openssl rand -base64 48` and keep it outside the code";
        let length = self.0.len();
        if length < MIN_BYTES {
            return Some(format!("`secret` has {length} bytes of at least {MIN_BYTES}: {HOW}"));
        }
        weakness(&self.0).map(|why| format!("`secret` can be guessed: {why}; {HOW}"))
    }

    /// What is wrong with a secret that this one is said to have replaced. Weak ones are welcome: they may be what it was
    /// replaced for.
    pub(crate) fn problem_of_former(&self, former: &Self) -> Option<String> {
        let length = former.0.len();
        if length < MIN_BYTES {
            return Some(format!(
                "`former_secret` has {length} bytes of at least {MIN_BYTES}, so that it never was a secret: look for a part that is \
                 missing, or leave it out"
            ));
        }
        (former.0 == self.0).then(|| "`former_secret` is the same as `secret`: leave it out".to_owned())
    }

    /// The secret itself, to compare it with others.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The key for one purpose. Different labels give unrelated keys.
    pub(crate) fn derive(&self, label: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        // Thirty-two bytes are always a valid length for HKDF-SHA-256, so that expanding cannot fail.
        let _ = Hkdf::<Sha256>::new(Some(b"auth-core"), &self.0).expand(label.as_bytes(), key.as_mut());
        key
    }
}

impl fmt::Debug for RootSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootSecret(***)")
    }
}

/// The length of a token without its prefix: 32 bytes in base64url.
pub(crate) const TOKEN_LENGTH: usize = 43;

/// A fresh token of 256 random bits in base64url, after `prefix`.
pub(crate) fn random_token(random: &dyn Random, prefix: &str) -> Result<SecretString> {
    let mut bytes = Zeroizing::new([0; 32]);
    random.fill(bytes.as_mut()).map_err(Error::internal)?;
    let mut token = String::with_capacity(prefix.len() + TOKEN_LENGTH);
    token.push_str(prefix);
    URL_SAFE_NO_PAD.encode_string(bytes.as_ref(), &mut token);
    Ok(token.into())
}

/// The digest under which a token of high entropy is stored and looked up.
pub(crate) fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// The digest of several texts under a key (HMAC-SHA-256). Each is preceded by its length, so that no two lists have the
/// same digest because one text ends where another begins.
pub(crate) fn keyed_digest(key: &hmac::Key, parts: &[impl AsRef<[u8]>]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        let part = part.as_ref();
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.sign().as_ref());
    digest
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn texts_do_not_run_into_each_other() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
        let digest = |parts: &[&str]| keyed_digest(&key, parts);
        let lists: [&[&str]; 7] =
            [&["a@x", "b"], &["a@xb"], &["a@xb", ""], &["", "a@xb"], &["a@", "xb"], &[], &["a@x", "b", ""]];
        let digests: std::collections::HashSet<_> = lists.iter().map(|list| digest(list)).collect();
        assert_eq!(digests.len(), lists.len());
        assert_eq!(digest(&["a", "bc"]), digest(&["a", "bc"]));
    }

    #[test]
    fn keys_differ_by_label_and_secret() {
        let (one, two) = (RootSecret::new([1; 32]), RootSecret::new([2; 32]));
        assert_eq!(one.derive("a"), one.derive("a"));
        assert_ne!(one.derive("a"), one.derive("b"));
        assert_ne!(one.derive("a"), two.derive("a"));
    }

    #[test]
    fn nothing_secret_is_shown() {
        assert_eq!(format!("{:?}", RootSecret::new(*b"0f8d1c62b7a94e35d2c1f0a9b8e7d6c5")), "RootSecret(***)");
    }

    /// ASVS 7.2.3: as many bits as they look, none of them leaning to one side.
    #[test]
    fn tokens_of_the_operating_system_are_unguessable() {
        const TOKENS: usize = 10_000;
        let mut seen = std::collections::HashSet::new();
        let mut counts = [0_u32; 256];
        for _ in 0..TOKENS {
            let token = random_token(&crate::OsRandom, "").unwrap();
            let bytes = URL_SAFE_NO_PAD.decode(token.expose_secret()).unwrap();
            assert_eq!((token.expose_secret().len(), bytes.len()), (TOKEN_LENGTH, 32));
            bytes.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
            assert!(seen.insert(bytes));
        }
        // Each value is expected 1250 times, give or take 35: eight times that happens once in 10^12 runs.
        let expected = u32::try_from(TOKENS * 32 / 256).unwrap();
        for (byte, count) in counts.into_iter().enumerate() {
            assert!(count.abs_diff(expected) < 8 * 35, "{byte} came up {count} times");
        }
    }
}
