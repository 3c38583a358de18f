//! Transactions.

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbBackend, IsolationLevel, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

use crate::error::Result;

/// Begins a transaction that writes.
pub(crate) async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction> {
    Ok(db.begin_with_options(options(db.get_database_backend())).await?)
}

fn options(backend: DbBackend) -> TransactionOptions {
    TransactionOptions {
        sqlite_transaction_mode: (backend == DbBackend::Sqlite).then_some(SqliteTransactionMode::Immediate),
        // MySQL's default takes gap locks that make concurrent inserts of unrelated rows deadlock.
        isolation_level: (backend == DbBackend::MySql).then_some(IsolationLevel::ReadCommitted),
        ..TransactionOptions::default()
    }
}
