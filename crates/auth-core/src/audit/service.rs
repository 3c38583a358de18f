//! Reading the log, and writing to it what happened outside of any transaction.

use super::{AuditPage, AuditQuery, store};
use crate::kernel::Kernel;
use crate::{Client, EventKind, Result};

/// How many events of failed attempts may wait to be written down.
pub(crate) const MAX_PENDING: usize = 256;

/// The largest page.
const MAX_PAGE: u64 = 100;

/// The service of the audit log.
#[derive(Clone, Copy, Debug)]
pub struct Audit<'a> {
    kernel: &'a Kernel,
}

impl<'a> Audit<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Self {
        Self { kernel }
    }

    /// A page of events, newest first.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "audit.list", target = "auth::service", level = "debug", skip_all)]
    pub async fn list(&self, query: AuditQuery) -> Result<AuditPage> {
        let limit = query.limit.unwrap_or(50).clamp(1, MAX_PAGE);
        // One more than asked for tells whether there is another page.
        let mut items = store::page(self.kernel.db(), &query, limit + 1).await?;
        let more = items.len() as u64 > limit;
        items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = items.last().filter(|_| more).map(|event| event.id);
        Ok(AuditPage { items, next })
    }
}

impl Kernel {
    /// Emits an event outside of any transaction: an attempt that failed. Beside the answer, which must not
    /// wait for it; when too many wait already, or the database is away, the log file alone has it.
    pub(crate) fn emit(&self, client: &Client, kind: EventKind) {
        let event = self.event(client, kind);
        event.log();
        let Ok(permit) = self.parts().pending_events.clone().try_acquire_owned() else {
            tracing::error!(event = %event.id, "{MAX_PENDING} events wait to be written down; this one was not");
            return self.parts().hooks.tell(event);
        };
        let kernel = self.clone();
        tokio::spawn(async move {
            if let Err(cause) = store::insert(kernel.db(), std::slice::from_ref(&event)).await {
                tracing::warn!(%cause, "an event could not be written down");
            }
            kernel.parts().hooks.tell(event);
            drop(permit);
        });
    }
}
