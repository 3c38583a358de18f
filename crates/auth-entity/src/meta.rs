//! `authn_meta`: facts about the installation as a whole.

use sea_orm::entity::prelude::*;

/// One fact, by its name.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "authn_meta")]
pub struct Model {
    /// What it is about.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// Its number, such as a moment in milliseconds; zero for a fact without one.
    pub number: i64,
    /// Its bytes, such as the check value of a key.
    #[sea_orm(column_type = "VarBinary(StringLen::N(255))", nullable)]
    pub data: Option<Vec<u8>>,
    /// When it was last written.
    pub at: crate::Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
