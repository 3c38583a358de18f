//! What a refresh token looks like.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::random::Random;
use crate::secret::digest;
use crate::{Error, Result};

/// The bytes of each half: they are base64url without a rest.
const HALF: usize = 33;

/// The characters of each half.
const HALF_TEXT: usize = 44;

/// The bytes of the id of a session.
const ID: usize = 16;

/// The half that all tokens of a session share: its id, and 136 random bits, which only those know who had one
/// of them.
pub(super) struct FamilyText(Zeroizing<String>);

impl FamilyText {
    pub(super) fn new(random: &dyn Random, session_id: Uuid) -> Result<Self> {
        let mut bytes = Zeroizing::new([0; HALF]);
        let (id, rest) = bytes.split_at_mut(ID);
        id.copy_from_slice(session_id.as_bytes());
        random.fill(rest).map_err(Error::internal)?;
        Ok(Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_ref()))))
    }

    pub(super) fn digest(&self) -> [u8; 32] {
        digest(&self.0)
    }

    /// The next token: the family, and 264 random bits.
    pub(super) fn next(&self, random: &dyn Random) -> Result<SecretString> {
        let mut bytes = Zeroizing::new([0; HALF]);
        random.fill(bytes.as_mut()).map_err(Error::internal)?;
        let mut token = String::with_capacity(2 * HALF_TEXT);
        token.push_str(&self.0);
        URL_SAFE_NO_PAD.encode_string(bytes.as_ref(), &mut token);
        Ok(token.into())
    }
}

/// A token that somebody presents.
pub(super) struct Presented {
    /// The session that it says it is of.
    pub(super) session_id: Uuid,
    pub(super) token_hash: [u8; 32],
    family: FamilyText,
}

impl Presented {
    /// Reads a token; `None` for one of another form.
    pub(super) fn read(token: &str) -> Option<Self> {
        if token.len() != 2 * HALF_TEXT || !token.is_ascii() {
            return None;
        }
        let (family, turn) = token.split_at(HALF_TEXT);
        let mut bytes = Zeroizing::new([0; HALF]);
        URL_SAFE_NO_PAD.decode_slice(turn, bytes.as_mut()).ok()?;
        URL_SAFE_NO_PAD.decode_slice(family, bytes.as_mut()).ok()?;
        let session_id = Uuid::from_bytes(*bytes.first_chunk()?);
        let family = FamilyText(Zeroizing::new(family.to_owned()));
        Some(Self { session_id, token_hash: digest(token), family })
    }

    /// The family that it says it is of.
    pub(super) fn family(&self) -> &FamilyText {
        &self.family
    }

    /// Whether it was made for this family.
    pub(super) fn is_of(&self, family_hash: &[u8]) -> bool {
        verify_slices_are_equal(&self.family.digest(), family_hash).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::OsRandom;

    #[test]
    fn a_token_names_its_session_and_its_family() {
        let id = Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_002a);
        let family = FamilyText::new(&OsRandom, id).unwrap();
        let (one, two) = (family.next(&OsRandom).unwrap(), family.next(&OsRandom).unwrap());
        assert_ne!(one.expose_secret(), two.expose_secret());
        for token in [&one, &two] {
            let presented = Presented::read(token.expose_secret()).unwrap();
            assert_eq!((presented.session_id, presented.token_hash), (id, digest(token.expose_secret())));
            assert!(presented.is_of(&family.digest()));
            let next = presented.family().next(&OsRandom).unwrap();
            assert!(Presented::read(next.expose_secret()).unwrap().is_of(&family.digest()));
        }
        let other = FamilyText::new(&OsRandom, id).unwrap();
        assert!(!Presented::read(one.expose_secret()).unwrap().is_of(&other.digest()), "it names the same session");
        assert!(!Presented::read(one.expose_secret()).unwrap().is_of(&[]));
    }

    #[test]
    fn other_texts_are_no_tokens() {
        let family = FamilyText::new(&OsRandom, Uuid::nil()).unwrap();
        let token = family.next(&OsRandom).unwrap();
        let token = token.expose_secret();
        let spoilt = |at: usize, by: &str| [&token[..at], by, &token[at + 1..]].concat();
        for text in [
            String::new(),
            token[1..].to_owned(),
            format!("{token}A"),
            spoilt(0, "="),
            spoilt(87, "+"),
            spoilt(50, "/"),
            spoilt(50, " "),
            "\u{e9}".repeat(44),
        ] {
            assert!(Presented::read(&text).is_none(), "{text}");
        }
    }
}
