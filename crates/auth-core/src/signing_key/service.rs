//! The service: what operators and the workers do to the keys.

use std::sync::Arc;

use auth_entity::signing_key::Model;
use uuid::Uuid;

use super::model::{Promotion, SigningKey};
use super::ring::Ring;
use super::rule::{SigningKeyState, accepted_until, published_by};
use super::start::{SealedKey, add, sealed};
use super::store;
use crate::client::Client;
use crate::effect::Effect;
use crate::error::{Error, Result};
use crate::event::EventKind;
use crate::kernel::Kernel;

/// The service of the signing keys of backends with [`JwtKeys::Managed`](crate::token::JwtKeys::Managed). Without such a backend
/// each method but [`are_managed`](Self::are_managed) fails with an internal error.
#[derive(Clone, Copy, Debug)]
pub struct SigningKeys<'a> {
    pub(super) kernel: &'a Kernel,
}

impl<'a> SigningKeys<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Self {
        Self { kernel }
    }

    /// Whether a backend signs with these keys.
    #[must_use]
    pub fn are_managed(&self) -> bool {
        self.kernel.parts().ring.is_some()
    }

    /// All keys, the newest first. The retired ones stay until their last token has expired and the purge has run.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "signing_key.list", target = "auth::service", level = "debug", skip_all)]
    pub async fn list(&self) -> Result<Vec<SigningKey>> {
        self.ring()?;
        Ok(store::all(self.kernel.db()).await?.iter().map(SigningKey::from).collect())
    }

    /// A key that the secrets of this handle do not open, if there is one: the start of a server fails with it.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "signing_key.sealed", target = "auth::service", level = "debug", skip_all)]
    pub async fn sealed(&self) -> Result<Option<SealedKey>> {
        Ok(sealed(self.ring()?, &store::all(self.kernel.db()).await?))
    }

    /// Makes the next key and publishes it. When there is one already, returns that: of several operators who prepare one at the
    /// same moment, all get the same.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "signing_key.prepare", target = "auth::service", level = "debug", skip_all)]
    pub async fn prepare(&self) -> Result<SigningKey> {
        self.change(async |effect| {
            let seen = store::all(effect.tx()).await?;
            match of_state(&seen, SigningKeyState::Next) {
                Some(next) => Ok(next),
                None => add(&effect, &seen, false).await,
            }
        })
        .await
    }

    /// Lets the next key sign, if it has been [published](super::PUBLISHED_FOR) for long enough. The present one is retired: it
    /// signs nothing more, and its tokens are good until they expire. Of several operators at the same moment one succeeds.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "signing_key.promote", target = "auth::service", level = "debug", skip_all)]
    pub async fn promote(&self) -> Result<Promotion> {
        let lifetime = self.ring()?.lifetime();
        self.change(async |effect| {
            let (tx, now) = (effect.tx(), effect.kernel().now());
            let Some(next) = next_of(&effect).await? else { return Ok(Promotion::NotPrepared) };
            if store::promote(tx, next.id, now, Some(published_by(now))).await? {
                store::retire_others(tx, next.id, now, accepted_until(now, lifetime)).await?;
                effect.emit(EventKind::SigningKeyPromoted { key_id: next.id });
                let promoted = SigningKey { state: SigningKeyState::Current, promoted_at: Some(now), ..next };
                return Ok(Promotion::Promoted(promoted));
            }
            // Either it is too early, or another operator was faster.
            Ok(next_of(&effect).await?.map_or(Promotion::NotPrepared, Promotion::TooEarly))
        })
        .await
    }

    /// Removes a key at once, because others may know it. Its tokens are refused here from now on and by every other server
    /// within [a minute](super::MAX_AGE); those who cache the published keys accept them for [five](super::KEY_SET_MAX_AGE) more.
    /// In place of the current key the next one signs at once, or a new one. Returns that one; `None` when there is no such key.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "signing_key.drop", target = "auth::service", level = "debug", skip_all, fields(%id))]
    pub async fn drop(&self, id: Uuid) -> Result<Option<SigningKey>> {
        self.change(async |effect| {
            if !store::delete(effect.tx(), id).await? {
                return Ok(None);
            }
            effect.emit(EventKind::SigningKeyDropped { key_id: id });
            replacement(&effect).await.map(Some)
        })
        .await
    }

    pub(super) fn ring(&self) -> Result<&'a Ring> {
        let ring = self.kernel.parts().ring.as_ref();
        ring.ok_or_else(|| Error::internal("no backend has managed keys: set its `keys` to `JwtKeys::Managed`"))
    }

    /// Changes the keys, and knows them here from then on.
    async fn change<T, F>(&self, work: impl Fn(Arc<Effect>) -> F + Sync) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        let ring = self.ring()?;
        let change = |effect: Arc<Effect>| async {
            store::lock(effect.tx()).await?;
            work(effect).await
        };
        let done = self.kernel.effect(&Client::default(), change).await?;
        if let Err(cause) = ring.renew(self.kernel.now()).await {
            tracing::warn!(%cause, "the signing keys were changed, and this server knows it within a minute only");
        }
        Ok(done)
    }
}

async fn next_of(effect: &Effect) -> Result<Option<SigningKey>> {
    Ok(of_state(&store::all(effect.tx()).await?, SigningKeyState::Next))
}

fn of_state(rows: &[Model], state: SigningKeyState) -> Option<SigningKey> {
    rows.iter().map(SigningKey::from).find(|key| key.state == state)
}

/// The key that signs once another was dropped.
async fn replacement(effect: &Effect) -> Result<SigningKey> {
    loop {
        let seen = store::all(effect.tx()).await?;
        if let Some(current) = of_state(&seen, SigningKeyState::Current) {
            return Ok(current);
        }
        let Some(next) = of_state(&seen, SigningKeyState::Next) else { return add(effect, &seen, true).await };
        let now = effect.kernel().now();
        // Unless another operator has dropped that one as well.
        if store::promote(effect.tx(), next.id, now, None).await? {
            effect.emit(EventKind::SigningKeyPromoted { key_id: next.id });
            return Ok(SigningKey { state: SigningKeyState::Current, promoted_at: Some(now), ..next });
        }
    }
}
