//! What happened, for users and for superusers.

use auth_core::audit::{AuditPage, AuditQuery};
use auth_core::uuid::Uuid;
use auth_core::{Auth, Principal};
use serde::Serialize;

use crate::answer::event::EventView;
use crate::call::Call;
use crate::decode::{Text, request};
use crate::endpoint::{Endpoint, Group};
use crate::handler::Query;
use crate::problem::Problem;
use crate::reply::Reply;

request! {
    /// The query of the user's own events.
    ActivityQuery {
        #[doc = "The `next` of the previous page."]
        cursor: Option<Uuid>,
        #[doc = "The number of events per page, at most 100; 50 by default."]
        limit: Option<u64>,
    }
}

request! {
    /// The query of all events.
    EventsQuery {
        #[doc = "The `next` of the previous page."]
        cursor: Option<Uuid>,
        #[doc = "The number of events per page, at most 100; 50 by default."]
        limit: Option<u64>,
        #[doc = "Only events about this account."]
        user_id: Option<Uuid>,
        #[doc = "Only events of this name, such as `login_failure`."]
        name: Option<Text<48>>,
    }
}

/// A page of events.
#[derive(Serialize, utoipa::ToSchema)]
struct EventsAnswer<'a> {
    /// The events, newest first.
    items: Vec<EventView<'a>>,
    /// The `cursor` of the next page; null on the last one.
    #[schema(required)]
    next: Option<Uuid>,
}

pub(super) fn endpoints(_: &Auth) -> Vec<Endpoint> {
    vec![
        Endpoint::get("audit.own", Group::Auth, "/me/activity")
            .user(own)
            .summary("Lists what happened to the user's own account. Clients of others who acted on it are left out.")
            .answers::<EventsAnswer>(200, "A page, newest first.")
            .costs(2),
        Endpoint::get("audit.list", Group::Auth, "/activity")
            .superuser(list)
            .summary("Lists what happened to all accounts.")
            .answers::<EventsAnswer>(200, "A page, newest first.")
            .costs(2),
    ]
}

async fn own(call: Call, principal: Principal, Query(query): Query<ActivityQuery>) -> Result<Reply, Problem> {
    let ActivityQuery { cursor, limit } = query;
    page(&call.auth.audit().list_own(&principal.user, cursor, limit).await?)
}

async fn list(call: Call, _: Principal, Query(query): Query<EventsQuery>) -> Result<Reply, Problem> {
    let EventsQuery { cursor, limit, user_id, name } = query;
    let query = AuditQuery { subject_id: user_id, name: name.map(|name| name.0), cursor, limit };
    page(&call.auth.audit().list(query).await?)
}

fn page(page: &AuditPage) -> Result<Reply, Problem> {
    Reply::ok(&EventsAnswer { items: page.items.iter().map(EventView::from).collect(), next: page.next })
}
