//! Gives `auth_one_time_token` slots, of which each has one token, and short codes.

use sea_orm_migration::prelude::*;

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const NAME: &str = "auth_one_time_token";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table::column(manager, NAME, table::digest_null("slot")).await?;
        table::column(manager, NAME, table::digest_null("code_hash")).await?;
        table::column(manager, NAME, ColumnDef::new("attempts").integer().not_null().default(0).take()).await?;
        table::index(manager, NAME, "auth_one_time_token_slot", &["slot"], true).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("auth_one_time_token_slot").table(NAME).to_owned()).await?;
        for column in ["slot", "code_hash", "attempts"] {
            manager.alter_table(Table::alter().table(NAME).drop_column(column).take()).await?;
        }
        Ok(())
    }
}
