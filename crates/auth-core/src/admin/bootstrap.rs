//! The first superuser.

use serde_json::Map;

use super::{Admin, NewUser};
use crate::account::Draft;
use crate::client::Client;
use crate::error::{Error, ErrorCode, Result};
use crate::identifier::Email;
use crate::password::Password;
use crate::registration::create;
use crate::user::User;

/// The outcome of [`ensure_superuser`](Admin::ensure_superuser).
#[derive(Clone, Debug, PartialEq)]
pub enum Bootstrap {
    /// The account was made, active and verified.
    Created(Box<User>),
    /// An account with this address exists. It was left as it is, superuser or not, because the one who registered it
    /// may be anybody.
    Exists,
}

impl Admin<'_> {
    /// Makes a superuser with this address unless an account with it exists. Safe to call at every start, by several
    /// servers at once.
    ///
    /// # Errors
    /// Fails with `REGISTER_INVALID_PASSWORD` with a reason, when a hook refuses, and when the database does.
    #[tracing::instrument(name = "admin.ensure_superuser", target = "auth::service", level = "debug", skip_all)]
    pub async fn ensure_superuser(&self, email: Email, password: Password) -> Result<Bootstrap> {
        let new = NewUser {
            email: Some(email),
            username: None,
            password: Some(password),
            display_name: None,
            attributes: Map::new(),
            is_active: true,
            is_superuser: true,
            is_verified: true,
        };
        // The operator who chose the password is its owner.
        let draft = Draft { must_change_password: false, ..self.draft(new, &Client::default()).await? };
        match create(self.kernel, &draft, ErrorCode::RegisterUserAlreadyExists, &Client::default()).await {
            Ok(user) => Ok(Bootstrap::Created(Box::new(user))),
            Err(Error::Refused { code: ErrorCode::RegisterUserAlreadyExists, .. }) => Ok(Bootstrap::Exists),
            Err(error) => Err(error),
        }
    }
}
