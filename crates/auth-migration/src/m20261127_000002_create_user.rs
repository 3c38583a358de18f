//! Creates `authn_user`.

use sea_orm_migration::prelude::*;

use crate::table::{self, NewIndex, NewTable};

pub(crate) const TABLE: NewTable = NewTable {
    name: "m20261127_000002_create_user",
    table: "authn_user",
    columns: || {
        vec![
            table::id(),
            table::realm(),
            ColumnDef::new("email").string_len(320).null().take(),
            ColumnDef::new("username").string_len(64).null().take(),
            ColumnDef::new("username_key").string_len(64).null().take(),
            ColumnDef::new("password_hash").string_len(512).null().take(),
            ColumnDef::new("password_is_confirmed").boolean().not_null().take(),
            ColumnDef::new("is_active").boolean().not_null().take(),
            ColumnDef::new("is_superuser").boolean().not_null().take(),
            ColumnDef::new("is_verified").boolean().not_null().take(),
            ColumnDef::new("must_change_password").boolean().not_null().take(),
            ColumnDef::new("display_name").string_len(255).null().take(),
            ColumnDef::new("locale").string_len(35).null().take(),
            ColumnDef::new("attributes").json_binary().not_null().take(),
            ColumnDef::new("sev").big_integer().not_null().take(),
            table::time("created_at"),
            table::time("updated_at"),
            table::time_null("last_login_at"),
            table::time_null("delete_at"),
        ]
    },
    key: &["id"],
    belongs_to: None,
    indexes: &[
        NewIndex::unique("authn_user_username", &["realm", "username_key"]),
        NewIndex::new("authn_user_delete_at", &["delete_at"]),
        NewIndex::new("authn_user_superuser", &["is_superuser", "is_active"]),
    ],
};
