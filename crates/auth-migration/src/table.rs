//! How migrations create tables, and the shapes of columns that they share.

use std::collections::BTreeSet;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement};

/// A migration that creates a table.
#[derive(Clone, Copy)]
pub(crate) struct NewTable {
    /// The name of the migration: that of its file.
    pub(crate) name: &'static str,
    /// The name of the table.
    pub(crate) table: &'static str,
    /// The columns, in order.
    pub(crate) columns: fn() -> Vec<ColumnDef>,
    /// The columns of the primary key; none where a column of the definition says that it is the key.
    pub(crate) key: &'static [&'static str],
    /// A column that refers to a row of another table, which takes the rows with it when it is deleted.
    pub(crate) belongs_to: Option<(&'static str, &'static str)>,
    /// The indexes beside the primary key.
    pub(crate) indexes: &'static [NewIndex],
}

/// An index of a new table.
#[derive(Clone, Copy)]
pub(crate) struct NewIndex {
    name: &'static str,
    columns: &'static [&'static str],
    unique: bool,
}

impl NewIndex {
    pub(crate) const fn new(name: &'static str, columns: &'static [&'static str]) -> Self {
        Self { name, columns, unique: false }
    }

    pub(crate) const fn unique(name: &'static str, columns: &'static [&'static str]) -> Self {
        Self { name, columns, unique: true }
    }
}

impl MigrationName for NewTable {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for NewTable {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        refuse_encoding(manager).await?;
        self.refuse_foreign(manager).await?;
        manager.create_table(self.definition(manager.get_database_backend())).await?;
        for index in self.indexes {
            self.create_index(manager, index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(self.table).take()).await
    }
}

impl NewTable {
    /// Fails when the database has something of this name that is another program's: all but a table with exactly the columns
    /// that this migration creates. With these columns it is from a run that was killed, which MySQL does not undo.
    pub(crate) async fn refuse_foreign(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let columns = (self.columns)();
        refuse_foreign(manager, self.table, columns.iter().map(ColumnDef::get_column_name)).await
    }

    /// On MySQL and MariaDB nothing depends on the defaults of the server and the database: tables have transactions and
    /// foreign keys, take every character, compare texts byte by byte as other databases do, and have room for long indexes.
    fn definition(&self, backend: DbBackend) -> TableCreateStatement {
        let mut table = Table::create();
        table.table(self.table).if_not_exists();
        if backend == DbBackend::MySql {
            table.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin").extra("ROW_FORMAT=DYNAMIC");
        }
        for column in (self.columns)() {
            table.col(column);
        }
        if !self.key.is_empty() {
            let mut key = Index::create();
            for column in self.key {
                key.col(*column);
            }
            table.primary_key(&mut key);
        }
        if let Some((column, parent)) = self.belongs_to {
            let mut key = ForeignKey::create();
            key.name(format!("{}_{}", self.table, parent.trim_start_matches("authn_")));
            key.from(self.table, column).to(parent, "id").on_delete(ForeignKeyAction::Cascade);
            table.foreign_key(&mut key);
        }
        table
    }

    /// An index that is there already, from a run that was killed, is left alone.
    async fn create_index(&self, manager: &SchemaManager<'_>, new: &NewIndex) -> Result<(), DbErr> {
        if manager.has_index(self.table, new.name).await? {
            return Ok(());
        }
        let mut index = Index::create();
        index.name(new.name).table(self.table);
        for column in new.columns {
            index.col(*column);
        }
        if new.unique {
            index.unique();
        }
        manager.create_index(index).await
    }
}

/// Fails when something of this name is there that is not a table with exactly these columns.
pub(crate) async fn refuse_foreign(
    manager: &SchemaManager<'_>,
    name: &str,
    columns: impl IntoIterator<Item = String>,
) -> Result<(), DbErr> {
    let found = column_names(manager, name).await?;
    let ours: BTreeSet<String> = columns.into_iter().collect();
    if found.is_empty() || found == ours {
        return Ok(());
    }
    let way_out = match manager.get_database_backend() {
        DbBackend::Postgres => POSTGRES_WAY_OUT,
        _ => "",
    };
    Err(DbErr::Custom(format!(
        "the database has a table or another object `{name}` that is not this library's, and it was left as it is: give the \
         library a database of its own{way_out}, or rename that object; the prefix `authn_` is fixed"
    )))
}

/// A pooler refuses the setting in the URL. Hosting platforms have a schema `auth`, which is theirs.
const POSTGRES_WAY_OUT: &str = " or a schema of its own (`CREATE SCHEMA authn`, then `?options=-csearch_path%3Dauthn` in the \
    URL or, behind a pooler such as PgBouncer, `ALTER ROLE .. SET search_path = authn` for a role of its own)";

/// The columns of what has this name in the schema that the library's tables are created in; none when nothing has it. An empty
/// name stands for what is not a table, or has no columns.
///
/// PostgreSQL shows only those tables in `information_schema` that the role has rights to, no materialized views, and no types,
/// which share their names with tables.
async fn column_names(manager: &SchemaManager<'_>, name: &str) -> Result<BTreeSet<String>, DbErr> {
    let backend = manager.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => {
            "WITH here AS (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = current_schema()) \
             SELECT CASE WHEN c.relkind IN ('r', 'p') THEN COALESCE(a.attname::text, '') ELSE '' END \
             FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_attribute a \
             ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
             WHERE c.relnamespace = (SELECT oid FROM here) AND c.relname = $1 \
             UNION SELECT '' FROM pg_catalog.pg_type \
             WHERE typnamespace = (SELECT oid FROM here) AND typname = $1 AND typrelid = 0"
        }
        DbBackend::MySql => {
            "SELECT CAST(column_name AS CHAR) FROM information_schema.columns \
             WHERE table_schema = DATABASE() AND table_name = ?"
        }
        _ => "SELECT name FROM pragma_table_info(?)",
    };
    let statement = Statement::from_sql_and_values(backend, sql, [name.into()]);
    let rows = manager.get_connection().query_all_raw(statement).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// Fails when a PostgreSQL database cannot store every character, or counts bytes as characters. MySQL and MariaDB are told the
/// character set of each table.
pub(crate) async fn refuse_encoding(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let sql = "SELECT current_setting('server_encoding')";
    let row = manager.get_connection().query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    let encoding: Option<String> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    match encoding {
        Some(encoding) if encoding != "UTF8" => Err(DbErr::Custom(format!(
            "the database has the encoding {encoding}, which cannot store every name: create one with \
             `CREATE DATABASE .. ENCODING 'UTF8' TEMPLATE template0` and use that"
        ))),
        _ => Ok(()),
    }
}

/// The id of a row.
pub(crate) fn id() -> ColumnDef {
    ColumnDef::new("id").uuid().not_null().take()
}

/// Whose names are unique together.
pub(crate) fn realm() -> ColumnDef {
    ColumnDef::new("realm").string_len(64).not_null().take()
}

/// A point in time: milliseconds since the Unix epoch.
pub(crate) fn time(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

/// A point in time that may not have come.
pub(crate) fn time_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().null().take()
}

/// A SHA-256 digest.
pub(crate) fn digest(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).var_binary(32).not_null().take()
}

/// A SHA-256 digest that may be missing.
pub(crate) fn digest_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).var_binary(32).null().take()
}
