//! `authn_mail`: mails that are still to be sent.

use sea_orm::entity::prelude::*;

/// A mail on its way out, or one that nobody took. A row is gone once its mail was accepted.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "authn_mail")]
pub struct Model {
    /// UUID version 7; also the mail's `Message-ID`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What there is to do: the mail, or what it is to be made from. Sealed, because it holds addresses and links that
    /// work.
    #[sea_orm(column_type = "Blob")]
    pub body: Vec<u8>,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next; while somebody tries it, when another one may.
    pub due_at: crate::Timestamp,
    /// Which worker tries it.
    pub claim: Option<Uuid>,
    /// When it was put here.
    pub created_at: crate::Timestamp,
    /// When it is worth nothing any more.
    pub expires_at: crate::Timestamp,
    /// When it was given up: a dead letter.
    pub failed_at: Option<crate::Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}
