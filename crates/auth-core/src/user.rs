//! The account as the rest of the program sees it.

use std::fmt;

use auth_entity::user;
use sea_orm::prelude::Json;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::hidden::{Hidden, hidden};

/// An account, without its password hash. `Debug` shows the id and the state, and not who it belongs to.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct User {
    /// UUID version 7.
    pub id: Uuid,
    /// The address that mail goes to.
    pub email: Option<String>,
    /// The user name as typed.
    pub username: Option<String>,
    /// Whether the account may log in.
    pub is_active: bool,
    /// Whether the account is a superuser.
    pub is_superuser: bool,
    /// Whether the email address is verified.
    pub is_verified: bool,
    /// Whether the user must change the password before anything else.
    pub must_change_password: bool,
    /// The display name.
    pub display_name: Option<String>,
    /// The app's own JSON object about the user.
    pub attributes: Json,
    /// The security epoch: sessions and tokens issued at another value are dead.
    pub security_epoch: i64,
    /// When the account was made, in UTC.
    pub created_at: OffsetDateTime,
    /// When the account last changed, in UTC.
    pub updated_at: OffsetDateTime,
    /// When a session was last established, in UTC.
    pub last_login_at: Option<OffsetDateTime>,
    /// When the account is deleted, in UTC, because its owner asked; it is inactive until then.
    pub delete_at: Option<OffsetDateTime>,
}

impl User {
    /// The app's attributes as the app's own type.
    ///
    /// # Errors
    /// Fails when the stored object has another shape; an app that registers its type with
    /// [`AuthBuilder::attributes`](crate::AuthBuilder::attributes) never stores such an object.
    pub fn attributes_as<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        T::deserialize(&self.attributes)
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, email, username, display_name, attributes: _, .. } = self;
        f.debug_struct("User")
            .field("id", id)
            .field("email", &hidden(email))
            .field("username", &hidden(username))
            .field("display_name", &hidden(display_name))
            .field("attributes", &Hidden)
            .field("is_active", &self.is_active)
            .field("is_superuser", &self.is_superuser)
            .field("is_verified", &self.is_verified)
            .field("must_change_password", &self.must_change_password)
            .field("security_epoch", &self.security_epoch)
            .finish_non_exhaustive()
    }
}

impl From<user::Model> for User {
    fn from(row: user::Model) -> Self {
        Self {
            id: row.id,
            email: row.email,
            username: row.username,
            is_active: row.is_active,
            is_superuser: row.is_superuser,
            is_verified: row.is_verified,
            must_change_password: row.must_change_password,
            display_name: row.display_name,
            attributes: row.attributes,
            security_epoch: row.sev,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            last_login_at: row.last_login_at.map(|at| at.0),
            delete_at: row.delete_at.map(|at| at.0),
        }
    }
}
