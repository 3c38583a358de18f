//! Creates `auth_mail`.

use sea_orm_migration::prelude::*;

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        const NAME: &str = "auth_mail";
        manager
            .create_table(
                table::new(manager, NAME)
                    .col(table::id())
                    .col(ColumnDef::new("body").blob().not_null())
                    .col(ColumnDef::new("attempts").integer().not_null())
                    .col(table::time("due_at"))
                    .col(ColumnDef::new("claim").uuid().null())
                    .col(table::time("created_at"))
                    .col(table::time("expires_at"))
                    .col(table::time_null("failed_at"))
                    .take(),
            )
            .await?;
        table::index(manager, NAME, "auth_mail_due", &["failed_at", "due_at"], false).await?;
        table::index(manager, NAME, "auth_mail_claim", &["claim"], false).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("auth_mail").take()).await
    }
}
