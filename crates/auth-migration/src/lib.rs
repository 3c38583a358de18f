//! The migrations of the authentication library.
//!
//! They keep their own bookkeeping table, `authn_migrations`, so that they live beside the host's migrations. Every table has
//! the prefix `authn_`; one of that name which is another program's is never touched. A released migration is never edited.

mod lock;
mod m20261127_000001_create_meta;
mod m20261127_000002_create_user;
mod m20261127_000003_create_address;
mod m20261127_000004_create_session;
mod m20261127_000005_create_device;
mod m20261127_000006_create_one_time_token;
mod m20261127_000007_create_event;
mod m20261127_000008_create_mail;
mod m20261127_000009_create_limit;
mod m20261127_000010_create_refresh_token;
mod m20261127_000011_create_role;
mod m20261127_000012_create_user_role;
mod m20261127_000014_create_signing_key;
mod m20261127_000015_create_change;
mod table;

pub use lock::{migrate, migrate_with};
pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;
use table::NewTable;

/// What creates the tables, in order: those that others refer to first.
const TABLES: &[NewTable] = &[
    m20261127_000001_create_meta::TABLE,
    m20261127_000002_create_user::TABLE,
    m20261127_000003_create_address::TABLE,
    m20261127_000004_create_session::TABLE,
    m20261127_000005_create_device::TABLE,
    m20261127_000006_create_one_time_token::TABLE,
    m20261127_000007_create_event::TABLE,
    m20261127_000008_create_mail::TABLE,
    m20261127_000009_create_limit::TABLE,
    m20261127_000010_create_refresh_token::TABLE,
    m20261127_000011_create_role::TABLE,
    m20261127_000012_create_user_role::TABLE,
    m20261127_000014_create_signing_key::TABLE,
    m20261127_000015_create_change::TABLE,
];

/// The migrations, for hosts that run them through sea-orm's own tools.
///
/// Most apps call [`migrate`] at start instead. Never run `fresh`, `refresh` or `reset`: sea-orm drops the host's
/// tables with them.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        TABLES.iter().map(|table| Box::new(*table) as Box<dyn MigrationTrait>).collect()
    }

    fn migration_table_name() -> DynIden {
        "authn_migrations".into_iden()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CVE-2026-134313. The list of changes is numbered, because the order of its rows is all that they are about: nothing refers
    /// to one, and nobody reads back the number of a row that they wrote.
    #[test]
    fn no_key_is_counted_up_by_the_database() {
        for table in TABLES.iter().filter(|table| table.table != "authn_change") {
            for column in (table.columns)() {
                let created = Table::create().table(table.table).col(column).to_string(MysqlQueryBuilder);
                assert!(!created.to_uppercase().contains("INCREMENT"), "{created}");
            }
        }
    }
}
