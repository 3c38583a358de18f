//! Creates `authn_address`.

use sea_orm_migration::prelude::*;

use crate::table::{self, NewIndex, NewTable};

pub(crate) const TABLE: NewTable = NewTable {
    name: "m20261127_000003_create_address",
    table: "authn_address",
    columns: || {
        vec![
            table::realm(),
            ColumnDef::new("email_key").string_len(320).not_null().take(),
            ColumnDef::new("user_id").uuid().not_null().take(),
            ColumnDef::new("is_current").boolean().not_null().take(),
            table::time_null("reserved_until"),
        ]
    },
    key: &["realm", "email_key"],
    belongs_to: Some(("user_id", "authn_user")),
    indexes: &[
        NewIndex::new("authn_address_user_id", &["user_id"]),
        NewIndex::new("authn_address_reserved_until", &["reserved_until"]),
    ],
};
