//! SQLite: copies of a file.

use std::path::PathBuf;
use std::time::Duration;

use sea_orm::{ConnectOptions, DbErr};
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};

use super::{connect, custom, unique_name};

#[derive(Debug)]
pub(super) struct Template {
    directory: PathBuf,
}

impl Template {
    pub(super) async fn prepare() -> Result<Self, DbErr> {
        let directory = std::env::temp_dir().join(unique_name());
        std::fs::create_dir_all(&directory).map_err(custom)?;
        let template = Self { directory };
        let db = connect(&format!("{}?mode=rwc", template.url("template")), 1).await?;
        auth_migration::migrate(&db).await?;
        // The last connection takes the write-ahead log into the file.
        db.close().await?;
        Ok(template)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn url(&self, name: &str) -> String {
        format!("sqlite://{}", self.path(name).display())
    }

    pub(super) fn copy(&self, name: &str) -> Result<String, DbErr> {
        std::fs::copy(self.path("template"), self.path(name)).map_err(custom)?;
        Ok(self.url(name))
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), DbErr> {
        for suffix in ["-wal", "-shm"] {
            // They are there only after a connection was lost.
            let _ = std::fs::remove_file(self.path(&format!("{name}{suffix}")));
        }
        std::fs::remove_file(self.path(name)).map_err(custom)
    }

    pub(super) fn discard(self) -> Result<(), DbErr> {
        std::fs::remove_dir_all(self.directory).map_err(custom)
    }
}

/// As the example apps do it, but for the care about power failures.
pub(super) fn configure(options: &mut ConnectOptions) {
    options.map_sqlx_sqlite_opts(|sqlite| {
        sqlite
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Off)
            .busy_timeout(Duration::from_secs(10))
            .foreign_keys(true)
    });
}
