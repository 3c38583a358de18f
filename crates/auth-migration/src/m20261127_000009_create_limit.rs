//! Creates `authn_limit`.

use sea_orm_migration::prelude::*;

use crate::table::{self, NewIndex, NewTable};

pub(crate) const TABLE: NewTable = NewTable {
    name: "m20261127_000009_create_limit",
    table: "authn_limit",
    columns: || {
        vec![
            table::id(),
            table::realm(),
            ColumnDef::new("used").integer().not_null().take(),
            table::time("next_at"),
            table::time("ends_at"),
        ]
    },
    key: &["id", "realm"],
    belongs_to: None,
    indexes: &[NewIndex::new("authn_limit_ends_at", &["ends_at"])],
};
