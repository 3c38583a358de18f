//! What is held about a user, for the user.

use crate::audit::{AuditEvent, AuditQuery};
use crate::{Audit, Result, Session, Sessions, User};

/// Everything that the library holds about a user, but for digests of secrets.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Export {
    /// The account.
    pub user: User,
    /// Its live sessions.
    pub sessions: Vec<Session>,
    /// What happened to it, newest first.
    pub activity: Vec<AuditEvent>,
}

impl super::Accounts<'_> {
    /// Gathers everything that is held about a user (GDPR, article 15).
    ///
    /// # Errors
    /// Fails when the database does.
    pub async fn export(&self, user: &User) -> Result<Export> {
        let sessions = Sessions::new(self.kernel).list(user).await?;
        let mut query = AuditQuery { subject_id: Some(user.id), limit: Some(100), ..AuditQuery::default() };
        let mut activity = Vec::new();
        loop {
            let page = Audit::new(self.kernel).list(query.clone()).await?;
            activity.extend(page.items);
            match page.next {
                Some(next) => query.cursor = Some(next),
                None => return Ok(Export { user: user.clone(), sessions, activity }),
            }
        }
    }
}
