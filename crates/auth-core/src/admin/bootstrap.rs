//! The first superuser.

use sea_orm::ActiveValue::Set;
use serde_json::Map;

use super::Admin;
use crate::account::NewAccount;
use crate::identifier::Email;
use crate::password::Password;
use crate::{Error, ErrorCode, Result, User};

/// What became of the wish for a first superuser.
#[derive(Clone, Debug, PartialEq)]
pub enum Bootstrap {
    /// The account was made, active and verified.
    Created(Box<User>),
    /// An account with this address exists. It was left as it is, superuser or not: whoever registered it first may be
    /// anybody.
    Exists,
}

impl Admin<'_> {
    /// Makes a superuser with this address unless an account with it exists. Safe to call at every start, by several
    /// servers at once.
    ///
    /// # Errors
    /// `REGISTER_INVALID_PASSWORD` with a reason, a hook's veto, or the database's.
    pub async fn ensure_superuser(&self, email: Email, password: Password) -> Result<Bootstrap> {
        let new = NewAccount { email, password, username: None, display_name: None, attributes: Map::new() };
        let accounts = self.auth.accounts();
        let created = accounts.create(new, |row| {
            row.is_superuser = Set(true);
            row.is_verified = Set(true);
        });
        match created.await {
            Ok(user) => {
                self.announce(&user);
                Ok(Bootstrap::Created(Box::new(user)))
            }
            Err(Error::Code(ErrorCode::RegisterUserAlreadyExists)) => Ok(Bootstrap::Exists),
            Err(error) => Err(error),
        }
    }
}
