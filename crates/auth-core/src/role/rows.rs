//! What the row of this feature points to.

use futures_util::future::BoxFuture;
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use super::store;
use crate::error::Result;
use crate::feature::Export;
use crate::kernel::Kernel;

/// A role as the export shows it.
#[derive(Serialize)]
struct Granted {
    role: String,
    #[serde(with = "time::serde::rfc3339")]
    granted_at: OffsetDateTime,
    granted_by: Option<Uuid>,
}

/// Adds the roles that the account was granted.
pub(super) fn export<'a>(kernel: &'a Kernel, export: &'a mut Export) -> BoxFuture<'a, Result<()>> {
    Box::pin(async {
        let rows = store::granted(kernel.db(), export.user.id).await?;
        let granted = rows.into_iter().map(|row| Granted {
            role: row.role,
            granted_at: row.granted_at.0,
            granted_by: row.granted_by,
        });
        export.add("roles", granted.collect::<Vec<_>>())
    })
}
