//! `authn_user`: one row per account.

use sea_orm::entity::prelude::*;

/// An account.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "authn_user")]
pub struct Model {
    /// UUID version 7, so that ids sort by creation time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose user names are unique together; [`REALM`](crate::REALM).
    pub realm: String,
    /// The address that mail goes to: local part as typed, canonical domain. Its canonical spelling is in
    /// [`address`](super::address).
    pub email: Option<String>,
    /// The user name as typed.
    pub username: Option<String>,
    /// The user name in lower case: what is unique and what logins look up.
    pub username_key: Option<String>,
    /// A PHC string; none for an account that never had a password.
    pub password_hash: Option<crate::PasswordHash>,
    /// Whether the password is the owner's for certain: not when it was set before the email address was verified, by a
    /// link that was opened elsewhere.
    pub password_is_confirmed: bool,
    /// Whether the account may log in at all.
    pub is_active: bool,
    /// Whether the account is a superuser.
    pub is_superuser: bool,
    /// Whether the email address is verified.
    pub is_verified: bool,
    /// Whether the user must change the password before anything else.
    pub must_change_password: bool,
    /// The display name.
    pub display_name: Option<String>,
    /// The language of mails that nobody's request asks for: what the browser asked for at registration (BCP 47).
    pub locale: Option<String>,
    /// The app's own JSON object about the user.
    pub attributes: Json,
    /// The security epoch: every session and token carries the value it was issued at and dies when this one moves.
    pub sev: i64,
    /// When the account was created.
    pub created_at: crate::Timestamp,
    /// When a field of the account last changed.
    pub updated_at: crate::Timestamp,
    /// When a session was last established.
    pub last_login_at: Option<crate::Timestamp>,
    /// When the account is deleted, because its owner asked and somebody may still want it back.
    pub delete_at: Option<crate::Timestamp>,
    /// Its email addresses, present and reserved.
    #[sea_orm(has_many)]
    pub addresses: HasMany<super::address::Entity>,
    /// The devices that it is used from.
    #[sea_orm(has_many)]
    pub devices: HasMany<super::device::Entity>,
    /// The roles that it was granted.
    #[sea_orm(has_many)]
    pub roles: HasMany<super::user_role::Entity>,
    /// The sessions of the account.
    #[sea_orm(has_many)]
    pub sessions: HasMany<super::session::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
