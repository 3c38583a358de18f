//! `authn_session`: one row per login, whatever its transport and token format.

use sea_orm::entity::prelude::*;

/// A login that is still alive.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "authn_session")]
pub struct Model {
    /// The public id: shown in lists, worthless as a credential.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The account that the session belongs to.
    pub user_id: Uuid,
    /// The account that acts for the user; empty when the user does.
    pub actor_id: Option<Uuid>,
    /// The name of the backend that issued the token, the only one that may present it.
    pub backend: String,
    /// SHA-256 of the token, for the formats that are looked up by it.
    #[sea_orm(column_type = "VarBinary(StringLen::N(32))", unique, nullable)]
    pub token_hash: Option<crate::Digest>,
    /// The user's security epoch at issue.
    pub sev: i64,
    /// The oldest epoch whose tokens are good for the session, for formats that name it instead of having a digest.
    pub token_sev: i64,
    /// When the user last authenticated.
    pub auth_time: crate::Timestamp,
    /// The methods of that authentication, separated by spaces (RFC 8176).
    pub amr: String,
    /// The assurance level of that authentication: 1 for one factor, 2 for two.
    pub aal: i16,
    /// When the session began.
    pub created_at: crate::Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: crate::Timestamp,
    /// When it ends at the latest.
    pub expires_at: crate::Timestamp,
    /// Whether the browser keeps it when it is closed, so that it ends at its latest moment only.
    pub remembered: bool,
    /// When the client last got its token.
    pub token_at: crate::Timestamp,
    /// The client's address at login.
    pub ip: Option<String>,
    /// The client's `User-Agent` at login, cut to 256 characters.
    pub user_agent: Option<String>,
    /// The known device on which it was begun, which may have been forgotten since.
    pub device_id: Option<Uuid>,
    /// The scopes that it is limited to, separated by blanks (RFC 6749, section 3.3); not limited without.
    #[sea_orm(column_type = "Text", nullable)]
    pub scope: Option<String>,
    /// The account that the session belongs to.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
