//! What the row of this feature points to.

use auth_entity::{Timestamp, event};
use futures_util::future::BoxFuture;
use sea_orm::ColumnTrait;

use super::{AuditQuery, forget, store};
use crate::clock::before;
use crate::db::delete_in_batches;
use crate::error::Result;
use crate::feature::Export;
use crate::kernel::Kernel;

/// Deletes events that are older than the app keeps them, and forgets the clients of accounts that are gone.
pub(crate) fn purge(kernel: &Kernel) -> BoxFuture<'_, Result<u64>> {
    Box::pin(async {
        let old = event::Column::At.lte(Timestamp(before(kernel.now(), kernel.configs().audit.retention)));
        let deleted = delete_in_batches::<event::Entity>(kernel.db(), &old.into()).await?;
        forget::purge(kernel).await?;
        Ok(deleted)
    })
}

/// How many events an export has at the most.
const MAX_EXPORTED: u64 = 1_000;

/// Adds the newest events about the user, newest first, and how many there are.
pub(crate) fn export<'a>(kernel: &'a Kernel, export: &'a mut Export) -> BoxFuture<'a, Result<()>> {
    Box::pin(async {
        let query = AuditQuery { subject_id: Some(export.user.id), ..AuditQuery::default() };
        let events = store::page(kernel.db(), &query, MAX_EXPORTED).await?;
        export.activity = events.into_iter().map(|event| event.for_its_subject(&export.user)).collect();
        export.activity_counts = store::count_by_name(kernel.db(), export.user.id).await?;
        Ok(())
    })
}
