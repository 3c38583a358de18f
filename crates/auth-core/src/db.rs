//! Transactions, and deletion in small steps.

use std::time::Duration;

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, EntityTrait,
    IsolationLevel, PrimaryKeyToColumn, QueryFilter, QuerySelect, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::db_error;
use crate::error::{Error, Result};

/// Begins a transaction that writes.
///
/// sqlx loses track of a `BEGIN` on MySQL whose caller is gone before the answer, and the connection goes back into the pool inside
/// of a transaction: single statements are never committed there, and no other transaction can begin. In a task of its own it is
/// answered, and a transaction that nobody waits for any more is rolled back.
pub(crate) async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction> {
    let backend = db.get_database_backend();
    if backend != DbBackend::MySql {
        return Ok(db.begin_with_options(options(backend)).await?);
    }
    let db = db.clone();
    let beginning = tokio::spawn(async move { db.begin_with_options(options(backend)).await });
    Ok(beginning.await.map_err(Error::internal)??)
}

fn options(backend: DbBackend) -> TransactionOptions {
    TransactionOptions {
        sqlite_transaction_mode: (backend == DbBackend::Sqlite).then_some(SqliteTransactionMode::Immediate),
        // MySQL's default takes gap locks that make concurrent inserts of unrelated rows deadlock.
        isolation_level: (backend == DbBackend::MySql).then_some(IsolationLevel::ReadCommitted),
        ..TransactionOptions::default()
    }
}

/// What the clock of the database says, to the second.
///
/// # Errors
/// Fails when the database does.
pub(crate) async fn time(db: &DatabaseConnection) -> Result<OffsetDateTime> {
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT)",
        DbBackend::MySql => "SELECT CAST(UNIX_TIMESTAMP() AS SIGNED)",
        _ => "SELECT CAST(strftime('%s', 'now') AS INTEGER)",
    };
    let row = db.query_one_raw(Statement::from_string(backend, sql)).await?;
    let seconds = row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?;
    let seconds = seconds.ok_or_else(|| Error::internal("the database did not report its time"))?;
    OffsetDateTime::from_unix_timestamp(seconds).map_err(Error::internal)
}

/// How often what lost a conflict is run in all. Each round lets one contender through, so many concurrent inserts of one
/// unique value need several on MySQL.
const ATTEMPTS: u32 = 12;

/// By how much the wait grows with each attempt.
const BACK_OFF: Duration = Duration::from_millis(3);

/// Runs a transaction, or a statement by itself, again when it lost a deadlock or a serialisation conflict, a dozen times in
/// all.
///
/// # Errors
/// Fails as the last run does.
pub(crate) async fn retried<T, F>(run: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let mut attempt = 1;
    loop {
        match run().await {
            Err(Error::Store(cause)) if attempt < ATTEMPTS && db_error::is_conflict(&cause) => {
                tracing::debug!(attempt, %cause, "a conflict was lost, trying again");
                tokio::time::sleep(BACK_OFF * attempt).await;
                attempt += 1;
            }
            result => return result,
        }
    }
}

/// How many rows one statement deletes at the most.
const BATCH: u64 = 1000;

/// Deletes what meets a condition, a thousand rows at a time so that nobody waits long
/// for their locks, and returns how many. The first column of the primary key must be a UUID.
///
/// # Errors
/// Fails when the database does; what was deleted before stays deleted.
pub async fn delete_in_batches<E: EntityTrait>(db: &impl ConnectionTrait, condition: &Condition) -> Result<u64>
where
    E::PrimaryKey: PrimaryKeyToColumn<Column = E::Column>,
{
    let mut deleted = 0;
    loop {
        // The ids first, because not every database limits a deletion.
        let Some(id) = <E::PrimaryKey as sea_orm::Iterable>::iter().next().map(PrimaryKeyToColumn::into_column) else {
            return Ok(deleted);
        };
        let ids: Vec<Uuid> =
            E::find().select_only().column(id).filter(condition.clone()).limit(BATCH).into_tuple().all(db).await?;
        if ids.is_empty() {
            return Ok(deleted);
        }
        let full = ids.len() as u64 == BATCH;
        deleted += E::delete_many().filter(id.is_in(ids)).filter(condition.clone()).exec(db).await?.rows_affected;
        if !full {
            return Ok(deleted);
        }
    }
}
