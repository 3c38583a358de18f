//! Transactions, and what a database error means for the caller.

use std::future::Future;
use std::sync::Arc;

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel, RuntimeErr, SqlErr,
    SqliteTransactionMode, SqlxError, TransactionOptions, TransactionTrait,
};

use crate::{Error, Result};

/// How often a transaction that lost against another one is tried.
const ATTEMPTS: u32 = 3;

/// Runs `work` in one write transaction and commits it, or leaves nothing behind.
///
/// On SQLite the transaction takes the write lock at its start, because a lock upgrade in the middle fails at once
/// under load. A transaction that loses a deadlock or a serialisation conflict is run again, three times in all.
pub(crate) async fn write<T, F>(db: &DatabaseConnection, work: impl Fn(Arc<DatabaseTransaction>) -> F) -> Result<T>
where
    F: Future<Output = Result<T>> + Send,
{
    let mut attempt = 1;
    loop {
        match once(db, &work).await {
            Err(Error::Store(cause)) if attempt < ATTEMPTS && is_conflict(&cause) => {
                tracing::debug!(attempt, %cause, "transaction lost a conflict, trying again");
                attempt += 1;
            }
            result => return result,
        }
    }
}

async fn once<T, F>(db: &DatabaseConnection, work: &impl Fn(Arc<DatabaseTransaction>) -> F) -> Result<T>
where
    F: Future<Output = Result<T>> + Send,
{
    let transaction = Arc::new(db.begin_with_options(options(db.get_database_backend())).await?);
    let result = work(transaction.clone()).await;
    // The work is over and its clone dropped.
    let transaction = Arc::into_inner(transaction).ok_or_else(|| Error::internal("a transaction outlived its work"))?;
    match result {
        Ok(value) => {
            transaction.commit().await?;
            Ok(value)
        }
        Err(error) => {
            // Dropping would only queue the rollback until the connection is used next, and its locks with it.
            if let Err(cause) = transaction.rollback().await {
                tracing::warn!(%cause, "rollback failed");
            }
            Err(error)
        }
    }
}

fn options(backend: DbBackend) -> TransactionOptions {
    TransactionOptions {
        sqlite_transaction_mode: (backend == DbBackend::Sqlite).then_some(SqliteTransactionMode::Immediate),
        // MySQL's default takes gap locks that make concurrent inserts of unrelated rows deadlock.
        isolation_level: (backend == DbBackend::MySql).then_some(IsolationLevel::ReadCommitted),
        ..TransactionOptions::default()
    }
}

/// The name of the unique index that a statement ran into, as the database tells it.
pub(crate) fn unique_violation(error: &DbErr) -> Option<String> {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(message)) => Some(message),
        _ => None,
    }
}

/// Whether the same transaction may succeed when it is run again.
fn is_conflict(error: &DbErr) -> bool {
    let Some(SqlxError::Database(cause)) = sqlx_error(error) else { return false };
    // PostgreSQL: serialisation failure, deadlock. MySQL reports its deadlock with the same class 40.
    cause.code().is_some_and(|code| code == "40001" || code == "40P01")
}

/// Whether the database is away or too busy, as opposed to the statement being wrong.
pub(crate) fn is_unavailable(error: &DbErr) -> bool {
    if matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) {
        return true;
    }
    match sqlx_error(error) {
        Some(SqlxError::Database(cause)) => cause.code().is_some_and(|code| is_transient(&code)),
        Some(
            SqlxError::Io(_)
            | SqlxError::Tls(_)
            | SqlxError::Protocol(_)
            | SqlxError::PoolTimedOut
            | SqlxError::PoolClosed
            | SqlxError::WorkerCrashed
            | SqlxError::BeginFailed,
        ) => true,
        _ => false,
    }
}

/// Codes of a database that would take the statement at another time.
fn is_transient(code: &str) -> bool {
    // SQLSTATE classes of PostgreSQL and MySQL: connection, transaction rollback, resources, intervention, system.
    const CLASSES: [&str; 5] = ["08", "40", "53", "57", "58"];
    // PostgreSQL's lock_not_available and read_only_sql_transaction; MySQL sends its own conditions as HY000.
    const STATES: [&str; 3] = ["55P03", "25006", "HY000"];
    // SQLite's primary codes: busy, locked, read only, I/O, full, cannot open.
    const SQLITE: [u32; 6] = [5, 6, 8, 10, 13, 14];
    if code.len() == 5 {
        return CLASSES.iter().any(|class| code.starts_with(class)) || STATES.contains(&code);
    }
    code.parse::<u32>().is_ok_and(|code| SQLITE.contains(&(code & 0xff)))
}

fn sqlx_error(error: &DbErr) -> Option<&SqlxError> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => Some(cause),
        _ => None,
    }
}
