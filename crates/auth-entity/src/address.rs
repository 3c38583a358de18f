//! `authn_address`: to whom email addresses belong.

use sea_orm::entity::prelude::*;

/// The claim of an account on an email address: each address has one at the most, whatever its state.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "authn_address")]
pub struct Model {
    /// Whose addresses are unique together; [`REALM`](crate::REALM).
    #[sea_orm(primary_key, auto_increment = false)]
    pub realm: String,
    /// The canonical address: what is unique and what logins look up.
    #[sea_orm(primary_key, auto_increment = false)]
    pub email_key: String,
    /// The account it belongs to.
    pub user_id: Uuid,
    /// Whether it is the present address of the account.
    pub is_current: bool,
    /// Until when nobody else can have it, because the account may go back to it.
    pub reserved_until: Option<crate::Timestamp>,
    /// The account it belongs to.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
