//! Logging in and out, and the list of sessions.

use auth_core::password::Password;
use auth_core::session::{IssuedToken, Session};
use auth_core::{Auth, ErrorCode, Principal, Transport, time::OffsetDateTime, uuid::Uuid};
use http::Method;
use http::header::HeaderName;
use secrecy::ExposeSecret;
use serde::Serialize;

use crate::decode::{Decode, Fields, GrantType, KnownPassword, Schema, Text, request};
use crate::dispatch::Call;
use crate::endpoint::{Endpoint, Group, Handler};
use crate::reply::Reply;
use crate::{Problem, cookie};

/// Makes a browser drop cached pages of the session that ended.
const CLEAR_SITE_DATA: (HeaderName, &str) = (HeaderName::from_static("clear-site-data"), "\"cache\"");

/// The longest login name that is looked up, in characters.
const NAME: usize = 320;

request! {
    /// The body of a login: the OAuth 2 password form, or JSON.
    #[expect(dead_code, reason = "`grant_type` is checked by decoding it, and says nothing more")]
    LoginRequest {
        #[doc = "The user name or the e-mail address. Exactly one of `username`, `name` and `email` is given."]
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
        #[doc = "Whether every session of the user ends, on every device."]
        everywhere: Option<bool>,
    }
}

/// The answer of a bearer login (RFC 6749, section 5.1).
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct TokenAnswer<'a> {
    /// The token, for `Authorization: Bearer`.
    access_token: &'a str,
    /// Always `bearer`.
    token_type: &'static str,
    /// How many seconds the token is good for, when that is less than the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expires_in: Option<u64>,
}

/// A session in the user's list.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct SessionView<'a> {
    /// The public id.
    id: Uuid,
    /// The backend that issued its token.
    backend: &'a str,
    /// When it began.
    #[serde(with = "auth_core::time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it was last used, to the minute.
    #[serde(with = "auth_core::time::serde::rfc3339")]
    last_seen_at: OffsetDateTime,
    /// The client's address at login.
    #[schema(required)]
    ip: Option<&'a str>,
    /// The client's `User-Agent` at login.
    #[schema(required)]
    user_agent: Option<&'a str>,
    /// Whether it is the session that asks.
    current: bool,
}

impl<'a> SessionView<'a> {
    pub(super) fn new(session: &'a Session, current: Uuid) -> Self {
        Self {
            id: session.id,
            backend: &session.backend,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            ip: session.ip.as_deref(),
            user_agent: session.user_agent.as_deref(),
            current: session.id == current,
        }
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
        Endpoint::new(
            "session.list",
            Group::Auth,
            Method::GET,
            "/sessions",
            Handler::Active(|c, p| Box::pin(list(c, p))),
        )
        .summary("The user's sessions that are alive.")
        .answers::<SessionList>(200, "The sessions, newest first."),
        Endpoint::new(
            "session.end",
            Group::Auth,
            Method::DELETE,
            "/sessions/{id}",
            Handler::Active(|c, p| Box::pin(end(c, p))),
        )
        .summary("Ends one of the user's sessions.")
        .success(204, "It ended.", None),
        Endpoint::new(
            "session.logout_all",
            Group::Auth,
            Method::POST,
            "/logout-all",
            Handler::Active(|c, p| Box::pin(logout_all(c, p))),
        )
        .summary("Ends the sessions of this browser, or of the user everywhere.")
        .json::<LogoutAllRequest>()
        .success(204, "They ended.", None)
        .takes_expired_password(),
    ]);
    endpoints
}

/// The routes that each backend has of its own, below its name. The default backend is served without its name, too.
pub(super) fn of_each_backend(
    auth: &Auth,
    routes: impl Fn(&str, &dyn Fn(&str) -> String, &str, &Transport) -> Vec<Endpoint>,
) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    for (index, backend) in auth.backends().iter().enumerate() {
        let (name, transport) = (&backend.name, &backend.transport);
        if index == 0 {
            endpoints.extend(routes("", &str::to_owned, name, transport));
        }
        endpoints.extend(routes(&format!("/{name}"), &|id| format!("{id}.{name}"), name, transport));
    }
    endpoints
}

/// Declares the answer of a login, which its transport decides.
pub(super) fn with_login_answer(endpoint: Endpoint, transport: &Transport) -> Endpoint {
    match transport {
        Transport::Bearer => endpoint.answers::<TokenAnswer>(200, "The token."),
        Transport::Cookie { .. } => endpoint.success(204, "The cookie carries the token.", None),
    }
}

/// Login and logout of one backend.
fn of_backend(prefix: &str, id: &dyn Fn(&str) -> String, name: &str, transport: &Transport) -> Vec<Endpoint> {
    use ErrorCode as E;
    let login = Endpoint::new(
        id("session.login"),
        Group::Auth,
        Method::POST,
        format!("{prefix}/login"),
        Handler::Public(|c| Box::pin(login(c))),
    )
    .summary("Logs in with a user name or an e-mail address and a password.")
    .json_or_form::<NamedLogin>()
    .errors(&[E::LoginBadCredentials, E::LoginUserNotVerified, E::RefusedByApp])
    .for_backend(name);
    let logout = Endpoint::new(
        id("session.logout"),
        Group::Auth,
        Method::POST,
        format!("{prefix}/logout"),
        Handler::Active(|c, p| Box::pin(logout(c, p))),
    )
    .summary("Ends the session whose token of this backend the request carries.")
    .success(204, "It ended.", None)
    .for_backend(name)
    .takes_expired_password();
    vec![with_login_answer(login, transport), logout]
}

async fn login(call: Call) -> Result<Reply, Problem> {
    let NamedLogin { name, password } = call.body()?;
    let backend = call.backend()?;
    let login = call.auth.sessions().login(&name, password, backend, &call.client).await?;
    call.end_former_session(backend).await?;
    answer(&backend.transport, &login.token)
}

/// The login answer of a transport.
pub(super) fn answer(transport: &Transport, token: &IssuedToken) -> Result<Reply, Problem> {
    let IssuedToken { access_token, expires_in } = token;
    let access_token = access_token.expose_secret();
    match transport {
        Transport::Cookie { .. } => Ok(Reply::no_content().cookie(cookie::set(transport, access_token))),
        Transport::Bearer => {
            let expires_in = expires_in.map(|life| life.as_secs());
            Reply::ok(&TokenAnswer { access_token, token_type: "bearer", expires_in })
        }
    }
}

async fn logout(call: Call, principal: Principal) -> Result<Reply, Problem> {
    call.auth.sessions().logout(&principal, &call.client).await?;
    ended(&call, &principal.session)
}

async fn logout_all(call: Call, principal: Principal) -> Result<Reply, Problem> {
    let request: LogoutAllRequest = call.body()?;
    match request.everywhere {
        Some(true) => call.auth.sessions().logout_everywhere(&principal, &call.client).await?,
        // A browser has one account at a time: its sessions are the one that asks.
        Some(false) | None => call.auth.sessions().logout(&principal, &call.client).await?,
    }
    ended(&call, &principal.session)
}

/// 204 that takes the token away from the client.
pub(super) fn ended(call: &Call, session: &Session) -> Result<Reply, Problem> {
    let cookie = call.removal_cookie(session)?;
    Ok(Reply::no_content().cookie(cookie).header(CLEAR_SITE_DATA.0, CLEAR_SITE_DATA.1))
}

async fn list(call: Call, principal: Principal) -> Result<Reply, Problem> {
    let sessions = call.auth.sessions().list(&principal.user).await?;
    let sessions = sessions.iter().map(|session| SessionView::new(session, principal.session.id)).collect();
    Reply::ok(&SessionList { sessions })
}

async fn end(call: Call, principal: Principal) -> Result<Reply, Problem> {
    let id = call.id()?;
    call.auth.sessions().end(&principal, id, &call.client).await?;
    if id == principal.session.id {
        return ended(&call, &principal.session);
    }
    Ok(Reply::no_content())
}
