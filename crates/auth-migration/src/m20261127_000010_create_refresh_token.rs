//! Creates `authn_refresh_token`.

use sea_orm_migration::prelude::*;

use crate::table::{self, NewIndex, NewTable};

pub(crate) const TABLE: NewTable = NewTable {
    name: "m20261127_000010_create_refresh_token",
    table: "authn_refresh_token",
    columns: || {
        vec![
            ColumnDef::new("session_id").uuid().not_null().take(),
            table::digest("family_hash"),
            table::digest("token_hash"),
            table::time("rotated_at"),
            table::digest_null("parent_hash"),
            table::digest_null("client_hash"),
            ColumnDef::new("answer").blob().null().take(),
        ]
    },
    key: &["session_id"],
    belongs_to: Some(("session_id", "authn_session")),
    indexes: &[NewIndex::new("authn_refresh_token_rotated_at", &["rotated_at"])],
};
