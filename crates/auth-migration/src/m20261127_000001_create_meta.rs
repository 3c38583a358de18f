//! Creates `authn_meta`.

use sea_orm_migration::prelude::*;

use crate::table::{self, NewTable};

pub(crate) const TABLE: NewTable = NewTable {
    name: "m20261127_000001_create_meta",
    table: "authn_meta",
    columns: || {
        vec![
            ColumnDef::new("name").string_len(64).not_null().take(),
            ColumnDef::new("number").big_integer().not_null().take(),
            ColumnDef::new("data").var_binary(255).null().take(),
            table::time("at"),
        ]
    },
    key: &["name"],
    belongs_to: None,
    indexes: &[],
};
