//! Column shapes that every migration shares.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// An empty table whose texts compare byte by byte on MySQL and MariaDB, as they do elsewhere.
pub(crate) fn new(manager: &SchemaManager<'_>, name: &'static str) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name).if_not_exists();
    if manager.get_database_backend() == DbBackend::MySql {
        table.character_set("utf8mb4").collate("utf8mb4_bin");
    }
    table
}

/// The UUID primary key.
pub(crate) fn id() -> ColumnDef {
    ColumnDef::new("id").uuid().not_null().primary_key().take()
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

/// A foreign key to the account, which takes the row with it when the account goes.
pub(crate) fn user_key(name: &'static str, table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(name)
        .from(table, "user_id")
        .to("auth_user", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

/// Adds a column; one that is there already, from a run that was killed, is left alone.
pub(crate) async fn column(
    manager: &SchemaManager<'_>,
    table: &'static str,
    name: &'static str,
    column: &mut ColumnDef,
) -> Result<(), DbErr> {
    if manager.has_column(table, name).await? {
        return Ok(());
    }
    manager.alter_table(Table::alter().table(table).add_column(column).take()).await
}

/// Creates an index; one that is there already, from a run that was killed, is left alone.
pub(crate) async fn index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    name: &'static str,
    columns: &[&'static str],
    unique: bool,
) -> Result<(), DbErr> {
    if manager.has_index(table, name).await? {
        return Ok(());
    }
    let mut index = Index::create();
    index.name(name).table(table);
    for column in columns {
        index.col(*column);
    }
    if unique {
        index.unique();
    }
    manager.create_index(index).await
}
