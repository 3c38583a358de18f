//! MariaDB and MySQL, which have no templates: the statements that made the tables, run again.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};
use url::Url;

use super::{beside, connect, unique_name};

/// The migrations' bookkeeping, which a copy has to know.
const BOOKKEEPING: &str = "authn_migrations";

#[derive(Debug)]
pub(super) struct Template {
    server: Url,
    admin: DatabaseConnection,
    name: String,
    tables: Vec<String>,
}

impl Template {
    pub(super) async fn prepare(server: Url) -> Result<Self, DbErr> {
        let admin = connect(server.as_str(), 4).await?;
        let name = unique_name();
        create(&admin, &name).await?;
        let db = connect(&beside(&server, &name), 1).await?;
        auth_migration::migrate(&db).await?;
        let tables = statements(&db).await?;
        db.close().await?;
        Ok(Self { server, admin, name, tables })
    }

    pub(super) async fn copy(&self, name: &str) -> Result<String, DbErr> {
        create(&self.admin, name).await?;
        let url = beside(&self.server, name);
        // One connection, because the first statement is about the connection.
        let db = connect(&url, 1).await?;
        db.execute_unprepared("SET FOREIGN_KEY_CHECKS = 0").await?;
        for table in &self.tables {
            db.execute_unprepared(table).await?;
        }
        let rows = format!("INSERT INTO {BOOKKEEPING} SELECT * FROM {}.{BOOKKEEPING}", self.name);
        db.execute_unprepared(&rows).await?;
        db.close().await?;
        Ok(url)
    }

    pub(super) async fn remove(&self, name: &str) -> Result<(), DbErr> {
        self.admin.execute_unprepared(&format!("DROP DATABASE {name}")).await.map(drop)
    }

    pub(super) async fn discard(self) -> Result<(), DbErr> {
        self.remove(&self.name).await?;
        self.admin.close().await
    }
}

/// Some distributions have latin1 as the default character set.
async fn create(admin: &DatabaseConnection, name: &str) -> Result<(), DbErr> {
    admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name}")).await?;
    admin.execute_unprepared(&format!("CREATE DATABASE {name} CHARACTER SET utf8mb4")).await.map(drop)
}

/// The statements that make the tables of a database.
async fn statements(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let query = |sql: String| db.query_all_raw(Statement::from_string(DbBackend::MySql, sql));
    let mut statements = Vec::new();
    for row in query("SHOW TABLES".to_owned()).await? {
        let table: String = row.try_get_by_index(0)?;
        for row in query(format!("SHOW CREATE TABLE {table}")).await? {
            statements.push(row.try_get_by_index(1)?);
        }
    }
    Ok(statements)
}
