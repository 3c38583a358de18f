//! `authn_user_role`: which account has which role.

use sea_orm::entity::prelude::*;

/// A role of an account.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "authn_user_role")]
pub struct Model {
    /// The account, with which its roles go.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    /// The canonical name of the role.
    #[sea_orm(primary_key, auto_increment = false)]
    pub role: String,
    /// When it was granted.
    pub granted_at: crate::Timestamp,
    /// The superuser who granted it; none for an operator. The account may be gone since.
    pub granted_by: Option<Uuid>,
    /// The account, with which its roles go.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
