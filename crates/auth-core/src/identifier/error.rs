//! Why an identifier is refused.

/// Why an identifier was refused. The text is for the person who typed it and does not repeat the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Not one deliverable mail address.
    #[error("{0}")]
    EmailInvalid(&'static str),
    /// Not of the form that user names have.
    #[error("{0}")]
    UsernameInvalid(&'static str),
    /// A user name that could be taken for the service itself.
    #[error("This user name is reserved.")]
    UsernameReserved,
}

impl IdentifierError {
    /// A stable name for programs; the message may be reworded, this may not.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::EmailInvalid(_) => "email_invalid",
            Self::UsernameInvalid(_) => "username_invalid",
            Self::UsernameReserved => "username_reserved",
        }
    }
}
