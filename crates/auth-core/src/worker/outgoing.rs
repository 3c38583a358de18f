//! The outbox as the app sees it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::deliver::Courier;
use crate::error::Result;
use crate::feature::Feature;
use crate::kernel::Kernel;
use crate::mail::{MailError, store};
use crate::seal::Sealer;

/// The service of outgoing mail.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    kernel: &'a Kernel,
    features: &'a [Feature],
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
    pub(crate) fn new(kernel: &'a Kernel, features: &'a [Feature]) -> Self {
        Self { kernel, features }
    }

    /// Sends what is due, a few dozen mails at the most, and returns how many were dealt with. What
    /// [workers](crate::Auth::spawn_workers) do all the time; for apps that would rather call it from a scheduler of their own.
    ///
    /// # Errors
    /// Fails when the database does. An unavailable mail server is not an error: the mail waits.
    #[tracing::instrument(name = "mail.deliver_due", target = "auth::service", level = "debug", skip_all)]
    pub async fn deliver_due(&self) -> Result<usize> {
        Courier { kernel: self.kernel, features: self.features }.deliver_due().await
    }

    /// How many mails wait, and how many were given up.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "mail.state", target = "auth::service", level = "debug", skip_all)]
    pub async fn state(&self) -> Result<OutboxState> {
        let store::Counts { waiting, failed, .. } = store::count(self.kernel.db()).await?;
        Ok(OutboxState { waiting, failed })
    }

    /// Whether the mailer could deliver now: what [`Mailer::check`](crate::Mailer::check) finds out.
    ///
    /// # Errors
    /// Fails with the reason why no mail would be accepted.
    #[tracing::instrument(name = "mail.check", target = "auth::service", level = "debug", skip_all)]
    pub async fn check(&self) -> std::result::Result<(), MailError> {
        self.kernel.configs().mail.mailer.check().await
    }

    /// With which keys those waiting mails are sealed that cannot be opened here, and how many: none, unless a secret was
    /// replaced and is missing here. At most a thousand are looked at.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "mail.unreadable", target = "auth::service", level = "debug", skip_all)]
    pub async fn unreadable(&self) -> Result<BTreeMap<String, usize>> {
        let rows = store::foreign(self.kernel.db(), self.kernel.parts().sealer.prefixes(), 1000).await?;
        let mut keys = BTreeMap::new();
        for row in rows {
            *keys.entry(Sealer::key_of(&row.body)).or_default() += 1;
        }
        Ok(keys)
    }

    /// How many mails that can be opened here should have been tried so long ago, at the least, and were not: nobody sends
    /// them.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "mail.overdue", target = "auth::service", level = "debug", skip_all)]
    pub async fn overdue(&self, by: Duration) -> Result<u64> {
        store::overdue(self.kernel.db(), self.kernel.parts().sealer.prefixes(), self.kernel.now() - by).await
    }

    /// Sends dead letters whose links still work on their way again, and returns how many.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "mail.revive", target = "auth::service", level = "debug", skip_all)]
    pub async fn revive(&self) -> Result<u64> {
        let revived = store::revive(self.kernel.db(), self.kernel.now()).await?;
        self.kernel.parts().bell.notify_one();
        Ok(revived)
    }
}
