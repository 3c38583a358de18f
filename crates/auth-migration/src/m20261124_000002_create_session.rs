//! Creates `auth_session`.

use sea_orm_migration::prelude::*;

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table::new(manager, "auth_session")
                    .col(table::id())
                    .col(ColumnDef::new("user_id").uuid().not_null())
                    .col(ColumnDef::new("backend").string_len(64).not_null())
                    .col(table::digest_null("token_hash"))
                    .col(ColumnDef::new("sev").big_integer().not_null())
                    .col(ColumnDef::new("token_sev").big_integer().not_null())
                    .col(table::time("auth_time"))
                    .col(ColumnDef::new("amr").string_len(64).not_null())
                    .col(ColumnDef::new("aal").small_integer().not_null())
                    .col(table::time("created_at"))
                    .col(table::time("last_seen_at"))
                    .col(table::time("expires_at"))
                    .col(ColumnDef::new("ip").string_len(45).null())
                    .col(ColumnDef::new("user_agent").string_len(256).null())
                    .foreign_key(&mut table::user_key("auth_session_user", "auth_session"))
                    .take(),
            )
            .await?;
        table::index(manager, "auth_session", "auth_session_token_hash", &["token_hash"], true).await?;
        table::index(manager, "auth_session", "auth_session_user_created", &["user_id", "created_at"], false).await?;
        table::index(manager, "auth_session", "auth_session_expires_at", &["expires_at"], false).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("auth_session").take()).await
    }
}
