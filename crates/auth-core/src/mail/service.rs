//! The outbox as the app sees it.

use std::time::Duration;

use super::{MailError, outbox, store};
use crate::{Auth, Result};

/// The service of outgoing mail.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    auth: &'a Auth,
}

/// What is in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxState {
    /// Mails that wait to be sent, now or later.
    pub waiting: u64,
    /// Dead letters: mails that were given up.
    pub failed: u64,
}

impl<'a> Outgoing<'a> {
    pub(crate) fn new(auth: &'a Auth) -> Self {
        Self { auth }
    }

    /// Sends what is due, a few dozen mails at the most, and returns how many were dealt with. What
    /// [workers](Auth::spawn_workers) do all the time; for apps that would rather call it from a scheduler of their own.
    ///
    /// # Errors
    /// The database's. A mail server that is away is no error: the mail waits.
    pub async fn deliver_due(&self) -> Result<usize> {
        outbox::deliver_due(self.auth).await
    }

    /// How many mails wait, and how many were given up.
    ///
    /// # Errors
    /// The database's.
    pub async fn state(&self) -> Result<OutboxState> {
        let (waiting, failed) = store::count(&self.auth.inner().db).await?;
        Ok(OutboxState { waiting, failed })
    }

    /// Whether the mailer could deliver now: what [`Mailer::check`](super::Mailer::check) finds out.
    ///
    /// # Errors
    /// Why no mail would be accepted.
    pub async fn check(&self) -> std::result::Result<(), MailError> {
        self.auth.inner().mailer.check().await
    }

    /// How many of the newest hundred mails in the outbox cannot be opened: the secret was replaced, and the former one not
    /// kept.
    ///
    /// # Errors
    /// The database's.
    pub async fn unreadable(&self) -> Result<usize> {
        outbox::unreadable(self.auth).await
    }

    /// How many mails should have been tried so long ago, at the least, and were not: nobody sends them.
    ///
    /// # Errors
    /// The database's.
    pub async fn overdue(&self, by: Duration) -> Result<u64> {
        store::overdue(&self.auth.inner().db, self.auth.now() - by).await
    }

    /// Sends dead letters whose links still work on their way again, and returns how many.
    ///
    /// # Errors
    /// The database's.
    pub async fn revive(&self) -> Result<u64> {
        let revived = store::revive(&self.auth.inner().db, self.auth.now()).await?;
        self.auth.inner().outbox.wake();
        Ok(revived)
    }
}
