//! The list of sessions, and their end.

use auth_core::uuid::Uuid;
use auth_core::{Auth, Principal};
use serde::Serialize;

use crate::answer::backend::of_each_backend;
use crate::answer::session::{ENDED, ENDED_IF_CURRENT, SessionView, ended};
use crate::answer::token::{RENEWED_COOKIE, beside};
use crate::call::Call;
use crate::decode::request;
use crate::endpoint::{Endpoint, Group};
use crate::handler::{Id, Query};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::requirement::Requirement;

request! {
    /// The body of a logout of more than one session.
    LogoutAllRequest {
        #[doc = "Whether to end all sessions of the user, on every device."]
        everywhere: Option<bool>,
    }
}

request! {
    /// The query of the list of sessions.
    SessionsQuery {
        #[doc = "The `next` of the previous page."]
        cursor: Option<Uuid>,
        #[doc = "The number of sessions per page, at most 100; 50 by default."]
        limit: Option<u64>,
    }
}

/// A page of the user's sessions.
#[derive(Serialize, utoipa::ToSchema)]
struct SessionList<'a> {
    /// Newest first.
    sessions: Vec<SessionView<'a>>,
    /// The `cursor` of the next page; null on the last one.
    #[schema(required)]
    next: Option<Uuid>,
}

pub(super) fn endpoints(auth: &Auth) -> Vec<Endpoint> {
    let mut endpoints = of_each_backend(auth, |_| vec![logout_row()]);
    endpoints.extend([
        Endpoint::get("session.list", Group::Auth, "/sessions")
            .requires(Requirement::new().scopes(["sessions:read"]), list)
            .summary("Lists the user's active sessions.")
            .answers::<SessionList>(200, "A page, newest first.")
            .costs(2),
        Endpoint::delete("session.end", Group::Auth, "/sessions/{id}")
            .user(end)
            .summary("Ends one of the user's sessions.")
            .empty("It ended.")
            .headers(&ENDED_IF_CURRENT)
            .costs(4),
        Endpoint::post("session.logout_all", Group::Auth, "/logout-all")
            .requires(Requirement::new().open_to_pending_password_change(), logout_all)
            .summary("Ends the sessions of this browser, or all sessions of the user.")
            .empty("They ended.")
            .headers(&ENDED),
        Endpoint::post("session.logout_others", Group::Auth, "/logout-others")
            .requires(Requirement::new().open_to_pending_password_change(), logout_others)
            .summary("Ends all sessions of the user but the one of the request, which goes on.")
            .empty("They ended.")
            .headers(&[RENEWED_COOKIE]),
    ]);
    endpoints
}

fn logout_row() -> Endpoint {
    // Ending a credential needs no permission.
    let anyone = Requirement::new().open_to_pending_password_change().open_to_limited_sessions();
    Endpoint::post("session.logout", Group::Auth, "/logout")
        .requires(anyone, logout)
        .summary("Ends the session that the request is authenticated by, through this backend.")
        .empty("It ended.")
        .costs(4)
        .headers(&ENDED)
}

async fn logout(call: Call, principal: Principal) -> Result<Reply, Problem> {
    call.auth.sessions().logout(&principal, &call.client).await?;
    ended(&call, &principal.session)
}

async fn logout_all(call: Call, principal: Principal, request: LogoutAllRequest) -> Result<Reply, Problem> {
    match request.everywhere {
        Some(true) => call.auth.sessions().logout_everywhere(&principal, &call.client).await?,
        // A browser has one account at a time: its sessions are the one that asks.
        Some(false) | None => call.auth.sessions().logout(&principal, &call.client).await?,
    }
    ended(&call, &principal.session)
}

async fn logout_others(call: Call, principal: Principal) -> Result<Reply, Problem> {
    let token = call.auth.sessions().logout_others(&principal, &call.client).await?;
    beside(&call, Reply::no_content(), &principal.session, token.as_ref())
}

async fn list(call: Call, principal: Principal, Query(query): Query<SessionsQuery>) -> Result<Reply, Problem> {
    let SessionsQuery { cursor, limit } = query;
    let page = call.auth.sessions().list(&principal.user, cursor, limit).await?;
    let sessions = page.sessions.iter().map(|session| SessionView::new(session, principal.session.id)).collect();
    Reply::ok(&SessionList { sessions, next: page.next })
}

async fn end(call: Call, principal: Principal, Id(id): Id) -> Result<Reply, Problem> {
    call.auth.sessions().end(&principal, id, &call.client).await?;
    if id == principal.session.id {
        return ended(&call, &principal.session);
    }
    Ok(Reply::no_content())
}
