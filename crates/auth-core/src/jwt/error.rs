//! Why a token is refused, or cannot be made.

/// A token that is not accepted, or cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// The token is not acceptable. The reason is for logs; a client learns only that it is unauthorized.
    #[error("token refused: {0}")]
    Refused(&'static str),
    /// The token could not be made.
    #[error("token not signed: {0}")]
    Signing(String),
}
