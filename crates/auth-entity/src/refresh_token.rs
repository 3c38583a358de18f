//! `authn_refresh_token`: how a session gets its next token. One row for each session that can be refreshed.

use sea_orm::entity::prelude::*;

/// The family of refresh tokens of one session: each is good once, and the last one is good now.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "authn_refresh_token")]
pub struct Model {
    /// The session, with which the family ends.
    #[sea_orm(primary_key, auto_increment = false)]
    pub session_id: Uuid,
    /// SHA-256 of the part that all tokens of the family share. It tells an old one from an invention.
    #[sea_orm(column_type = "VarBinary(StringLen::N(32))")]
    pub family_hash: crate::Digest,
    /// SHA-256 of the token that is good now.
    #[sea_orm(column_type = "VarBinary(StringLen::N(32))")]
    pub token_hash: crate::Digest,
    /// When that one was issued.
    pub rotated_at: crate::Timestamp,
    /// SHA-256 of the token that was exchanged for it, for as long as that may be repeated.
    #[sea_orm(column_type = "VarBinary(StringLen::N(32))", nullable)]
    pub parent_hash: Option<crate::Digest>,
    /// SHA-256 of what is known of the client that exchanged it.
    #[sea_orm(column_type = "VarBinary(StringLen::N(32))", nullable)]
    pub client_hash: Option<crate::Digest>,
    /// What that client was answered. Sealed, because it holds tokens that work.
    #[sea_orm(column_type = "Blob", nullable)]
    pub answer: Option<Vec<u8>>,
    /// The session, with which the family ends.
    #[sea_orm(belongs_to, from = "session_id", to = "id", on_delete = "Cascade")]
    pub session: BelongsTo<super::session::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
