//! `authn_change`: whose account or sessions changed, for servers that remember something of them.

use sea_orm::entity::prelude::*;

/// A change. It says whom it is about and nothing else: what is true is in the other tables.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "authn_change")]
pub struct Model {
    /// The number of the change. Numbers are given when a change is written, so that a smaller one may be committed later.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose account or sessions changed; empty for a change that concerns everybody. Not a foreign key, because a deleted account
    /// is a change.
    pub user_id: Option<Uuid>,
    /// When it changed.
    pub at: crate::Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
