//! Creates `authn_change`.

use sea_orm_migration::prelude::*;

use crate::table::{self, NewIndex, NewTable};

/// No foreign key: that an account was deleted is a change of it.
pub(crate) const TABLE: NewTable = NewTable {
    name: "m20261127_000015_create_change",
    table: "authn_change",
    columns: || {
        vec![
            // The key stands in the column, because SQLite numbers no other one.
            ColumnDef::new("id").big_integer().not_null().auto_increment().primary_key().take(),
            ColumnDef::new("user_id").uuid().null().take(),
            table::time("at"),
        ]
    },
    key: &[],
    belongs_to: None,
    indexes: &[NewIndex::new("authn_change_at", &["at"])],
};
