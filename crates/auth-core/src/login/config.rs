//! What a login needs.

use crate::user::User;

/// The configuration of logins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoginConfig {
    /// Whether the email address must be verified; not by default.
    pub require_verified: bool,
}

impl LoginConfig {
    /// Whether an active user may have sessions.
    pub(crate) fn admits(&self, user: &User) -> bool {
        user.is_verified || !self.require_verified
    }
}
