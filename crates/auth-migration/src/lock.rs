//! Running migrations while other servers may be starting too.

use std::collections::HashSet;
use std::time::Duration;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::{MigratorTrait, SchemaManager};

use crate::table::{NewTable, refuse_encoding, refuse_foreign};
use crate::{Migrator, TABLES};

/// What sea-orm keeps of each migration that was run.
const BOOK_COLUMNS: [&str; 2] = ["version", "applied_at"];

/// How often a start that finds SQLite locked for longer than its pool waits looks again, and after how long.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// What PostgreSQL is told first: to wait for another server's migration for a minute, then to take as long as it
/// needs, whatever the limits of the pool. The number is one of our own: the bytes of `authn_mi`.
const POSTGRES: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'; \
    SELECT pg_advisory_xact_lock(7022647185831325033)";

/// MySQL's lock is of the whole server, so that its name has to say which database is meant.
const MYSQL_LOCK: &str = "SELECT CAST(GET_LOCK(CONCAT('authn_mig:', MD5(DATABASE())), 60) AS SIGNED)";
const MYSQL_UNLOCK: &str = "DO RELEASE_LOCK(CONCAT('authn_mig:', MD5(DATABASE())))";

/// Galera has no lock of the whole cluster, and some servers refuse this one for that reason.
const MYSQL_REFUSES: &str = "the database refuses the lock that keeps two servers from migrating at once (`GET_LOCK`): on \
    Percona XtraDB Cluster set `pxc_strict_mode=PERMISSIVE`; on another cluster call `Migrator::up(&db, None)` of \
    `auth_migration` in one place, before the servers start";

/// Brings the library's tables up to date. Safe to call at every start, by several servers at once, and again after a
/// run that was killed half way. Tables that a newer version of the library has changed already are left alone, so that
/// servers of both versions can run beside each other.
///
/// # Errors
/// Fails when the database is unavailable, when its user may not create tables, when it has a table with the name of one
/// of the library's that is another program's, and when the encoding of a PostgreSQL database is not UTF-8: nothing is changed
/// then.
pub async fn migrate(db: &DatabaseConnection) -> Result<(), DbErr> {
    run::<Migrator>(db, TABLES).await
}

/// The same for the app's own migrations. Each step must be able to run again: `CREATE TABLE IF NOT EXISTS` for
/// instance, because MySQL commits every one by itself.
///
/// # Errors
/// Fails as [`migrate`] does.
pub async fn migrate_with<M: MigratorTrait>(db: &DatabaseConnection) -> Result<(), DbErr> {
    run::<M>(db, &[]).await
}

async fn run<M: MigratorTrait>(db: &DatabaseConnection, tables: &[NewTable]) -> Result<(), DbErr> {
    let attempts = if db.get_database_backend() == DbBackend::Sqlite { ATTEMPTS } else { 1 };
    for _ in 1..attempts {
        match once::<M>(db, tables).await {
            Err(_) => tokio::time::sleep(PAUSE).await,
            done => return done,
        }
    }
    once::<M>(db, tables).await
}

/// One transaction, so that one connection is enough for the lock and the work. PostgreSQL and SQLite take all of it
/// back when it is killed half way.
async fn once<M: MigratorTrait>(db: &DatabaseConnection, tables: &[NewTable]) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    let sqlite_transaction_mode = (backend == DbBackend::Sqlite).then_some(SqliteTransactionMode::Immediate);
    let options = TransactionOptions { sqlite_transaction_mode, ..TransactionOptions::default() };
    let transaction = db.begin_with_options(options).await?;
    if let Err(cause) = lock(&transaction).await {
        // Servers that find nothing to do need no lock.
        let done = done::<M>(&transaction).await;
        transaction.rollback().await?;
        return if is_complete::<M>(&done?) { Ok(()) } else { Err(cause) };
    }
    let result = up::<M>(&transaction, tables).await;
    if backend == DbBackend::MySql {
        // Else the lock would last as long as the connection.
        transaction.execute_unprepared(MYSQL_UNLOCK).await?;
    }
    match result {
        Ok(()) => transaction.commit().await,
        Err(cause) => {
            transaction.rollback().await?;
            Err(cause)
        }
    }
}

async fn lock(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    match transaction.get_database_backend() {
        DbBackend::Postgres => transaction.execute_unprepared(POSTGRES).await.map(drop),
        DbBackend::MySql => {
            let row = transaction.query_one_raw(Statement::from_string(DbBackend::MySql, MYSQL_LOCK)).await;
            let row = row.map_err(|cause| DbErr::Custom(format!("{MYSQL_REFUSES} ({cause})")))?;
            let taken: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
            match taken {
                Some(1) => Ok(()),
                Some(_) => Err(DbErr::Custom("another server's migration did not end within a minute".to_owned())),
                // The wait was ended from without.
                None => Err(DbErr::Custom(MYSQL_REFUSES.to_owned())),
            }
        }
        // A transaction that writes from its beginning is the lock.
        _ => Ok(()),
    }
}

/// Does what is left to do, once it is certain that no table of another program is in its way. Migrations in the book that
/// this version has never heard of are a newer version's: they matter only to a version that has work of its own to do.
async fn up<M: MigratorTrait>(transaction: &DatabaseTransaction, tables: &[NewTable]) -> Result<(), DbErr> {
    let manager = SchemaManager::new(transaction);
    if !tables.is_empty() {
        refuse_encoding(&manager).await?;
    }
    let book = M::migration_table_name().to_string();
    refuse_foreign(&manager, &book, BOOK_COLUMNS.map(str::to_owned)).await?;
    let done = done::<M>(transaction).await?;
    if is_complete::<M>(&done) {
        return Ok(());
    }
    for table in tables.iter().filter(|table| !done.contains(table.name)) {
        table.refuse_foreign(&manager).await?;
    }
    M::up(transaction, None).await
}

/// The migrations that are in the book.
async fn done<M: MigratorTrait>(transaction: &DatabaseTransaction) -> Result<HashSet<String>, DbErr> {
    let book = M::migration_table_name().to_string();
    if !SchemaManager::new(transaction).has_table(&book).await? {
        return Ok(HashSet::new());
    }
    Ok(M::get_migration_models(transaction).await?.into_iter().map(|entry| entry.version).collect())
}

fn is_complete<M: MigratorTrait>(done: &HashSet<String>) -> bool {
    M::migrations().iter().all(|migration| done.contains(migration.name()))
}
