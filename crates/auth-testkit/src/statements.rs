//! Which statements a connection sent to its database.

use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::DatabaseConnection;

/// The SQL of the statements that were sent, in order. `BEGIN`, `COMMIT` and `ROLLBACK` are not among them. Clones
/// share the log.
#[derive(Clone, Debug, Default)]
pub struct StatementLog(Arc<Mutex<Vec<String>>>);

impl StatementLog {
    /// Begins to log what a connection sends, and what its later clones and transactions send.
    pub fn attach(&self, db: &mut DatabaseConnection) {
        let log = self.clone();
        db.set_metric_callback(move |info| log.lock().push(info.statement.sql.clone()));
    }

    /// Logs what the library asks the driver directly: for [`statement_hook`](auth_core::AuthBuilder::statement_hook).
    pub fn hook(&self) -> impl Fn(&str) + Send + Sync + use<> {
        let log = self.clone();
        move |sql| log.lock().push(sql.to_owned())
    }

    /// Empties the log and returns what was in it.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
