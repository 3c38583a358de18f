//! Opaque tokens: 256 random bits, of which only the SHA-256 digest is kept.

use secrecy::ExposeSecret;

use super::{NewToken, TokenSubject};
use crate::Result;
use crate::secret::{TOKEN_LENGTH, digest, random_token};

impl TokenSubject<'_> {
    /// An opaque token: 43 characters of base64url, and the digest that it is stored under.
    ///
    /// # Errors
    /// Fails when the source of randomness does.
    pub fn opaque_token(&self) -> Result<NewToken> {
        let token = random_token(self.random, "")?;
        let digest = digest(token.expose_secret());
        Ok(NewToken { token, digest: Some(digest), expires_in: None })
    }
}

/// The digest of an [opaque token](TokenSubject::opaque_token); `None` for a text of another form.
#[must_use]
pub fn opaque_digest(token: &str) -> Option<[u8; 32]> {
    let well_formed =
        token.len() == TOKEN_LENGTH && token.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_');
    well_formed.then(|| digest(token))
}
