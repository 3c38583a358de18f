//! What is asked of the log, and what it answers.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::device::DeviceName;
use crate::user::User;

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
    /// When it happened, in UTC; the first time, of events that share a row.
    pub at: OffsetDateTime,
    /// What happened: [`EventKind::name`](crate::EventKind::name).
    pub name: String,
    /// The account that the event is about.
    pub subject_id: Option<Uuid>,
    /// The account that caused it, if known.
    pub actor_id: Option<Uuid>,
    /// The public id of the session that it was about.
    pub session_id: Option<Uuid>,
    /// The client's address.
    pub ip: Option<String>,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
    /// Further details, depending on the event.
    pub data: Option<serde_json::Value>,
    /// How often it happened: failures of one hour that are about the same account and come from the same network share a
    /// row.
    pub count: u64,
    /// When it last happened, in UTC.
    pub last_at: OffsetDateTime,
}

impl AuditEvent {
    /// What the client's device is called, where the client is known.
    #[must_use]
    pub fn device_name(&self) -> Option<DeviceName> {
        self.user_agent.is_some().then(|| DeviceName::of(self.user_agent.as_deref()))
    }

    /// The event as the user may see it whom it is about: not from where somebody else acted.
    pub(super) fn for_its_subject(self, user: &User) -> Self {
        let is_own = self.actor_id == self.subject_id;
        // Who has not verified the address does not learn from where its owner comes.
        if is_own || (self.actor_id.is_none() && user.is_verified) {
            return self;
        }
        Self { ip: None, user_agent: None, ..self }
    }
}

/// A page of events, newest first.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuditPage {
    /// The events.
    pub items: Vec<AuditEvent>,
    /// Where the next page begins, when there is one.
    pub next: Option<Uuid>,
}
