//! What the row of this feature points to.

use auth_entity::{Timestamp, session};
use futures_util::future::BoxFuture;
use sea_orm::{ColumnTrait, Condition};

use super::idle::is_unused;
use super::{Sessions, forget, refresh};
use crate::change;
use crate::db::delete_in_batches;
use crate::error::Result;
use crate::feature::Export;
use crate::installation::epoch;
use crate::kernel::Kernel;

/// Deletes sessions that ended.
pub(crate) fn purge(kernel: &Kernel) -> BoxFuture<'_, Result<u64>> {
    Box::pin(async {
        let now = kernel.now();
        let ended = Condition::any()
            .add(session::Column::ExpiresAt.lte(Timestamp(now)))
            .add(is_unused(kernel, now))
            .add(epoch::is_dead(session::Column::CreatedAt));
        change::purge(kernel.db(), now).await?;
        refresh::purge(kernel).await?;
        let told = forget::purge(kernel, ended.clone()).await?;
        let deleted = delete_in_batches::<session::Entity>(kernel.db(), &ended).await?;
        Ok(told + deleted)
    })
}

/// Adds the live sessions.
pub(crate) fn export<'a>(kernel: &'a Kernel, export: &'a mut Export) -> BoxFuture<'a, Result<()>> {
    Box::pin(async {
        export.sessions = Sessions::new(kernel).list_all(&export.user).await?;
        Ok(())
    })
}
