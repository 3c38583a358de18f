//! One database per test: made from a template that is migrated once per run.

mod mariadb;
mod postgres;
mod sqlite;

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};
use url::Url;

use crate::Proxy;

/// Long enough for a busy machine, short enough for a pool that is exhausted by mistake.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// The kinds of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Engine {
    /// SQLite, in a file in WAL mode.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MariaDB or MySQL.
    Mariadb,
}

impl Engine {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Mariadb];

    /// The name in the names of tests.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Mariadb => "mariadb",
        }
    }
}

/// An empty, migrated database that tests get copies of.
#[derive(Debug)]
pub struct Template(Source);

#[derive(Debug)]
enum Source {
    Sqlite(sqlite::Template),
    Postgres(postgres::Template),
    Mariadb(mariadb::Template),
}

impl Template {
    /// Makes the template. `server` is the URL of an account that may create databases; SQLite needs none.
    ///
    /// # Errors
    /// Fails when the server is unavailable or refuses, or when the migrations fail.
    pub async fn prepare(engine: Engine, server: Option<&str>) -> Result<Self, DbErr> {
        let server = || Url::parse(server.unwrap_or_default()).map_err(custom);
        Ok(Self(match engine {
            Engine::Sqlite => Source::Sqlite(sqlite::Template::prepare().await?),
            Engine::Postgres => Source::Postgres(postgres::Template::prepare(server()?).await?),
            Engine::Mariadb => Source::Mariadb(mariadb::Template::prepare(server()?).await?),
        }))
    }

    /// The kind of database.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.0 {
            Source::Sqlite(_) => Engine::Sqlite,
            Source::Postgres(_) => Engine::Postgres,
            Source::Mariadb(_) => Engine::Mariadb,
        }
    }

    /// A fresh copy.
    ///
    /// # Errors
    /// Fails when the database or the file system does.
    pub async fn copy(&self) -> Result<TestDb, DbErr> {
        let name = unique_name();
        let url = match &self.0 {
            Source::Sqlite(template) => template.copy(&name)?,
            Source::Postgres(template) => template.copy(&name).await?,
            Source::Mariadb(template) => template.copy(&name).await?,
        };
        Ok(TestDb { engine: self.engine(), name, url })
    }

    /// Removes a copy. Connections that are still open are closed.
    ///
    /// # Errors
    /// Fails when the database or the file system does.
    pub async fn remove(&self, db: &TestDb) -> Result<(), DbErr> {
        match &self.0 {
            Source::Sqlite(template) => template.remove(&db.name),
            Source::Postgres(template) => template.remove(&db.name).await,
            Source::Mariadb(template) => template.remove(&db.name).await,
        }
    }

    /// Removes the template itself. Call it last.
    ///
    /// # Errors
    /// Fails when the database or the file system does.
    pub async fn discard(self) -> Result<(), DbErr> {
        match self.0 {
            Source::Sqlite(template) => template.discard(),
            Source::Postgres(template) => template.discard().await,
            Source::Mariadb(template) => template.discard().await,
        }
    }
}

/// The database of one test.
#[derive(Debug)]
pub struct TestDb {
    engine: Engine,
    name: String,
    url: String,
}

impl TestDb {
    /// The kind of database.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A pool of its own with at most so many connections, as another server would have.
    ///
    /// # Errors
    /// Fails when the database does.
    pub async fn connect(&self, connections: u32) -> Result<DatabaseConnection, DbErr> {
        connect(&self.url, connections).await
    }

    /// A proxy before the server of the database.
    ///
    /// # Errors
    /// Fails for SQLite, which has none, and when no port is free.
    pub async fn proxy(&self) -> Result<Proxy, DbErr> {
        let addresses = Url::parse(&self.url).map_err(custom)?.socket_addrs(|| None).map_err(custom)?;
        let server = addresses.first().ok_or_else(|| custom("a database without a server"))?;
        Proxy::start(*server).await.map_err(custom)
    }

    /// A pool as of [`Self::connect`], but through a proxy before the server.
    ///
    /// # Errors
    /// Fails when the database does.
    pub async fn connect_through(&self, proxy: &Proxy, connections: u32) -> Result<DatabaseConnection, DbErr> {
        connect(&self.url_through(proxy)?, connections).await
    }

    /// The URL that leads through a proxy before the server.
    ///
    /// # Errors
    /// Fails for SQLite, which has no server.
    pub fn url_through(&self, proxy: &Proxy) -> Result<String, DbErr> {
        let mut url = Url::parse(&self.url).map_err(custom)?;
        url.set_ip_host(Ipv4Addr::LOCALHOST.into())
            .and_then(|()| url.set_port(Some(proxy.port())))
            .map_err(|()| custom(&self.url))?;
        Ok(url.into())
    }
}

/// A pool of at most so many connections to the database behind a URL.
///
/// # Errors
/// Fails when the database does.
pub async fn connect(url: &str, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(connections).min_connections(0).acquire_timeout(ACQUIRE_TIMEOUT);
    options.sqlx_logging(false).test_before_acquire(false);
    sqlite::configure(&mut options);
    Database::connect(options).await
}

/// A name that no other test of this machine uses.
fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("auth_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The URL of another database on the same server.
fn beside(server: &Url, name: &str) -> String {
    let mut url = server.clone();
    url.set_path(name);
    url.into()
}

fn custom(cause: impl std::fmt::Display) -> DbErr {
    DbErr::Custom(cause.to_string())
}
