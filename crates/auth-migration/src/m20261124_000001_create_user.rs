//! Creates `auth_user`.

use sea_orm_migration::prelude::*;

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table::new(manager, "auth_user")
                    .col(table::id())
                    .col(ColumnDef::new("email").string_len(320).null())
                    .col(ColumnDef::new("email_key").string_len(320).null())
                    .col(ColumnDef::new("username").string_len(64).null())
                    .col(ColumnDef::new("username_key").string_len(64).null())
                    .col(ColumnDef::new("password_hash").string_len(512).null())
                    .col(ColumnDef::new("is_active").boolean().not_null())
                    .col(ColumnDef::new("is_superuser").boolean().not_null())
                    .col(ColumnDef::new("is_verified").boolean().not_null())
                    .col(ColumnDef::new("must_change_password").boolean().not_null())
                    .col(ColumnDef::new("display_name").string_len(255).null())
                    .col(ColumnDef::new("attributes").json_binary().not_null())
                    .col(ColumnDef::new("sev").big_integer().not_null())
                    .col(table::time("created_at"))
                    .col(table::time("updated_at"))
                    .col(table::time_null("last_login_at"))
                    .take(),
            )
            .await?;
        table::index(manager, "auth_user", "auth_user_email_key", &["email_key"], true).await?;
        table::index(manager, "auth_user", "auth_user_username_key", &["username_key"], true).await?;
        table::index(manager, "auth_user", "auth_user_superuser", &["is_superuser", "is_active"], false).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("auth_user").take()).await
    }
}
