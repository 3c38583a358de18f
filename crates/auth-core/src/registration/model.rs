//! What a registration takes, and what comes of it.

use std::fmt;

use serde_json::{Map, Value};

use crate::hidden::{Hidden, hidden};
use crate::identifier::{Email, Username};
use crate::password::Password;
use crate::user::User;

/// An account to be created. `Debug` does not show whose it is.
#[derive(Clone)]
pub struct NewAccount {
    /// The email address.
    pub email: Email,
    /// The password, which the policy has yet to see.
    pub password: Password,
    /// A user name.
    pub username: Option<Username>,
    /// The display name.
    pub display_name: Option<String>,
    /// The app's own object.
    pub attributes: Map<String, Value>,
}

impl fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { email, password, username, display_name, attributes: _ } = self;
        f.debug_struct("NewAccount")
            .field("email", email)
            .field("password", password)
            .field("username", &hidden(username))
            .field("display_name", &hidden(display_name))
            .field("attributes", &Hidden)
            .finish()
    }
}

/// The outcome of a registration.
#[derive(Clone, Debug, PartialEq)]
pub enum Registered {
    /// The account exists.
    Created(User),
    /// It will be created once its email address is verified; or there was one before, and its owner is told.
    Pending,
}
