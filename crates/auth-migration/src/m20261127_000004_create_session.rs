//! Creates `authn_session`.

use sea_orm_migration::prelude::*;

use crate::table::{self, NewIndex, NewTable};

pub(crate) const TABLE: NewTable = NewTable {
    name: "m20261127_000004_create_session",
    table: "authn_session",
    columns: || {
        vec![
            table::id(),
            ColumnDef::new("user_id").uuid().not_null().take(),
            ColumnDef::new("actor_id").uuid().null().take(),
            ColumnDef::new("backend").string_len(64).not_null().take(),
            table::digest_null("token_hash"),
            ColumnDef::new("sev").big_integer().not_null().take(),
            ColumnDef::new("token_sev").big_integer().not_null().take(),
            table::time("auth_time"),
            ColumnDef::new("amr").string_len(64).not_null().take(),
            ColumnDef::new("aal").small_integer().not_null().take(),
            table::time("created_at"),
            table::time("last_seen_at"),
            table::time("expires_at"),
            ColumnDef::new("remembered").boolean().not_null().take(),
            table::time("token_at"),
            ColumnDef::new("ip").string_len(45).null().take(),
            ColumnDef::new("user_agent").string_len(256).null().take(),
            ColumnDef::new("device_id").uuid().null().take(),
            ColumnDef::new("scope").text().null().take(),
        ]
    },
    key: &["id"],
    belongs_to: Some(("user_id", "authn_user")),
    indexes: &[
        NewIndex::unique("authn_session_token_hash", &["token_hash"]),
        NewIndex::new("authn_session_user_created", &["user_id", "created_at"]),
        NewIndex::new("authn_session_expires_at", &["expires_at"]),
    ],
};
