//! What superusers ask for, and what they get.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::identifier::{Email, Username};
use crate::password::Password;
use crate::user::User;

/// Which page of the list is wanted. `Debug` does not show whom it is searched for.
#[derive(Clone, Default)]
pub struct PageRequest {
    /// Where the last page ended: the [`next`](Page::next) of that page.
    pub cursor: Option<Uuid>,
    /// The number of accounts per page, at most 100; 50 by default.
    pub limit: Option<u64>,
    /// Only accounts whose email address or user name starts with this text.
    pub prefix: Option<String>,
}

/// A page of accounts in the order of their creation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Page {
    /// The accounts.
    pub items: Vec<User>,
    /// Where the next page begins, when there is one.
    pub next: Option<Uuid>,
}

/// An account that a superuser creates. `Debug` does not show whose it is.
#[derive(Clone)]
pub struct NewUser {
    /// The address. There must be one, or a user name.
    pub email: Option<Email>,
    /// A user name.
    pub username: Option<Username>,
    /// A password, to be changed at the first login.
    pub password: Option<Password>,
    /// The display name.
    pub display_name: Option<String>,
    /// The app's own object.
    pub attributes: Map<String, Value>,
    /// Whether the account may log in.
    pub is_active: bool,
    /// Whether the account is a superuser.
    pub is_superuser: bool,
    /// Whether the email address counts as verified.
    pub is_verified: bool,
}

/// What a superuser may change about an account. `None` leaves a field alone; `Some(None)` empties it.
/// `Debug` shows which fields change, and not to what.
#[derive(Clone, Default)]
pub struct AdminChanges {
    /// A new address.
    pub email: Option<Email>,
    /// A new password.
    pub password: Option<Password>,
    /// The superuser's own password so far, for changes to their own account: needed for a new password.
    pub current_password: Option<Password>,
    /// A user name.
    pub username: Option<Option<Username>>,
    /// The display name.
    pub display_name: Option<Option<String>>,
    /// The app's own object, replaced as a whole.
    pub attributes: Option<Map<String, Value>>,
    /// Whether the account may log in.
    pub is_active: Option<bool>,
    /// Whether the account is a superuser.
    pub is_superuser: Option<bool>,
    /// Whether the email address counts as verified. Changes nothing about the superuser's own account.
    pub is_verified: Option<bool>,
}
