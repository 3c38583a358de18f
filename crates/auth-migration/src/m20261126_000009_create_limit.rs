//! Creates `auth_limit`.

use sea_orm_migration::prelude::*;

use crate::table;

const NAME: &str = "auth_limit";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let used = ColumnDef::new("used").integer().not_null().take();
        manager
            .create_table(table::new(manager, NAME).col(table::id()).col(used).col(table::time("ends_at")).take())
            .await?;
        table::index(manager, NAME, "auth_limit_ends_at", &["ends_at"], false).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(NAME).take()).await
    }
}
