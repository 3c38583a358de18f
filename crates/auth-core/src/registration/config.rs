//! Who may register.

/// Who may create an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Registration {
    /// Everybody.
    #[default]
    Open,
    /// Everybody, and nobody learns whether an email address has an account: it is created once its address is verified, and
    /// an owner who has one already is told by mail.
    Neutral,
    /// Only superusers and the app itself create accounts: an invitation handler or a seed script calls
    /// [`Registrations::register`](crate::Registrations::register) with [`Client::default()`](crate::Client).
    Closed,
}

/// The configuration of registration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegistrationConfig {
    /// Who may register.
    pub mode: Registration,
}

impl From<Registration> for RegistrationConfig {
    fn from(mode: Registration) -> Self {
        Self { mode }
    }
}
