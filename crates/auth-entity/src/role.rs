//! `authn_role`: the roles that were created while the app ran. Those that the app declares have no row.

use sea_orm::entity::prelude::*;

/// A role that accounts may be granted.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "authn_role")]
pub struct Model {
    /// The canonical name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// When it was created.
    pub created_at: crate::Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
