//! `authn_limit`: how often something was done recently.

use sea_orm::entity::prelude::*;

/// What was used of one limit in its present window. A row is worth nothing once its window is over.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "authn_limit")]
pub struct Model {
    /// UUID version 8, a keyed digest of what is limited and for whom: addresses cannot be read back from it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose limits these are; [`REALM`](crate::REALM).
    #[sea_orm(primary_key, auto_increment = false)]
    pub realm: String,
    /// How often it was done in this window; one more once somebody was refused.
    pub used: i32,
    /// When it may be done again, for limits that space it out.
    pub next_at: crate::Timestamp,
    /// When the window ends.
    pub ends_at: crate::Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
