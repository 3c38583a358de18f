//! Creates `auth_event`.

use sea_orm_migration::prelude::*;

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        const NAME: &str = "auth_event";
        manager
            .create_table(
                table::new(manager, NAME)
                    .col(table::id())
                    .col(table::time("at"))
                    .col(ColumnDef::new("name").string_len(48).not_null())
                    .col(ColumnDef::new("subject_id").uuid().null())
                    .col(ColumnDef::new("actor_id").uuid().null())
                    .col(ColumnDef::new("session_id").uuid().null())
                    .col(ColumnDef::new("ip").string_len(45).null())
                    .col(ColumnDef::new("user_agent").string_len(256).null())
                    .col(ColumnDef::new("data").json_binary().null())
                    .take(),
            )
            .await?;
        table::index(manager, NAME, "auth_event_subject", &["subject_id", "id"], false).await?;
        table::index(manager, NAME, "auth_event_at", &["at"], false).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("auth_event").take()).await
    }
}
