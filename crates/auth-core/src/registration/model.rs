//! What a registration takes, and what comes of it.

use serde_json::{Map, Value};

use crate::identifier::{Email, Username};
use crate::password::Password;
use crate::user::User;

/// An account to be created.
#[derive(Clone, Debug)]
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

/// The outcome of a registration.
#[derive(Clone, Debug, PartialEq)]
pub enum Registered {
    /// The account exists.
    Created(User),
    /// It will be created once its email address is verified; or there was one before, and its owner is told.
    Pending,
}
