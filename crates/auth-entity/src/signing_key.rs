//! `authn_signing_key`: the key pairs that sign access tokens.

use sea_orm::entity::prelude::*;

/// One key pair. Its times say what it is: next until it was promoted, current until it was retired, then retired.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "authn_signing_key")]
pub struct Model {
    /// UUID version 7; also the `kid` of its tokens.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Counts the pairs: of two that are made at the same moment, one is too late.
    #[sea_orm(unique)]
    pub generation: i32,
    /// What it signs with: `EdDSA` or `ES256`.
    #[sea_orm(column_type = "String(StringLen::N(16))")]
    pub algorithm: String,
    /// The public half, in the clear: checking a token takes no secret.
    #[sea_orm(column_type = "VarBinary(StringLen::N(255))")]
    pub public_key: Vec<u8>,
    /// The private half. Sealed; deleted once the pair is retired.
    #[sea_orm(column_type = "Blob", nullable)]
    pub private_key: Option<Vec<u8>>,
    /// When it was made, and published.
    pub created_at: crate::Timestamp,
    /// When it began to sign.
    pub promoted_at: Option<crate::Timestamp>,
    /// When another one took its place.
    pub retired_at: Option<crate::Timestamp>,
    /// When the last token that it signed has expired.
    pub expires_at: Option<crate::Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}
