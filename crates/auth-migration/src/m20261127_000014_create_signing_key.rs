//! Creates `authn_signing_key`.

use sea_orm_migration::prelude::*;

use crate::table::{self, NewIndex, NewTable};

pub(crate) const TABLE: NewTable = NewTable {
    name: "m20261127_000014_create_signing_key",
    table: "authn_signing_key",
    columns: || {
        vec![
            table::id(),
            ColumnDef::new("generation").integer().not_null().take(),
            ColumnDef::new("algorithm").string_len(16).not_null().take(),
            ColumnDef::new("public_key").var_binary(255).not_null().take(),
            ColumnDef::new("private_key").blob().null().take(),
            table::time("created_at"),
            table::time_null("promoted_at"),
            table::time_null("retired_at"),
            table::time_null("expires_at"),
        ]
    },
    key: &["id"],
    belongs_to: None,
    indexes: &[NewIndex::unique("authn_signing_key_generation", &["generation"])],
};
