//! `authn_event`: what happened, for the people concerned and for those who have to find out.

use sea_orm::entity::prelude::*;

/// An event of the audit log. It refers to accounts by id alone, without a foreign key, because it outlives them.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "authn_event")]
pub struct Model {
    /// UUID version 7, so that ids sort by time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// When it first happened.
    pub at: crate::Timestamp,
    /// What happened, by its stable name.
    pub name: String,
    /// Whose account it was about, when there is one.
    pub subject_id: Option<Uuid>,
    /// The account that caused it, if known.
    pub actor_id: Option<Uuid>,
    /// The public id of the session that it was about.
    pub session_id: Option<Uuid>,
    /// The client's address; emptied when the account is deleted.
    pub ip: Option<String>,
    /// The client's `User-Agent`, cut to 256 characters; emptied when the account is deleted.
    pub user_agent: Option<String>,
    /// What else there is to say, never a secret.
    pub data: Option<Json>,
    /// How often it happened: more than once where like events share a row.
    pub count: i64,
    /// When it last happened.
    pub last_at: crate::Timestamp,
    /// SHA-256 of what like events have in common; empty for an event with a row of its own.
    #[sea_orm(column_type = "VarBinary(StringLen::N(32))", unique, nullable)]
    pub slot: Option<Vec<u8>>,
}

impl ActiveModelBehavior for ActiveModel {}
