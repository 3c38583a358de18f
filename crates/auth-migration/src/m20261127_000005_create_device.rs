//! Creates `authn_device`.

use sea_orm_migration::prelude::*;

use crate::table::{self, NewIndex, NewTable};

pub(crate) const TABLE: NewTable = NewTable {
    name: "m20261127_000005_create_device",
    table: "authn_device",
    columns: || {
        vec![
            table::id(),
            ColumnDef::new("user_id").uuid().not_null().take(),
            ColumnDef::new("kind").string_len(16).not_null().take(),
            table::digest("key_hash"),
            ColumnDef::new("opened_mail").boolean().not_null().take(),
            ColumnDef::new("user_agent").string_len(256).null().take(),
            table::time("created_at"),
            table::time("last_seen_at"),
            table::time("expires_at"),
        ]
    },
    key: &["id"],
    belongs_to: Some(("user_id", "authn_user")),
    indexes: &[
        NewIndex::unique("authn_device_key", &["user_id", "key_hash"]),
        NewIndex::new("authn_device_expires_at", &["expires_at"]),
    ],
};
