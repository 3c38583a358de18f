//! Reading the log, and writing to it what happened outside of any transaction.

use uuid::Uuid;

use super::{AuditPage, AuditQuery, store};
use crate::event::Description;
use crate::kernel::Kernel;
use crate::secret::keyed_digest;
use crate::user::User;
use crate::{Client, Event, EventKind, Result, page};

/// How many events of failed attempts may wait to be written down, and how many of those that one client caused.
pub(crate) const MAX_PENDING: usize = 256;
pub(crate) const MAX_PENDING_OF_CLIENT: usize = 24;

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
        let size = page::size(query.limit);
        let mut items = store::page(self.kernel.db(), &query, size + 1).await?;
        let next = page::cut(&mut items, size, |event| event.id);
        Ok(AuditPage { items, next })
    }

    /// A page of the events about an account, newest first, as its user may see them: without the client of somebody else who
    /// caused one, such as a superuser, or the owner of an address that the user has not verified.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(
        name = "audit.list_own", target = "auth::service", level = "debug",
        skip_all, fields(user_id = %user.id)
    )]
    pub async fn list_own(&self, user: &User, cursor: Option<Uuid>, limit: Option<u64>) -> Result<AuditPage> {
        let query = AuditQuery { subject_id: Some(user.id), cursor, limit, ..AuditQuery::default() };
        let page = self.list(query).await?;
        Ok(AuditPage { items: page.items.into_iter().map(|event| event.for_its_subject(user)).collect(), ..page })
    }

    /// How many rows the log has.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "audit.size", target = "auth::service", level = "debug", skip_all)]
    pub async fn size(&self) -> Result<u64> {
        store::size(self.kernel.db()).await
    }
}

/// What events that share a row have in common, as a keyed digest: the row of an account that was deleted must not tell
/// from where it was attacked.
fn slot(kernel: &Kernel, event: &Event) -> [u8; 32] {
    let Description { subject_id, data, .. } = event.kind.describe();
    let hour = event.at.unix_timestamp().div_euclid(60 * 60);
    let parts = [
        event.kind.name().to_owned(),
        subject_id.map(|id| id.to_string()).unwrap_or_default(),
        event.actor_id.map(|id| id.to_string()).unwrap_or_default(),
        data.map(|data| data.to_string()).unwrap_or_default(),
        event.client.network().map(|network| network.to_string()).unwrap_or_default(),
        hour.to_string(),
    ];
    keyed_digest(&kernel.parts().limit_key, &parts)
}

impl Kernel {
    /// Emits an event outside of any transaction: an attempt that failed. Beside the answer, which must not
    /// wait for it; when too many wait already, or the database is away, the log file alone has it.
    pub(crate) fn emit(&self, client: &Client, kind: EventKind) {
        let event = self.event(client, kind);
        event.log();
        let Some(place) = self.parts().pending_events.enter(client) else {
            tracing::error!(event = %event.id, "too many events wait to be written down; this one was not");
            return self.parts().hooks.tell(event);
        };
        let kernel = self.clone();
        tokio::spawn(async move {
            let written = if event.kind.is_counted() {
                store::count(kernel.db(), &event, slot(&kernel, &event)).await
            } else {
                store::insert(kernel.db(), std::slice::from_ref(&event)).await
            };
            if let Err(cause) = written {
                tracing::warn!(%cause, "an event could not be written down");
            }
            kernel.parts().hooks.tell(event);
            drop(place);
        });
    }
}
