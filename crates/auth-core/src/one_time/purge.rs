//! Deletion of single-use tokens that were redeemed or expired.

use std::time::Duration;

use auth_entity::{Timestamp, one_time_token};
use futures_util::future::BoxFuture;
use sea_orm::ColumnTrait;

use crate::clock::before;
use crate::db::delete_in_batches;
use crate::error::Result;
use crate::kernel::Kernel;

/// How long they stay: for people who wonder what became of one.
const GRACE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Deletes single-use tokens that were redeemed or expired.
pub(crate) fn purge(kernel: &Kernel) -> BoxFuture<'_, Result<u64>> {
    Box::pin(async {
        let old = one_time_token::Column::ExpiresAt.lte(Timestamp(before(kernel.now(), GRACE)));
        delete_in_batches::<one_time_token::Entity>(kernel.db(), &old.into()).await
    })
}
