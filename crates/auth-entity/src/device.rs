//! `authn_device`: from where the owner of an account is known to come.

use sea_orm::entity::prelude::*;

/// A browser, or the network of a client without cookies, from which an account was used.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "authn_device")]
pub struct Model {
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The account that knows it.
    pub user_id: Uuid,
    /// `cookie` or `network`.
    pub kind: String,
    /// SHA-256 of the cookie's token, or a keyed digest of the network.
    #[sea_orm(column_type = "VarBinary(StringLen::N(32))")]
    pub key_hash: crate::Digest,
    /// Whether a link that was mailed to the account was opened there.
    pub opened_mail: bool,
    /// The client's `User-Agent` when it became known, cut to 256 characters.
    pub user_agent: Option<String>,
    /// When it became known.
    pub created_at: crate::Timestamp,
    /// When it was last used.
    pub last_seen_at: crate::Timestamp,
    /// When it is unknown again, unless it is used before.
    pub expires_at: crate::Timestamp,
    /// The account that knows it.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
