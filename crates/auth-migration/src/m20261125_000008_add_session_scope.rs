//! Adds `auth_session.scope`.

use sea_orm_migration::prelude::*;

use crate::table;

const TABLE: &str = "auth_session";
const COLUMN: &str = "scope";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table::column(manager, TABLE, ColumnDef::new(COLUMN).text().null().take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table(TABLE).drop_column(COLUMN).take()).await
    }
}
