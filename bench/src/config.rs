//! How the library is set up, the same for the servers and for the sessions that are made beforehand.

use std::time::Duration;

use auth_core::mail::SmtpMailer;
use auth_core::password::HasherConfig;
use auth_core::token::JwtOptions;
use auth_core::{Auth, AuthBuilder, Backend, CookieOptions, Limits, RootSecret};
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, Database, DatabaseConnection};

use crate::Result;

/// Connections of a server to its database, shared by the library and the hand-written route: as many as in the example
/// apps.
const SQLITE_POOL: u32 = 8;
const POSTGRES_POOL: u32 = 16;

/// How long a server may take to connect below valgrind.
const PATIENCE: Duration = Duration::from_secs(60);

/// Any 32 bytes will do: both sides only have to agree.
const SECRET: [u8; 32] = *b"\x8f\x1c\x62\xd9\x04\xb7\x3e\xa5\x50\xf8\x2b\xc1\x97\x6d\x0a\xe4\x39\xce\x71\x15\xaa\x5f\x83\xd2\x4c\xb0\x26\xe9\x98\x07\x7b\xf3";

/// Who the mails are from.
const SENDER: &str = "Benchmark <no-reply@example.com>";

/// Tokens outlive the run, which is longer than the usual 10 minutes when the machine is busy.
const TOKEN_LIFE: Duration = Duration::from_secs(4 * 60 * 60);

/// Connects as the example apps do. `logged` makes the driver report each statement, which costs time.
pub(crate) async fn connect(url: &str, logged: bool) -> Result<DatabaseConnection> {
    let pool = if url.starts_with("sqlite") { SQLITE_POOL } else { POSTGRES_POOL };
    connect_pool(url, pool, logged).await
}

/// Connects by one connection.
pub(crate) async fn connect_single(url: &str) -> Result<DatabaseConnection> {
    connect_pool(url, 1, false).await
}

async fn connect_pool(url: &str, pool: u32, logged: bool) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(pool)
        .min_connections(pool)
        .acquire_timeout(if pool == 1 { PATIENCE } else { Duration::from_secs(2) })
        .test_before_acquire(false)
        .test_before_acquire_if_idle_for(Duration::from_secs(10))
        .record_stmt_in_spans(false)
        .sqlx_logging(logged)
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal)
                .busy_timeout(Duration::from_secs(5))
                .foreign_keys(true)
                .create_if_missing(true)
        });
    Ok(Database::connect(options).await?)
}

/// The library with the backends of the example apps, and a mailer where there is an SMTP server; without limits, because the
/// load has one address, and all else as it comes.
pub(crate) fn auth(db: DatabaseConnection, smtp: Option<&str>) -> Result<Auth> {
    Ok(builder(db, smtp, HasherConfig::default(), Limits::off())?.build()?)
}

/// The same with other hashes or limits. Somebody on this machine may say where a request comes from.
pub(crate) fn builder(
    db: DatabaseConnection,
    smtp: Option<&str>,
    hasher: HasherConfig,
    limits: Limits,
) -> Result<AuthBuilder> {
    let jwt = JwtOptions { lifetime: Some(TOKEN_LIFE), ..JwtOptions::default() };
    let builder = Auth::builder(db)
        .public_url("http://localhost")
        .secret(RootSecret::new(SECRET))
        .backend(Backend::cookie("cookie", CookieOptions { name: Some("auth".to_owned()), ..CookieOptions::default() }))
        .backend(Backend::bearer("jwt").jwt(jwt))
        .backend(Backend::bearer("db"))
        .passwords(hasher)
        .limits(limits)
        .trusted_proxy("127.0.0.0/8".parse()?);
    Ok(match smtp {
        Some(url) => builder.mail(SmtpMailer::new(url, SENDER)?),
        None => builder,
    })
}

/// The cheapest hashes that there are: they are not what is measured.
pub(crate) fn cheap_hashes() -> HasherConfig {
    HasherConfig::insecure_for_tests()
}
