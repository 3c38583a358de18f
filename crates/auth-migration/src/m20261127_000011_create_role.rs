//! Creates `authn_role`.

use sea_orm_migration::prelude::*;

use crate::table::{self, NewTable};

pub(crate) const TABLE: NewTable = NewTable {
    name: "m20261127_000011_create_role",
    table: "authn_role",
    columns: || vec![ColumnDef::new("name").string_len(64).not_null().take(), table::time("created_at")],
    key: &["name"],
    belongs_to: None,
    indexes: &[],
};
