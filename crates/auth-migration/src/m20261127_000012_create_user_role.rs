//! Creates `authn_user_role`.

use sea_orm_migration::prelude::*;

use crate::table::{self, NewTable};

pub(crate) const TABLE: NewTable = NewTable {
    name: "m20261127_000012_create_user_role",
    table: "authn_user_role",
    columns: || {
        vec![
            ColumnDef::new("user_id").uuid().not_null().take(),
            ColumnDef::new("role").string_len(64).not_null().take(),
            table::time("granted_at"),
            ColumnDef::new("granted_by").uuid().null().take(),
        ]
    },
    key: &["user_id", "role"],
    belongs_to: Some(("user_id", "authn_user")),
    indexes: &[],
};
