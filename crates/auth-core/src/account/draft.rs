//! An account before it is there.

use auth_entity::user::ActiveModel;
use auth_entity::{PasswordHash, REALM, Timestamp};
use sea_orm::ActiveValue::Set;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::identifier::{Email, Username};
use crate::mail::Language;

/// What an account is made from, checked and hashed.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) email: Option<Email>,
    pub(crate) username: Option<Username>,
    pub(crate) display_name: Option<String>,
    pub(crate) attributes: Value,
    pub(crate) password_hash: Option<String>,
    pub(crate) password_is_confirmed: bool,
    pub(crate) locale: Option<Language>,
    pub(crate) is_active: bool,
    pub(crate) is_superuser: bool,
    pub(crate) is_verified: bool,
    pub(crate) must_change_password: bool,
    /// When it was made elsewhere; now, if it was not.
    pub(crate) created_at: Option<OffsetDateTime>,
}

impl Default for Draft {
    /// An active account without names, rights or a password.
    fn default() -> Self {
        Self {
            email: None,
            username: None,
            display_name: None,
            attributes: json!({}),
            password_hash: None,
            password_is_confirmed: true,
            locale: None,
            is_active: true,
            is_superuser: false,
            is_verified: false,
            must_change_password: false,
            created_at: None,
        }
    }
}

impl Draft {
    pub(crate) fn row(&self, id: Uuid, now: OffsetDateTime) -> ActiveModel {
        ActiveModel {
            id: Set(id),
            realm: Set(REALM.to_owned()),
            email: Set(self.email.as_ref().map(|email| email.as_str().to_owned())),
            username: Set(self.username.as_ref().map(|name| name.as_str().to_owned())),
            username_key: Set(self.username.as_ref().map(|name| name.key().to_owned())),
            password_hash: Set(self.password_hash.clone().map(PasswordHash)),
            password_is_confirmed: Set(self.password_is_confirmed),
            is_active: Set(self.is_active),
            is_superuser: Set(self.is_superuser),
            is_verified: Set(self.is_verified),
            must_change_password: Set(self.must_change_password),
            display_name: Set(self.display_name.clone()),
            locale: Set(self.locale.as_ref().map(|language| language.as_str().to_owned())),
            attributes: Set(self.attributes.clone()),
            sev: Set(1),
            created_at: Set(Timestamp(self.created_at.unwrap_or(now))),
            updated_at: Set(Timestamp(now)),
            last_login_at: Set(None),
            delete_at: Set(None),
        }
    }
}
