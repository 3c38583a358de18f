//! The service.

use sea_orm::DatabaseConnection;
use time::OffsetDateTime;

use super::store;
use crate::db;
use crate::error::Result;
use crate::kernel::Kernel;

/// The service of what holds for the installation as a whole.
#[derive(Clone, Copy, Debug)]
pub struct Installation<'a> {
    pub(super) kernel: &'a Kernel,
}

impl<'a> Installation<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Self {
        Self { kernel }
    }

    /// What the clock of the database says, in UTC and to the second.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "installation.database_time", target = "auth::service", level = "debug", skip_all)]
    pub async fn database_time(&self) -> Result<OffsetDateTime> {
        db::time(self.kernel.db()).await
    }
}

/// Whether nothing has ever been written into the library's tables, which must be there: no account, and no key. Then, and
/// only then, an app may make a secret of its own accord: on any other database a new secret would leave behind what the
/// one before it has sealed and signed.
///
/// # Errors
/// Fails when the database does.
pub async fn is_unused(db: &DatabaseConnection) -> Result<bool> {
    Ok(!store::is_used(db).await?)
}
