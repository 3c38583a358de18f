//! What users may change about their own accounts.

use std::fmt;

use serde_json::{Map, Value};

use crate::hidden::hidden;
use crate::identifier::{Email, Username};
use crate::password::Password;

/// What superusers may give up about their own accounts, besides what all users change: the role, and being active.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rights {
    pub(crate) is_active: Option<bool>,
    pub(crate) is_superuser: Option<bool>,
}

/// What a user may change about their own account. `None` leaves a field alone; `Some(None)` empties it.
/// `Debug` shows which fields change, and not to what.
#[derive(Clone, Default)]
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

impl fmt::Debug for AccountChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { email, password, current_password, username, display_name, attributes } = self;
        f.debug_struct("AccountChanges")
            .field("email", &hidden(email))
            .field("password", &hidden(password))
            .field("current_password", &hidden(current_password))
            .field("username", &hidden(username))
            .field("display_name", &hidden(display_name))
            .field("attributes", &hidden(attributes))
            .finish()
    }
}
