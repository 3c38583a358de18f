//! What happened, for users and for superusers.

use auth_core::Principal;
use auth_core::audit::{AuditEvent, AuditPage, AuditQuery};
use auth_core::time::OffsetDateTime;
use auth_core::uuid::Uuid;
use http::Method;
use serde::Serialize;
use serde_json::Value;

use crate::Problem;
use crate::decode::{Text, request};
use crate::dispatch::Call;
use crate::endpoint::{Endpoint, Group, Handler};
use crate::reply::Reply;

request! {
    /// The query of one's own events.
    ActivityQuery {
        #[doc = "Where the last page ended: its `next`."]
        cursor: Option<Uuid>,
        #[doc = "How many events, at most 100; 50 by default."]
        limit: Option<u64>,
    }
}

request! {
    /// The query of everybody's events.
    EventsQuery {
        #[doc = "Where the last page ended: its `next`."]
        cursor: Option<Uuid>,
        #[doc = "How many events, at most 100; 50 by default."]
        limit: Option<u64>,
        #[doc = "Only events about this account."]
        user_id: Option<Uuid>,
        #[doc = "Only events of this name, such as `login_failure`."]
        name: Option<Text<48>>,
    }
}

/// An event.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct EventView<'a> {
    /// UUID version 7.
    id: Uuid,
    /// When it happened.
    #[serde(with = "auth_core::time::serde::rfc3339")]
    at: OffsetDateTime,
    /// What happened.
    name: &'a str,
    /// Whose account it was about.
    #[schema(required)]
    subject_id: Option<Uuid>,
    /// Who did it, where it is known.
    #[schema(required)]
    actor_id: Option<Uuid>,
    /// The session that it was about.
    #[schema(required)]
    session_id: Option<Uuid>,
    /// The client's address.
    #[schema(required)]
    ip: Option<&'a str>,
    /// The client's `User-Agent`.
    #[schema(required)]
    user_agent: Option<&'a str>,
    /// What else there is to say.
    #[schema(required, value_type = Option<Object>)]
    data: Option<&'a Value>,
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
            data: event.data.as_ref(),
        }
    }
}

/// A page of events.
#[derive(Serialize, utoipa::ToSchema)]
struct EventsAnswer<'a> {
    /// The events, newest first.
    items: Vec<EventView<'a>>,
    /// The `cursor` of the next page, when there is one.
    #[schema(required)]
    next: Option<Uuid>,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(
            "audit.own",
            Group::Auth,
            Method::GET,
            "/me/activity",
            Handler::Active(|c, p| Box::pin(own(c, p))),
        )
        .summary("What happened to the user's own account.")
        .query::<ActivityQuery>()
        .answers::<EventsAnswer>(200, "A page, newest first."),
        Endpoint::new(
            "audit.list",
            Group::Auth,
            Method::GET,
            "/activity",
            Handler::Superuser(|c, p| Box::pin(list(c, p))),
        )
        .summary("What happened to anybody's account.")
        .query::<EventsQuery>()
        .answers::<EventsAnswer>(200, "A page, newest first."),
    ]
}

async fn own(call: Call, principal: Principal) -> Result<Reply, Problem> {
    let ActivityQuery { cursor, limit } = call.query()?;
    let query = AuditQuery { subject_id: Some(principal.user.id), cursor, limit, ..AuditQuery::default() };
    page(&call.auth.audit().list(query).await?)
}

async fn list(call: Call, _: Principal) -> Result<Reply, Problem> {
    let EventsQuery { cursor, limit, user_id, name } = call.query()?;
    let query = AuditQuery { subject_id: user_id, name: name.map(|name| name.0), cursor, limit };
    page(&call.auth.audit().list(query).await?)
}

fn page(page: &AuditPage) -> Result<Reply, Problem> {
    Reply::ok(&EventsAnswer { items: page.items.iter().map(EventView::from).collect(), next: page.next })
}
