//! What operators see of the keys.

use auth_entity::signing_key::Model;
use time::OffsetDateTime;
use uuid::Uuid;

use super::rule::{PUBLISHED_FOR, SigningKeyState, Times};
use crate::seal::Sealer;

/// A signing key, as far as it is public. Times are in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SigningKey {
    /// The `kid` of its tokens.
    pub id: Uuid,
    /// `EdDSA` or `ES256`.
    pub algorithm: String,
    /// What it is for.
    pub state: SigningKeyState,
    /// When it was made, and published.
    pub created_at: OffsetDateTime,
    /// When it began to sign.
    pub promoted_at: Option<OffsetDateTime>,
    /// When another one took its place.
    pub retired_at: Option<OffsetDateTime>,
    /// Until when its tokens are accepted, once it is retired.
    pub expires_at: Option<OffsetDateTime>,
    /// The id of the root secret that its private half is sealed with, as [`Installation::key_id`](crate::Installation::key_id)
    /// names the present one; `None` once it is retired, because the private half is deleted then.
    pub sealed_with: Option<String>,
}

impl SigningKey {
    /// From when on it may be promoted.
    #[must_use]
    pub fn may_sign_at(&self) -> OffsetDateTime {
        self.created_at + PUBLISHED_FOR
    }
}

impl From<&Model> for SigningKey {
    fn from(row: &Model) -> Self {
        let times = Times::from(row);
        let Times { created_at, promoted_at, retired_at, expires_at } = times;
        Self {
            id: row.id,
            algorithm: row.algorithm.clone(),
            state: times.state(),
            created_at,
            promoted_at,
            retired_at,
            expires_at,
            sealed_with: row.private_key.as_deref().map(Sealer::key_of),
        }
    }
}

/// What became of the wish that the next key signs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Promotion {
    /// This key signs from now on.
    Promoted(SigningKey),
    /// This key has not been published [for long enough](SigningKey::may_sign_at); nothing was changed.
    TooEarly(SigningKey),
    /// There is no next key: prepare one. Or another operator was faster.
    NotPrepared,
}
