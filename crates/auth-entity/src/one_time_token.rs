//! `authn_one_time_token`: everything that may be redeemed once.

use sea_orm::entity::prelude::*;

/// A token that yields at most one effect.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "authn_one_time_token")]
pub struct Model {
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What the token may be redeemed for.
    pub kind: String,
    /// SHA-256 of the token.
    #[sea_orm(column_type = "VarBinary(StringLen::N(32))", unique)]
    pub token_hash: crate::Digest,
    /// The account it acts on, when there is one already.
    pub user_id: Option<Uuid>,
    /// That account's security epoch at issue; none for a token that outlives changes of the account.
    pub sev: Option<i64>,
    /// SHA-256 of what it has in common with its siblings: using one of them ends all.
    #[sea_orm(column_type = "VarBinary(StringLen::N(32))", unique_key = "place", nullable)]
    pub family: Option<Vec<u8>>,
    /// Its number among its siblings, of whom there are nine at the most.
    #[sea_orm(unique_key = "place")]
    pub place: Option<i32>,
    /// SHA-256 of its family and the network that asked for it.
    #[sea_orm(column_type = "VarBinary(StringLen::N(32))", unique_key = "turn", nullable)]
    pub origin: Option<Vec<u8>>,
    /// Its number among those that the network asked for, of which there are three at the most.
    #[sea_orm(unique_key = "turn")]
    pub turn: Option<i32>,
    /// Keyed digest of the short code that may be given instead of the token.
    #[sea_orm(column_type = "VarBinary(StringLen::N(32))", nullable)]
    pub code_hash: Option<crate::Digest>,
    /// How often a code of the family was tried.
    pub attempts: i32,
    /// SHA-256 of what must accompany the token, such as a flow cookie.
    #[sea_orm(column_type = "VarBinary(StringLen::N(32))", nullable)]
    pub binding_hash: Option<crate::Digest>,
    /// SHA-256 of the email address that it was mailed to, of a token whose account may not exist yet.
    #[sea_orm(column_type = "VarBinary(StringLen::N(32))", nullable)]
    pub address_hash: Option<crate::Digest>,
    /// What the purpose needs to remember, such as the address to be verified; emptied when the token is redeemed.
    pub data: Option<crate::Remembered>,
    /// When it was issued.
    pub created_at: crate::Timestamp,
    /// When it is worth nothing any more.
    pub expires_at: crate::Timestamp,
    /// When it was redeemed.
    pub used_at: Option<crate::Timestamp>,
    /// The account it acts on.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<Option<super::user::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}
