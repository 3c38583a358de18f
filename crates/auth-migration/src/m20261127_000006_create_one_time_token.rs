//! Creates `authn_one_time_token`.

use sea_orm_migration::prelude::*;

use crate::table::{self, NewIndex, NewTable};

pub(crate) const TABLE: NewTable = NewTable {
    name: "m20261127_000006_create_one_time_token",
    table: "authn_one_time_token",
    columns: || {
        vec![
            table::id(),
            ColumnDef::new("kind").string_len(32).not_null().take(),
            table::digest("token_hash"),
            ColumnDef::new("user_id").uuid().null().take(),
            ColumnDef::new("sev").big_integer().null().take(),
            table::digest_null("family"),
            ColumnDef::new("place").integer().null().take(),
            table::digest_null("origin"),
            ColumnDef::new("turn").integer().null().take(),
            table::digest_null("code_hash"),
            ColumnDef::new("attempts").integer().not_null().take(),
            table::digest_null("binding_hash"),
            table::digest_null("address_hash"),
            ColumnDef::new("data").json_binary().null().take(),
            table::time("created_at"),
            table::time("expires_at"),
            table::time_null("used_at"),
        ]
    },
    key: &["id"],
    belongs_to: Some(("user_id", "authn_user")),
    indexes: &[
        NewIndex::unique("authn_one_time_token_hash", &["token_hash"]),
        NewIndex::unique("authn_one_time_token_place", &["family", "place"]),
        NewIndex::unique("authn_one_time_token_turn", &["origin", "turn"]),
        NewIndex::new("authn_one_time_token_user_kind", &["user_id", "kind"]),
        NewIndex::new("authn_one_time_token_address", &["address_hash"]),
        NewIndex::new("authn_one_time_token_expires_at", &["expires_at"]),
    ],
};
