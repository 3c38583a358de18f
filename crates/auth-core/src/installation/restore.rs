//! What to do once a backup has been restored.

use super::{epoch, store};
use crate::client::Client;
use crate::error::Result;
use crate::event::EventKind;
use crate::installation::Installation;

use time::OffsetDateTime;

/// How much of what a backup brought back was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Restored {
    /// Sessions.
    pub sessions: u64,
    /// Links and codes that could have been used, perhaps for the second time.
    pub tokens: u64,
    /// Mails and jobs that waited, and have been sent and carried out perhaps.
    pub mails: u64,
}

impl Installation<'_> {
    /// Ends every session, every single-use token and every waiting mail that is in the database now, on all servers.
    ///
    /// A backup does not know what was revoked, used and sent since it was made. After it has been restored, sessions that
    /// had ended are alive again, links work for the second time, and mails are about to be sent once more. This ends all of
    /// them with one statement, which moves the moment up to which such rows are dead; the
    /// [purge](crate::Auth::purge) deletes them. People log in again, and no device is known: some had been forgotten.
    ///
    /// # Errors
    /// Fails when the database does; nothing has ended then.
    #[tracing::instrument(name = "installation.after_restore", target = "auth::service", level = "debug", skip_all)]
    pub async fn after_restore(&self) -> Result<Restored> {
        let kernel = self.kernel;
        let end = |effect: std::sync::Arc<crate::effect::Effect>| async move {
            let (tx, now) = (effect.tx(), kernel.now());
            let [sessions, tokens, mails] = store::count_mortal(tx).await?;
            store::insert(tx, epoch::NAME, None, now).await?;
            store::delete_future(tx, now).await?;
            store::bury(tx, now).await?;
            store::forget_devices(tx).await?;
            effect.emit(EventKind::Restored { sessions, tokens, mails });
            Ok(Restored { sessions, tokens, mails })
        };
        kernel.effect(&Client::default(), end).await
    }

    /// When [`after_restore`](Self::after_restore) was last called, in UTC.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "installation.last_restore", target = "auth::service", level = "debug", skip_all)]
    pub async fn last_restore(&self) -> Result<Option<OffsetDateTime>> {
        Ok(store::find(self.kernel.db(), epoch::NAME).await?.map(|row| row.at.0))
    }
}
