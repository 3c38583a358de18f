//! Creates `authn_mail`.

use sea_orm_migration::prelude::*;

use crate::table::{self, NewIndex, NewTable};

pub(crate) const TABLE: NewTable = NewTable {
    name: "m20261127_000008_create_mail",
    table: "authn_mail",
    columns: || {
        vec![
            table::id(),
            ColumnDef::new("body").blob().not_null().take(),
            ColumnDef::new("attempts").integer().not_null().take(),
            table::time("due_at"),
            ColumnDef::new("claim").uuid().null().take(),
            table::time("created_at"),
            table::time("expires_at"),
            table::time_null("failed_at"),
        ]
    },
    key: &["id"],
    belongs_to: None,
    indexes: &[
        NewIndex::new("authn_mail_due", &["failed_at", "due_at"]),
        NewIndex::new("authn_mail_claim", &["claim"]),
    ],
};
