//! Opaque tokens whose digest is in the row of their session alone.

use time::OffsetDateTime;

use super::{NewToken, TokenRef, TokenStrategy, TokenSubject, opaque_digest};
use crate::Result;

pub(crate) struct DatabaseStrategy;

#[async_trait::async_trait]
impl TokenStrategy for DatabaseStrategy {
    async fn issue(&self, subject: TokenSubject<'_>) -> Result<NewToken> {
        subject.opaque_token()
    }

    async fn read(&self, token: &str, _: OffsetDateTime) -> Result<Option<TokenRef>> {
        Ok(opaque_digest(token).map(TokenRef::Digest))
    }
}
