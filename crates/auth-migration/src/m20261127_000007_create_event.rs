//! Creates `authn_event`.

use sea_orm_migration::prelude::*;

use crate::table::{self, NewIndex, NewTable};

/// No foreign key: events outlive the accounts that they are about.
pub(crate) const TABLE: NewTable = NewTable {
    name: "m20261127_000007_create_event",
    table: "authn_event",
    columns: || {
        vec![
            table::id(),
            table::time("at"),
            ColumnDef::new("name").string_len(48).not_null().take(),
            ColumnDef::new("subject_id").uuid().null().take(),
            ColumnDef::new("actor_id").uuid().null().take(),
            ColumnDef::new("session_id").uuid().null().take(),
            ColumnDef::new("ip").string_len(45).null().take(),
            ColumnDef::new("user_agent").string_len(256).null().take(),
            ColumnDef::new("data").json_binary().null().take(),
            ColumnDef::new("count").big_integer().not_null().take(),
            table::time("last_at"),
            table::digest_null("slot"),
        ]
    },
    key: &["id"],
    belongs_to: None,
    indexes: &[
        NewIndex::unique("authn_event_slot", &["slot"]),
        NewIndex::new("authn_event_subject", &["subject_id", "id"]),
        NewIndex::new("authn_event_actor", &["actor_id", "id"]),
        NewIndex::new("authn_event_at", &["at"]),
    ],
};
