//! What the row of this feature points to.

use auth_entity::{Timestamp, event};
use futures_util::future::BoxFuture;
use sea_orm::ColumnTrait;

use super::{Audit, AuditQuery};
use crate::clock::before;
use crate::db::delete_in_batches;
use crate::error::Result;
use crate::feature::Export;
use crate::kernel::Kernel;

/// Deletes events that are older than the app keeps them.
pub(crate) fn purge(kernel: &Kernel) -> BoxFuture<'_, Result<u64>> {
    Box::pin(async {
        let old = event::Column::At.lte(Timestamp(before(kernel.now(), kernel.configs().audit.retention)));
        delete_in_batches::<event::Entity>(kernel.db(), &old.into()).await
    })
}

/// Adds the events about the user, newest first.
pub(crate) fn export<'a>(kernel: &'a Kernel, export: &'a mut Export) -> BoxFuture<'a, Result<()>> {
    Box::pin(async {
        let mut query = AuditQuery { subject_id: Some(export.user.id), limit: Some(100), ..AuditQuery::default() };
        loop {
            let page = Audit::new(kernel).list(query.clone()).await?;
            export.activity.extend(page.items);
            match page.next {
                Some(next) => query.cursor = Some(next),
                None => return Ok(()),
            }
        }
    })
}
