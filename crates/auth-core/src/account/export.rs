//! What is held about a user, for the user.

use crate::{Result, Session, User};

/// Everything that the library holds about a user, but for digests of secrets.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Export {
    /// The account.
    pub user: User,
    /// Its live sessions.
    pub sessions: Vec<Session>,
}

impl super::Accounts<'_> {
    /// Gathers everything that is held about a user (GDPR, article 15).
    ///
    /// # Errors
    /// The database's.
    pub async fn export(&self, user: &User) -> Result<Export> {
        let sessions = self.auth.sessions().list(user).await?;
        Ok(Export { user: user.clone(), sessions })
    }
}
