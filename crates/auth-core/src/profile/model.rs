//! What users may change about their own accounts.

use serde_json::{Map, Value};

use crate::identifier::{Email, Username};
use crate::password::Password;

/// What a user may change about their own account. `None` leaves a field alone; `Some(None)` empties it.
#[derive(Clone, Debug, Default)]
pub struct AccountChanges {
    /// A new email address.
    pub email: Option<Email>,
    /// A new password.
    pub password: Option<Password>,
    /// The password so far: needed for a new one, and a fresh proof of identity for a new address.
    pub current_password: Option<Password>,
    /// A user name.
    pub username: Option<Option<Username>>,
    /// The display name.
    pub display_name: Option<Option<String>>,
    /// The app's own object, replaced as a whole.
    pub attributes: Option<Map<String, Value>>,
}
