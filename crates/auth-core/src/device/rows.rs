//! What the row of this feature points to.

use auth_entity::{Timestamp, device};
use futures_util::future::BoxFuture;
use sea_orm::ColumnTrait;

use super::model::Device;
use super::store;
use crate::db::delete_in_batches;
use crate::error::Result;
use crate::feature::Export;
use crate::kernel::Kernel;

/// Deletes devices that are unknown again.
pub(super) fn purge(kernel: &Kernel) -> BoxFuture<'_, Result<u64>> {
    Box::pin(async {
        let over = device::Column::ExpiresAt.lte(Timestamp(kernel.now()));
        delete_in_batches::<device::Entity>(kernel.db(), &over.into()).await
    })
}

/// Adds the known devices.
pub(super) fn export<'a>(kernel: &'a Kernel, export: &'a mut Export) -> BoxFuture<'a, Result<()>> {
    Box::pin(async {
        let rows = store::list(kernel.db(), export.user.id, kernel.now()).await?;
        let devices: Vec<Device> = rows.into_iter().map(|row| Device::new(row, None)).collect();
        export.add("devices", devices)
    })
}
