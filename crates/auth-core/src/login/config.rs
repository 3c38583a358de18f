//! What a login needs.

/// The configuration of logins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoginConfig {
    /// Whether the email address must be verified; not by default.
    pub require_verified: bool,
}
