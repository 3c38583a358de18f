//! Reading the audit log; `purge.rs` deletes what is too old.

use time::OffsetDateTime;
use uuid::Uuid;

use super::store;
use crate::{Auth, Client, EventKind, Result};

/// How many events of failed attempts may wait to be written down.
pub(crate) const MAX_NOTES: usize = 256;

/// The largest page.
const MAX_PAGE: u64 = 100;

/// The service of the audit log.
#[derive(Clone, Copy, Debug)]
pub struct Audit<'a> {
    auth: &'a Auth,
}

/// Which events are wanted.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// Only those about this account.
    pub subject_id: Option<Uuid>,
    /// Only those of this name, such as `login_failure`.
    pub name: Option<String>,
    /// Where the last page ended: its [`next`](AuditPage::next).
    pub cursor: Option<Uuid>,
    /// How many, at most 100; 50 by default.
    pub limit: Option<u64>,
}

/// An event of the log.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AuditEvent {
    /// The id that hooks were given, UUID version 7.
    pub id: Uuid,
    /// When it happened, in UTC.
    pub at: OffsetDateTime,
    /// What happened: [`EventKind::name`].
    pub name: String,
    /// Whose account it was about.
    pub subject_id: Option<Uuid>,
    /// Who did it, where it is known.
    pub actor_id: Option<Uuid>,
    /// The public id of the session that it was about.
    pub session_id: Option<Uuid>,
    /// The client's address.
    pub ip: Option<String>,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
    /// What else there is to say.
    pub data: Option<serde_json::Value>,
}

/// A page of events, newest first.
#[derive(Clone, Debug)]
pub struct AuditPage {
    /// The events.
    pub items: Vec<AuditEvent>,
    /// Where the next page begins, when there is one.
    pub next: Option<Uuid>,
}

impl<'a> Audit<'a> {
    pub(crate) fn new(auth: &'a Auth) -> Self {
        Self { auth }
    }

    /// A page of events, newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn list(&self, query: AuditQuery) -> Result<AuditPage> {
        let limit = query.limit.unwrap_or(50).clamp(1, MAX_PAGE);
        // One more than asked for tells whether there is another page.
        let mut items = store::page(&self.auth.inner().db, &query, limit + 1).await?;
        let more = items.len() as u64 > limit;
        items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = items.last().filter(|_| more).map(|event| event.id);
        Ok(AuditPage { items, next })
    }

    /// Writes down what happened outside of any transaction: an attempt that failed. Beside the answer, which must not
    /// wait for it; when too many wait already, or the database is away, the log file alone has it.
    pub(crate) fn note(&self, client: &Client, kind: EventKind) {
        let event = self.auth.event(client, kind);
        event.log();
        let Ok(permit) = self.auth.inner().notes.clone().try_acquire_owned() else {
            tracing::error!(event = %event.id, "{MAX_NOTES} events wait to be written down; this one was not");
            return self.auth.inner().hooks.tell(event);
        };
        let auth = self.auth.clone();
        tokio::spawn(async move {
            if let Err(cause) = store::insert(&auth.inner().db, std::slice::from_ref(&event)).await {
                tracing::warn!(%cause, "an event could not be written down");
            }
            auth.inner().hooks.tell(event);
            drop(permit);
        });
    }
}
