//! Creates `auth_one_time_token`.

use sea_orm_migration::prelude::*;

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        const NAME: &str = "auth_one_time_token";
        manager
            .create_table(
                table::new(manager, NAME)
                    .col(table::id())
                    .col(ColumnDef::new("kind").string_len(32).not_null())
                    .col(table::digest("token_hash"))
                    .col(ColumnDef::new("user_id").uuid().null())
                    .col(ColumnDef::new("sev").big_integer().null())
                    .col(table::digest_null("binding_hash"))
                    .col(ColumnDef::new("data").json_binary().null())
                    .col(table::time("created_at"))
                    .col(table::time("expires_at"))
                    .col(table::time_null("used_at"))
                    .foreign_key(&mut table::user_key("auth_one_time_token_user", NAME))
                    .take(),
            )
            .await?;
        table::index(manager, NAME, "auth_one_time_token_hash", &["token_hash"], true).await?;
        table::index(manager, NAME, "auth_one_time_token_user_kind", &["user_id", "kind"], false).await?;
        table::index(manager, NAME, "auth_one_time_token_expires_at", &["expires_at"], false).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("auth_one_time_token").take()).await
    }
}
