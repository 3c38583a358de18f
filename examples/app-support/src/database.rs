//! The connection to the database, with limits that turn overload into 503 instead of a pile-up.

use std::time::Duration;

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};
use sqlx::Executor;
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};

use crate::notes;

/// How long a statement may run or wait for a lock.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connects, and brings the tables of the library and of the notes up to date.
///
/// # Errors
/// The database's.
pub(crate) async fn connect(url: &str) -> Result<DatabaseConnection, DbErr> {
    let db = open(url).await?;
    auth_migration::migrate(&db).await?;
    auth_migration::migrate_with::<notes::Migrator>(&db).await?;
    Ok(db)
}

/// Connects, and leaves the tables as they are.
///
/// # Errors
/// The database's.
pub(crate) async fn open(url: &str) -> Result<DatabaseConnection, DbErr> {
    Database::connect(options(url)).await
}

fn options(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .acquire_timeout(Duration::from_secs(2))
        .max_connections(16)
        // After a failover, connections to the former primary can only read: the pool replaces them within this time.
        .max_lifetime(Duration::from_secs(5 * 60))
        // A ping for connections that a restart of the server may have cut; under load none is idle that long.
        .test_before_acquire(false)
        .test_before_acquire_if_idle_for(Duration::from_secs(1));
    if url.starts_with("sqlite") {
        sqlite(&mut options, url.contains(":memory:"));
    } else if url.starts_with("postgres") {
        postgres(&mut options);
    } else if url.starts_with("mysql") {
        mysql(&mut options);
    }
    options
}

fn sqlite(options: &mut ConnectOptions, in_memory: bool) {
    options.max_connections(8).map_sqlx_sqlite_opts(|sqlite| {
        sqlite
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(PATIENCE)
            .foreign_keys(true)
    });
    if in_memory {
        // The database is gone with its one connection.
        options.min_connections(1).max_connections(1).idle_timeout(None).max_lifetime(None);
    }
}

/// The limits are set by a statement: PgBouncer and other poolers refuse connections that bring settings of their own.
fn postgres(options: &mut ConnectOptions) {
    // As patient as `PATIENCE`, and twice that for a transaction of a server that fell silent.
    const LIMITS: &str = "SET statement_timeout = '5s'; SET lock_timeout = '5s'; \
        SET idle_in_transaction_session_timeout = '10s'";
    options.map_sqlx_postgres_opts(|postgres| postgres.extra_float_digits(None));
    options.map_sqlx_postgres_pool_opts(|pool| {
        pool.after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute(LIMITS).await?;
                Ok(())
            })
        })
    });
}

fn mysql(options: &mut ConnectOptions) {
    options.map_sqlx_mysql_pool_opts(|pool| {
        pool.after_connect(|connection, _| {
            Box::pin(async move {
                // MariaDB reads the comment, and ends transactions of servers that fell silent as PostgreSQL does.
                connection
                    .execute("SET SESSION innodb_lock_wait_timeout = 5 /*M!100300 , idle_transaction_timeout = 10 */")
                    .await?;
                Ok(())
            })
        })
    });
}
