//! Logging in and out, and the list of sessions.

use auth_core::password::Password;
use auth_core::{Auth, BuiltBackend, ErrorCode, Principal};
use serde::Serialize;

use crate::answer::backend::of_each_backend;
use crate::answer::session::{ENDED, ENDED_IF_CURRENT, SessionView, ended};
use crate::answer::token::{declare_login, login_answer};

use crate::call::Call;
use crate::decode::{Decode, Fields, GrantType, KnownPassword, Schema, Text, request};
use crate::endpoint::{Endpoint, Group};
use crate::handler::Id;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::requirement::Requirement;

/// The longest login name that is looked up, in characters.
const NAME: usize = 320;

request! {
    /// The body of a login: the OAuth 2 password form, or JSON.
    #[expect(dead_code, reason = "`grant_type` is checked by decoding it, and says nothing more")]
    LoginRequest {
        #[doc = "The user name or the email address. Exactly one of `username`, `name` and `email` is required."]
        username: Option<Text<NAME>>,
        #[doc = "The same as `username`."]
        name: Option<Text<NAME>>,
        #[doc = "The same as `username`."]
        email: Option<Text<NAME>>,
        #[doc = "The password."]
        password: KnownPassword,
        #[doc = "Accepted for OAuth 2 clients; `password` if sent."]
        grant_type: Option<GrantType>,
    }
}

/// A login whose name came in one of its three fields.
struct NamedLogin {
    name: String,
    password: Password,
}

impl Decode for NamedLogin {
    fn decode(fields: &mut Fields) -> Option<Self> {
        fields.exactly_one(&["username", "name", "email"]);
        let LoginRequest { username, name, email, password, .. } = LoginRequest::decode(fields)?;
        let Text(name) = username.or(name).or(email)?;
        Some(Self { name, password: password.0 })
    }

    fn schema() -> Schema {
        LoginRequest::schema()
    }
}

request! {
    /// The body of a logout of more than one session.
    LogoutAllRequest {
        #[doc = "Whether to end all sessions of the user, on every device."]
        everywhere: Option<bool>,
    }
}

/// The user's sessions.
#[derive(Serialize, utoipa::ToSchema)]
struct SessionList<'a> {
    /// Newest first.
    sessions: Vec<SessionView<'a>>,
}

pub(super) fn endpoints(auth: &Auth) -> Vec<Endpoint> {
    let mut endpoints = of_each_backend(auth, of_backend);
    endpoints.extend([
        Endpoint::get("session.list", Group::Auth, "/sessions")
            .user(list)
            .summary("Lists the user's active sessions.")
            .answers::<SessionList>(200, "The sessions, newest first.")
            .costs(2),
        Endpoint::delete("session.end", Group::Auth, "/sessions/{id}")
            .user(end)
            .summary("Ends one of the user's sessions.")
            .costs(3)
            .empty("It ended.")
            .headers(&ENDED_IF_CURRENT),
        Endpoint::post("session.logout_all", Group::Auth, "/logout-all")
            .requires(Requirement::new().open_to_pending_password_change(), logout_all)
            .summary("Ends the sessions of this browser, or all sessions of the user.")
            .empty("They ended.")
            .headers(&ENDED),
    ]);
    endpoints
}

/// Login and logout of one backend.
fn of_backend(backend: &BuiltBackend) -> Vec<Endpoint> {
    use ErrorCode as E;
    let login = Endpoint::post("session.login", Group::Auth, "/login")
        .public(login)
        .summary("Logs in with a user name or an email address and a password.")
        .or_form()
        .errors(&[E::LoginBadCredentials, E::LoginUserNotVerified, E::RefusedByApp]);
    let logout = Endpoint::post("session.logout", Group::Auth, "/logout")
        .requires(Requirement::new().open_to_pending_password_change(), logout)
        .summary("Ends the session that the request is authenticated by, through this backend.")
        .costs(3)
        .empty("It ended.")
        .headers(&ENDED);
    vec![declare_login(login, &backend.transport), logout]
}

async fn login(call: Call, NamedLogin { name, password }: NamedLogin) -> Result<Reply, Problem> {
    let backend = call.backend()?;
    let login = call.auth.login().login(&name, password, backend, &call.client).await?;
    call.end_former_session(backend).await?;
    login_answer(&backend.transport, &login.token)
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

async fn list(call: Call, principal: Principal) -> Result<Reply, Problem> {
    let sessions = call.auth.sessions().list(&principal.user).await?;
    let sessions = sessions.iter().map(|session| SessionView::new(session, principal.session.id)).collect();
    Reply::ok(&SessionList { sessions })
}

async fn end(call: Call, principal: Principal, Id(id): Id) -> Result<Reply, Problem> {
    call.auth.sessions().end(&principal, id, &call.client).await?;
    if id == principal.session.id {
        return ended(&call, &principal.session);
    }
    Ok(Reply::no_content())
}
