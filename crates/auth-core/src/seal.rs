//! Encryption of what has to be read again: AES-256-GCM under a key derived from the root secret.
//!
//! A sealed value is bound to its place, so that it is worth nothing in another row or column, and names its key, so
//! that the root secret can be replaced while values of the former one are still around (security of stored data, OWASP
//! ASVS 11.3).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::{Error, Random, Result, RootSecret};

/// The form of a sealed value: this byte, the key's id, the nonce, the ciphertext with its tag.
const VERSION: u8 = 1;
const KEY_ID: usize = 4;
const HEAD: usize = 1 + KEY_ID + NONCE_LEN;

/// Seals with the newest key, and opens with any that it knows.
pub(crate) struct Sealer {
    /// The newest first.
    keys: Vec<Key>,
}

struct Key {
    id: [u8; KEY_ID],
    key: LessSafeKey,
}

impl Sealer {
    /// The keys of the root secret, and of those that it replaced.
    pub(crate) fn new<'a>(secret: &'a RootSecret, former: impl IntoIterator<Item = &'a RootSecret>) -> Result<Self> {
        let keys = std::iter::once(secret).chain(former).map(Key::new).collect::<Result<_>>()?;
        Ok(Self { keys })
    }

    /// Seals a value for one place, such as a table, a column and the id of a row.
    pub(crate) fn seal(&self, random: &dyn Random, place: &str, value: &[u8]) -> Result<Vec<u8>> {
        let Some(Key { id, key }) = self.keys.first() else { return Err(Error::internal("there is no key")) };
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce).map_err(Error::internal)?;
        let mut ciphertext = value.to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut ciphertext)
            .map_err(Error::internal)?;
        Ok([&[VERSION], &id[..], &nonce[..], &ciphertext].concat())
    }

    /// Opens what was sealed for this very place; `None` when it was damaged, moved, or sealed with a key that is gone.
    pub(crate) fn open(&self, place: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (head, ciphertext) = sealed.split_at_checked(HEAD)?;
        let (version, rest) = head.split_first()?;
        let (id, nonce) = rest.split_at_checked(KEY_ID)?;
        let Key { key, .. } = self.keys.iter().find(|key| *version == VERSION && key.id == id)?;
        let mut value = ciphertext.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let length = key.open_in_place(nonce, Aad::from(place), &mut value).ok()?.len();
        value.truncate(length);
        Some(value)
    }
}

impl Key {
    fn new(secret: &RootSecret) -> Result<Self> {
        let id = secret.derive("seal/id");
        let key = UnboundKey::new(&AES_256_GCM, secret.derive("seal/aes-256-gcm").as_ref()).map_err(Error::internal)?;
        Ok(Self { id: [id[0], id[1], id[2], id[3]], key: LessSafeKey::new(key) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::OsRandom;

    fn secret(byte: u8) -> RootSecret {
        RootSecret::new([byte; 32])
    }

    #[test]
    fn opens_in_its_place_only() {
        let sealer = Sealer::new(&secret(1), []).unwrap();
        let sealed = sealer.seal(&OsRandom, "authn_mail.body:1", b"a link").unwrap();
        assert_eq!(sealer.open("authn_mail.body:1", &sealed).as_deref(), Some(&b"a link"[..]));
        for place in ["authn_mail.body:2", "authn_mail.body", "", "authn_user.body:1"] {
            assert_eq!(sealer.open(place, &sealed), None, "{place}");
        }
        let again = sealer.seal(&OsRandom, "authn_mail.body:1", b"a link").unwrap();
        assert_ne!(sealed, again, "nobody can tell that two rows say the same");
    }

    #[test]
    fn a_former_secret_still_opens_and_never_seals() {
        let old = Sealer::new(&secret(1), []).unwrap();
        let (old_secret, new_secret) = (secret(1), secret(2));
        let rotated = Sealer::new(&new_secret, [&old_secret]).unwrap();
        let new = Sealer::new(&new_secret, []).unwrap();
        let sealed = old.seal(&OsRandom, "x", b"value").unwrap();
        assert_eq!(rotated.open("x", &sealed).as_deref(), Some(&b"value"[..]));
        assert_eq!(new.open("x", &sealed), None);
        let sealed = rotated.seal(&OsRandom, "x", b"value").unwrap();
        assert_eq!(new.open("x", &sealed).as_deref(), Some(&b"value"[..]));
        assert_eq!(old.open("x", &sealed), None);
    }

    proptest! {
        #[test]
        fn no_damage_opens(value in prop::collection::vec(any::<u8>(), 0..64), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
            let sealer = Sealer::new(&secret(1), []).unwrap();
            let mut sealed = sealer.seal(&OsRandom, "x", &value).unwrap();
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert_eq!(sealer.open("x", &sealed), None);
            prop_assert_eq!(sealer.open("x", &sealed[..at]), None);
        }
    }
}
