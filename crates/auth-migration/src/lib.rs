//! The migrations of the authentication library.
//!
//! They keep their own bookkeeping table, `auth_migrations`, so that they live beside the host's migrations. A
//! released migration is never edited.

mod lock;
mod m20261124_000001_create_user;
mod m20261124_000002_create_session;
mod m20261124_000003_create_one_time_token;
mod m20261125_000004_create_event;
mod m20261125_000005_create_mail;
mod m20261125_000006_extend_one_time_token;
mod m20261125_000007_add_user_locale;
mod m20261125_000008_add_session_scope;
mod m20261126_000009_create_limit;
mod table;

pub use lock::{migrate, migrate_with};
pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

/// The migrations, for hosts that run them through sea-orm's own tools.
///
/// Most apps call [`migrate`] at start instead. Never run `fresh`, `refresh` or `reset`: sea-orm drops the host's
/// tables with them.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_000001_create_user::Migration),
            Box::new(m20261124_000002_create_session::Migration),
            Box::new(m20261124_000003_create_one_time_token::Migration),
            Box::new(m20261125_000004_create_event::Migration),
            Box::new(m20261125_000005_create_mail::Migration),
            Box::new(m20261125_000006_extend_one_time_token::Migration),
            Box::new(m20261125_000007_add_user_locale::Migration),
            Box::new(m20261125_000008_add_session_scope::Migration),
            Box::new(m20261126_000009_create_limit::Migration),
        ]
    }

    fn migration_table_name() -> DynIden {
        "auth_migrations".into_iden()
    }
}
