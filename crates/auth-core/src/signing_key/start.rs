//! The first key, and whether a server can open those that there are.

use std::sync::Arc;

use auth_entity::Timestamp;
use auth_entity::signing_key::{ActiveModel, Model};

use time::OffsetDateTime;
use uuid::Uuid;

use super::model::SigningKey;
use super::ring::{Ring, place};
use super::store;
use crate::client::Client;
use crate::effect::Effect;
use crate::error::{Error, Result};
use crate::event::EventKind;
use crate::jwt::NewPair;
use crate::kernel::Kernel;
use crate::seal::Sealer;

/// A signing key is sealed with a secret that this handle was not given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the signing key {id} cannot be opened: it is sealed with the secret of the key {sealed_with}; set `secret` to that one, or give \
     it to `former_secret` as well; if it is lost for good, run the admin command `keys drop {id}`, which ends the tokens of this \
     signing key"
)]
#[non_exhaustive]
pub struct SealedKey {
    /// The `kid` of the signing key.
    pub id: Uuid,
    /// The id of the key of the root secret that it is sealed with.
    pub sealed_with: String,
}

/// Makes the first key of all, if a backend has managed keys, and finds one that cannot be opened.
pub(crate) async fn begin(kernel: &Kernel) -> Result<Option<SealedKey>> {
    let Some(ring) = &kernel.parts().ring else { return Ok(None) };
    if store::all(kernel.db()).await?.is_empty() {
        // Of several servers that start at the same moment one makes it.
        let first = |effect: Arc<Effect>| async move {
            let seen = store::all(effect.tx()).await?;
            if seen.is_empty() { add(&effect, &seen, true).await.map(drop) } else { Ok(()) }
        };
        kernel.effect(&Client::default(), first).await?;
    }
    ring.renew(kernel.now()).await?;
    Ok(sealed(ring, &store::all(kernel.db()).await?))
}

/// The first of these that cannot be opened.
pub(super) fn sealed(ring: &Ring, rows: &[Model]) -> Option<SealedKey> {
    let sealed = |row: &&Model| row.private_key.is_some() && ring.open(row).is_none();
    let row = rows.iter().find(sealed)?;
    let sealed_with = row.private_key.as_deref().map(Sealer::key_of).unwrap_or_default();
    Some(SealedKey { id: row.id, sealed_with })
}

/// Makes a key, to sign at once or later, because these are all that there were. If another one was made since, both have the same
/// generation: then the effect is tried again, and sees it.
pub(super) async fn add(effect: &Effect, seen: &[Model], signs: bool) -> Result<SigningKey> {
    let kernel = effect.kernel();
    let generation = seen.iter().map(|row| row.generation).max().unwrap_or_default().saturating_add(1);
    let row = new_row(kernel, generation, signs.then_some(kernel.now()))?;
    store::insert(effect.tx(), ActiveModel::from(row.clone())).await?;
    effect.emit(EventKind::SigningKeyPrepared { key_id: row.id });
    if signs {
        effect.emit(EventKind::SigningKeyPromoted { key_id: row.id });
    }
    Ok(SigningKey::from(&row))
}

fn new_row(kernel: &Kernel, generation: i32, promoted_at: Option<OffsetDateTime>) -> Result<Model> {
    let (now, algorithm) = (kernel.now(), kernel.configs().signing_keys.algorithm);
    let (id, pair) = (kernel.new_id(now)?, NewPair::generate(algorithm).map_err(Error::internal)?);
    let private = kernel.parts().sealer.seal(kernel.random(), now, &place(id), &pair.private)?;
    Ok(Model {
        id,
        generation,
        algorithm: algorithm.name().to_owned(),
        public_key: pair.public,
        private_key: Some(private),
        created_at: Timestamp(now),
        promoted_at: promoted_at.map(Timestamp),
        retired_at: None,
        expires_at: None,
    })
}
