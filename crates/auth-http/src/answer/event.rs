//! Events of the audit log.

use auth_core::audit::AuditEvent;
use auth_core::time::OffsetDateTime;
use auth_core::uuid::Uuid;
use serde::Serialize;
use serde_json::Value;

/// An event.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct EventView<'a> {
    /// UUID version 7.
    id: Uuid,
    /// When it happened; the first time, where it happened several times within an hour.
    #[serde(with = "auth_core::time::serde::rfc3339")]
    at: OffsetDateTime,
    /// What happened.
    name: &'a str,
    /// The account that the event is about.
    #[schema(required)]
    subject_id: Option<Uuid>,
    /// The account that caused it, if known.
    #[schema(required)]
    actor_id: Option<Uuid>,
    /// The session that the event is about.
    #[schema(required)]
    session_id: Option<Uuid>,
    /// The client's address.
    #[schema(required)]
    ip: Option<&'a str>,
    /// The client's `User-Agent`.
    #[schema(required)]
    user_agent: Option<&'a str>,
    /// What the client's device is called, such as `Firefox on Windows`.
    #[schema(required)]
    device_name: Option<String>,
    /// Further details, depending on the event.
    #[schema(required, value_type = Option<Object>)]
    data: Option<&'a Value>,
    /// How often it happened within an hour, from one network. More than once for failures alone.
    count: u64,
    /// When it last happened.
    #[serde(with = "auth_core::time::serde::rfc3339")]
    last_at: OffsetDateTime,
}

impl<'a> From<&'a AuditEvent> for EventView<'a> {
    fn from(event: &'a AuditEvent) -> Self {
        Self {
            id: event.id,
            at: event.at,
            name: &event.name,
            subject_id: event.subject_id,
            actor_id: event.actor_id,
            session_id: event.session_id,
            ip: event.ip.as_deref(),
            user_agent: event.user_agent.as_deref(),
            device_name: event.device_name().map(|name| name.to_string()),
            data: event.data.as_ref(),
            count: event.count,
            last_at: event.last_at,
        }
    }
}
