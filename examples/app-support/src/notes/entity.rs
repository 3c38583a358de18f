//! `note`: one row per note.

use sea_orm::entity::prelude::*;

/// A note.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize)]
#[sea_orm(table_name = "note")]
pub struct Model {
    /// UUID version 7, so that ids sort by time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose note it is.
    #[serde(skip)]
    pub user_id: Uuid,
    /// What it says.
    #[sea_orm(column_type = "Text")]
    pub text: String,
}

impl ActiveModelBehavior for ActiveModel {}
