//! Opaque tokens: 256 random bits, of which the database keeps the SHA-256 digest only.

use std::sync::Arc;

use time::OffsetDateTime;

use super::{NewToken, TokenRef, TokenStrategy, TokenSubject};
use crate::secret::{TOKEN_LENGTH, digest, random_token};
use crate::{Random, Result};
use secrecy::ExposeSecret;

pub(crate) struct DatabaseStrategy {
    pub(crate) random: Arc<dyn Random>,
}

#[async_trait::async_trait]
impl TokenStrategy for DatabaseStrategy {
    async fn issue(&self, _: TokenSubject<'_>) -> Result<NewToken> {
        let token = random_token(self.random.as_ref(), "")?;
        let digest = digest(token.expose_secret());
        Ok(NewToken { token, digest: Some(digest), expires_in: None })
    }

    async fn read(&self, token: &str, _: OffsetDateTime) -> Result<Option<TokenRef>> {
        let well_formed =
            token.len() == TOKEN_LENGTH && token.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_');
        Ok(well_formed.then(|| TokenRef::Digest(digest(token))))
    }
}
