//! Encryption of what has to be read again: AES-256-GCM under keys derived from the root secret, one for each day.
//!
//! A sealed value is bound to its place, so that it is worth nothing in another row or column, and names its key, so
//! that the root secret can be replaced while values of the former one are still around (security of stored data, OWASP
//! ASVS 11.3). Random nonces of 96 bits are good for 2^32 values of one key (NIST SP 800-38D, section 8.3): a key that
//! serves for a day keeps that out of reach, however long the root secret is in use.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use hkdf::Hkdf;
use sha2::Sha256;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::{Error, Random, Result, RootSecret};

/// The form of a sealed value: this byte, the id of the root secret, the day of the key, the nonce, the ciphertext with
/// its tag.
const VERSION: u8 = 2;
const KEY_ID: usize = 4;
const DAY: usize = 4;
const HEAD: usize = 1 + KEY_ID + DAY + NONCE_LEN;

const SECONDS_OF_A_DAY: i64 = 24 * 60 * 60;

/// What a sealed value begins with.
pub(crate) const PREFIX: usize = 1 + KEY_ID;

/// Seals with the newest root secret, and opens with any that it knows.
pub(crate) struct Sealer {
    /// The newest first.
    roots: Vec<Root>,
}

/// What the keys of all days are derived from.
struct Root {
    identity: Identity,
    key: Zeroizing<[u8; 32]>,
}

/// What tells the keys of one root secret from those of another: an id, and a value that no other secret gives.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    id: [u8; KEY_ID],
    check: [u8; 32],
}

impl Identity {
    fn new(secret: &RootSecret) -> Self {
        let id = secret.derive("seal/id");
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.derive("identity").as_ref());
        let mut check = [0; 32];
        check.copy_from_slice(hmac::sign(&key, b"check").as_ref());
        Self { id: [id[0], id[1], id[2], id[3]], check }
    }

    /// The id, for people.
    pub(crate) fn id(&self) -> String {
        hex(&self.id)
    }

    /// The id and the check value, to be stored.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        [&self.id[..], &self.check].concat()
    }

    /// The id in what was stored.
    pub(crate) fn id_in(stored: &[u8]) -> String {
        hex(&stored[..stored.len().min(KEY_ID)])
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Sealer {
    /// The keys of the root secret, and of those that it replaced.
    pub(crate) fn new<'a>(secret: &'a RootSecret, former: impl IntoIterator<Item = &'a RootSecret>) -> Self {
        Self { roots: std::iter::once(secret).chain(former).map(Root::new).collect() }
    }

    /// The identities of all keys, the newest first.
    pub(crate) fn identities(&self) -> impl Iterator<Item = &Identity> {
        self.roots.iter().map(|root| &root.identity)
    }

    /// What those values [begin](PREFIX) with that it may be able to open.
    pub(crate) fn prefixes(&self) -> impl Iterator<Item = Vec<u8>> {
        self.identities().map(|identity| [&[VERSION], &identity.id[..]].concat())
    }

    /// The id of the key that a value was sealed with, for people.
    pub(crate) fn key_of(sealed: &[u8]) -> String {
        hex(sealed.get(1..PREFIX).unwrap_or_default())
    }

    /// Seals a value for one place, such as a table, a column and the id of a row, with the key of the day of `now`.
    pub(crate) fn seal(&self, random: &dyn Random, now: OffsetDateTime, place: &str, value: &[u8]) -> Result<Vec<u8>> {
        let Some(root) = self.roots.first() else { return Err(Error::internal("there is no key")) };
        let day = i32::try_from(now.unix_timestamp().div_euclid(SECONDS_OF_A_DAY)).map_err(Error::internal)?;
        let day = day.to_be_bytes();
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce).map_err(Error::internal)?;
        let mut ciphertext = value.to_vec();
        root.key_of(day)
            .and_then(|key| {
                key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut ciphertext)
                    .ok()
            })
            .ok_or_else(|| Error::internal("a value could not be sealed"))?;
        Ok([&[VERSION], &root.identity.id[..], &day, &nonce, &ciphertext].concat())
    }

    /// Opens what was sealed for this very place; `None` when it was damaged, moved, or sealed with a key that is gone.
    pub(crate) fn open(&self, place: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (head, ciphertext) = sealed.split_at_checked(HEAD)?;
        let (version, rest) = head.split_first()?;
        let (id, rest) = rest.split_at_checked(KEY_ID)?;
        let (day, nonce) = rest.split_first_chunk()?;
        let root = self.roots.iter().find(|root| *version == VERSION && root.identity.id == id)?;
        let mut value = ciphertext.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let length = root.key_of(*day)?.open_in_place(nonce, Aad::from(place), &mut value).ok()?.len();
        value.truncate(length);
        Some(value)
    }
}

impl Root {
    fn new(secret: &RootSecret) -> Self {
        Self { identity: Identity::new(secret), key: secret.derive("seal/aes-256-gcm") }
    }

    /// The key of a day (HKDF-Expand, RFC 5869, section 2.3).
    fn key_of(&self, day: [u8; DAY]) -> Option<LessSafeKey> {
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::from_prk(self.key.as_ref()).ok()?.expand(&day, key.as_mut()).ok()?;
        Some(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_ref()).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::OsRandom;

    const NOW: OffsetDateTime = time::macros::datetime!(2026-11-24 12:00 UTC);

    fn secret(byte: u8) -> RootSecret {
        RootSecret::new([byte; 32])
    }

    /// CVE-2026-121802.
    #[test]
    fn opens_in_its_place_only() {
        let sealer = Sealer::new(&secret(1), []);
        let sealed = sealer.seal(&OsRandom, NOW, "authn_mail.body:1", b"a link").unwrap();
        assert_eq!(sealer.open("authn_mail.body:1", &sealed).as_deref(), Some(&b"a link"[..]));
        for place in ["authn_mail.body:2", "authn_mail.body", "", "authn_user.body:1"] {
            assert_eq!(sealer.open(place, &sealed), None, "{place}");
        }
        let again = sealer.seal(&OsRandom, NOW, "authn_mail.body:1", b"a link").unwrap();
        assert_ne!(sealed, again, "nobody can tell that two rows say the same");
    }

    #[test]
    fn a_former_secret_still_opens_and_never_seals() {
        let old = Sealer::new(&secret(1), []);
        let (old_secret, new_secret) = (secret(1), secret(2));
        let rotated = Sealer::new(&new_secret, [&old_secret]);
        let new = Sealer::new(&new_secret, []);
        let sealed = old.seal(&OsRandom, NOW, "x", b"value").unwrap();
        assert_eq!(rotated.open("x", &sealed).as_deref(), Some(&b"value"[..]));
        assert_eq!(new.open("x", &sealed), None);
        let sealed = rotated.seal(&OsRandom, NOW, "x", b"value").unwrap();
        assert_eq!(new.open("x", &sealed).as_deref(), Some(&b"value"[..]));
        assert_eq!(old.open("x", &sealed), None);
    }

    #[test]
    fn each_secret_has_an_identity() {
        let (one, two) = (Identity::new(&secret(1)), Identity::new(&secret(2)));
        assert!(one == Identity::new(&secret(1)) && one.id() != two.id() && one.check != two.check);
        assert_eq!((one.id().len(), one.to_bytes().len(), Identity::id_in(&one.to_bytes())), (8, 36, one.id()));
        assert_eq!((Identity::id_in(&[]), Sealer::key_of(&[2])), (String::new(), String::new()));
        // The check value opens nothing: it differs from each other key.
        for label in ["seal/id", "seal/aes-256-gcm", "one-time/code", "limit/bucket", "identity"] {
            assert_ne!(*secret(1).derive(label), one.check, "{label}");
        }
        let (first, second) = (secret(1), secret(2));
        let sealer = Sealer::new(&first, [&second]);
        let ids: Vec<_> = sealer.identities().map(Identity::id).collect();
        assert_eq!(ids, [one.id(), two.id()]);
        let sealed = sealer.seal(&OsRandom, NOW, "x", b"value").unwrap();
        assert_eq!(Sealer::key_of(&sealed), one.id());
        assert_eq!(sealer.prefixes().next().as_deref(), Some(&sealed[..PREFIX]));
    }

    #[test]
    fn each_day_has_a_key_of_its_own() {
        let sealer = Sealer::new(&secret(1), []);
        // The last second of a day, the next one, a day before the epoch, and a clock far in the future.
        let days = [1_795_564_799, 1_795_564_800, -1, 253_402_300_799].map(|at| {
            let at = OffsetDateTime::from_unix_timestamp(at).unwrap();
            let sealed = sealer.seal(&OsRandom, at, "x", b"value").unwrap();
            assert_eq!(sealer.open("x", &sealed).as_deref(), Some(&b"value"[..]), "{at}");
            sealed
        });
        let day = |sealed: &[u8]| i32::from_be_bytes(*sealed[1 + KEY_ID..].first_chunk().unwrap());
        assert_eq!(days.each_ref().map(|sealed| day(sealed)), [20_781, 20_782, -1, 2_932_896]);
        // Under another day it is damaged.
        let mut moved = days[0].clone();
        moved[1 + KEY_ID..HEAD - NONCE_LEN].copy_from_slice(&20_782_i32.to_be_bytes());
        assert_eq!(sealer.open("x", &moved), None);
    }

    proptest! {
        #[test]
        fn no_damage_opens(value in prop::collection::vec(any::<u8>(), 0..64), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
            let sealer = Sealer::new(&secret(1), []);
            let mut sealed = sealer.seal(&OsRandom, NOW, "x", &value).unwrap();
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert_eq!(sealer.open("x", &sealed), None);
            prop_assert_eq!(sealer.open("x", &sealed[..at]), None);
        }
    }
}
