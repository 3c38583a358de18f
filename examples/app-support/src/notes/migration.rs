//! The app's migrations. They keep their own book, apart from the library's.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// The migrations of the app.
#[derive(Debug)]
pub(crate) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateNote)]
    }

    fn migration_table_name() -> DynIden {
        "notes_migrations".into_iden()
    }
}

struct CreateNote;

impl MigrationName for CreateNote {
    fn name(&self) -> &'static str {
        "notes_000001_create_note"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateNote {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The notes of a user go with the account.
        let mut owner = ForeignKey::create();
        owner.name("note_user").from("note", "user_id").to("authn_user", "id").on_delete(ForeignKeyAction::Cascade);
        let mut table = Table::create();
        table
            .table("note")
            .if_not_exists()
            .col(ColumnDef::new("id").uuid().not_null().primary_key())
            .col(ColumnDef::new("user_id").uuid().not_null())
            .col(ColumnDef::new("text").text().not_null())
            .foreign_key(&mut owner);
        if manager.get_database_backend() == DbBackend::MySql {
            // Whatever the defaults of the server and the database are.
            table.engine("InnoDB").character_set("utf8mb4").extra("ROW_FORMAT=DYNAMIC");
        }
        manager.create_table(table).await?;
        if manager.has_index("note", "note_user_id").await? {
            return Ok(());
        }
        let mut index = Index::create();
        index.name("note_user_id").table("note").col("user_id").col("id");
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("note").take()).await
    }
}
