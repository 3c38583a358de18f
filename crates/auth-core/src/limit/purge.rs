//! Deletion of counters whose window is over.

use auth_entity::limit;
use futures_util::future::BoxFuture;
use sea_orm::ColumnTrait;

use crate::db::delete_in_batches;
use crate::error::Result;
use crate::kernel::Kernel;

/// Deletes counters whose window is over.
pub(crate) fn purge(kernel: &Kernel) -> BoxFuture<'_, Result<u64>> {
    Box::pin(async {
        let limiter = kernel.limiter();
        limiter.compare_clocks().await;
        let old = limit::Column::EndsAt.lte(limiter.now());
        delete_in_batches::<limit::Entity>(kernel.db(), &old.into()).await
    })
}
