//! Databases that last for one run.

use std::path::PathBuf;

use auth_core::Limits;
use auth_core::password::HasherConfig;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};

use crate::seed::{self, Tokens};
use crate::{Result, config};

/// The variable with the URL of a PostgreSQL account that may create databases.
const POSTGRES: &str = "BENCH_POSTGRES_URL";

/// The name of the SQLite database in its directory.
const FILE: &str = "bench.db";

/// A filled database.
pub(crate) struct Bench {
    pub(crate) name: &'static str,
    pub(crate) url: String,
    pub(crate) tokens: Tokens,
    pub(crate) db: DatabaseConnection,
    place: Place,
}

enum Place {
    Directory(PathBuf),
    Server { url: String, database: String },
}

impl Bench {
    /// A file on this machine.
    pub(crate) async fn sqlite(hasher: HasherConfig) -> Result<Self> {
        let directory = std::env::temp_dir().join(format!("auth-bench-{}", std::process::id()));
        std::fs::create_dir_all(&directory)?;
        let url = format!("sqlite://{}?mode=rwc", directory.join(FILE).display());
        Self::fill("sqlite", url, Place::Directory(directory), hasher).await
    }

    /// A database of its own on the server that was given, or why there is none.
    pub(crate) async fn postgres() -> Result<std::result::Result<Self, String>> {
        let Some(url) = std::env::var(POSTGRES).ok().filter(|url| !url.is_empty()) else {
            return Ok(Err(format!("{POSTGRES} is not set")));
        };
        let database = format!("auth_bench_{}", std::process::id());
        let (server, _) = url.rsplit_once('/').ok_or("the URL of PostgreSQL names no database")?;
        let own = format!("{server}/{database}");
        Database::connect(&url).await?.execute_unprepared(&format!("CREATE DATABASE {database}")).await?;
        Self::fill("postgres", own, Place::Server { url, database }, HasherConfig::default()).await.map(Ok)
    }

    async fn fill(name: &'static str, url: String, place: Place, hasher: HasherConfig) -> Result<Self> {
        let db = config::connect(&url, false).await?;
        let auth = config::builder(db.clone(), None, hasher, Limits::off())?.build()?;
        let tokens = seed::seed(&auth, &db).await?;
        Ok(Self { name, url, tokens, db, place })
    }

    /// The file of an SQLite database.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        match &self.place {
            Place::Directory(directory) => Some(directory.join(FILE)),
            Place::Server { .. } => None,
        }
    }

    /// Leaves nothing behind. The servers must have ended.
    pub(crate) async fn remove(self) -> Result {
        self.db.close().await?;
        match self.place {
            Place::Directory(directory) => std::fs::remove_dir_all(directory)?,
            Place::Server { url, database } => {
                let drop = format!("DROP DATABASE {database} WITH (FORCE)");
                Database::connect(&url).await?.execute_unprepared(&drop).await?;
            }
        }
        Ok(())
    }
}
