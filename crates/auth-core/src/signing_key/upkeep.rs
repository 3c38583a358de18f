//! What the workers do to the keys.

use std::time::Duration;

use auth_entity::{Timestamp, signing_key};
use futures_util::future::BoxFuture;
use sea_orm::ColumnTrait;

use super::model::Promotion;
use super::ring::{Ring, place};
use super::rule::SigningKeyState;
use super::service::SigningKeys;
use super::store;
use crate::db::delete_in_batches;
use crate::error::Result;
use crate::installation::present_since;
use crate::kernel::Kernel;

/// How long a secret must have been known before keys are sealed with it: until then servers run with the former one alone, or
/// are started with it, should the change have to be reverted.
const SEAL_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Deletes keys whose last token has expired.
pub(crate) fn purge(kernel: &Kernel) -> BoxFuture<'_, Result<u64>> {
    Box::pin(async {
        let over = signing_key::Column::ExpiresAt.lte(Timestamp(kernel.now()));
        delete_in_batches::<signing_key::Entity>(kernel.db(), &over.into()).await
    })
}

/// See [`SigningKeys::upkeep`].
pub(crate) fn upkeep(kernel: &Kernel) -> BoxFuture<'_, Result<()>> {
    Box::pin(async {
        let keys = SigningKeys::new(kernel);
        if keys.are_managed() { keys.upkeep().await } else { Ok(()) }
    })
}

impl SigningKeys<'_> {
    /// Does what is due, but nothing within a day after another root secret came into use: seals keys anew that a former secret
    /// sealed, and replaces a key that has signed [for long enough](super::SigningKeyConfig::rotate_every), in two steps.
    /// [Workers](crate::Auth::spawn_workers) do so once an hour.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "signing_key.upkeep", target = "auth::service", level = "debug", skip_all)]
    pub async fn upkeep(&self) -> Result<()> {
        let (ring, now) = (self.ring()?, self.kernel.now());
        if present_since(self.kernel).await?.is_none_or(|since| now < since + SEAL_AFTER) {
            return Ok(());
        }
        reseal(self.kernel, ring).await?;
        self.rotate().await
    }

    async fn rotate(&self) -> Result<()> {
        let Some(every) = self.kernel.configs().signing_keys.rotate_every else { return Ok(()) };
        let keys = self.list().await?;
        let current = keys.iter().find(|key| key.state == SigningKeyState::Current);
        let is_due = current.and_then(|key| key.promoted_at).is_some_and(|at| at + every <= self.kernel.now());
        if !is_due {
            return Ok(());
        }
        self.prepare().await?;
        if let Promotion::Promoted(key) = self.promote().await? {
            tracing::info!(kid = %key.id, "another signing key signs from now on");
        }
        Ok(())
    }
}

/// Seals with the present secret what a former one sealed.
async fn reseal(kernel: &Kernel, ring: &Ring) -> Result<()> {
    let (now, sealer) = (kernel.now(), &kernel.parts().sealer);
    let Some(present) = sealer.prefixes().next() else { return Ok(()) };
    for row in store::all(kernel.db()).await? {
        let is_former = row.private_key.as_ref().is_some_and(|sealed| !sealed.starts_with(&present));
        let Some(private) = ring.open(&row).filter(|_| is_former) else { continue };
        let sealed = sealer.seal(kernel.random(), now, &place(row.id), &private)?;
        if store::replace_sealed(kernel.db(), &row, sealed).await? {
            tracing::info!(kid = %row.id, "a signing key was sealed anew with the present secret");
        }
    }
    Ok(())
}
