//! Running the migrations while other servers may be starting too.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement, TransactionTrait};
use sea_orm_migration::MigratorTrait;

use crate::Migrator;

/// A number of our own for PostgreSQL's advisory locks: the bytes of `auth_mig`.
const ADVISORY_LOCK: i64 = 0x6175_7468_5f6d_6967;

/// How often a start that collided with another server's looks again.
const ATTEMPTS: u32 = 5;

/// Brings the tables up to date. Safe to call at every start, by several servers at once, and again after a run
/// that was killed half way.
///
/// # Errors
/// The database's own error when it is away or its user may not create tables.
pub async fn migrate(db: &DatabaseConnection) -> Result<(), DbErr> {
    if db.get_database_backend() == DbBackend::Postgres {
        let transaction = db.begin().await?;
        let lock = format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})");
        transaction.execute_raw(Statement::from_string(DbBackend::Postgres, lock)).await?;
        Migrator::up(&transaction, None).await?;
        return transaction.commit().await;
    }
    // MySQL and SQLite commit each table statement by itself. Every step of ours can be repeated, so a server that
    // loses the race finds the winner's tables at its next attempt.
    for attempt in 1.. {
        match Migrator::up(db, None).await {
            Err(_) if attempt < ATTEMPTS => tokio::time::sleep(std::time::Duration::from_millis(200)).await,
            result => return result,
        }
    }
    Ok(())
}
