//! Tokens in answers, where the backend decides how they travel.

use auth_core::session::{IssuedToken, Login, Session};
use auth_core::{BuiltBackend, Transport};
use http::header::{HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use serde::Serialize;

use crate::call::Call;
use crate::cookie;
use crate::endpoint::{DeclaredHeader, Endpoint};
use crate::problem::Problem;
use crate::reply::Reply;

/// Where a bearer client finds its new token in an answer that has another body.
const AUTH_TOKEN: HeaderName = HeaderName::from_static("auth-token");

/// Where it finds its new refresh token then.
const REFRESH_TOKEN: HeaderName = HeaderName::from_static("refresh-token");

/// The response to a bearer login (RFC 6749, section 5.1).
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct TokenAnswer<'a> {
    /// The token, for `Authorization: Bearer`.
    access_token: &'a str,
    /// Always `bearer`.
    token_type: &'static str,
    /// The lifetime of the token in seconds, if it is shorter than the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expires_in: Option<u64>,
    /// What the next access token is exchanged for, where the backend refreshes its tokens and has them in bodies.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refresh_token: Option<&'a str>,
}

/// The cookie of an answer that gives a token to a browser.
pub(crate) const TOKEN_COOKIE: [DeclaredHeader; 1] =
    [DeclaredHeader { name: "Set-Cookie", about: "The cookie of the backend, with the token.", always: true }];

/// Declares the answer of a login, which the backend decides.
pub(crate) fn declare_login(endpoint: Endpoint, backend: &BuiltBackend) -> Endpoint {
    match (&backend.transport, backend.refresh_transport()) {
        (Transport::Cookie { .. }, None) => endpoint.empty("The cookie carries the token.").headers(&TOKEN_COOKIE),
        (Transport::Cookie { .. }, Some(_)) => endpoint.empty("The cookies carry the tokens.").headers(&TOKEN_COOKIE),
        (Transport::Bearer, Some(Transport::Cookie { .. })) => endpoint
            .answers::<TokenAnswer>(200, "The token; the cookie carries the refresh token.")
            .headers(&TOKEN_COOKIE),
        (Transport::Bearer, _) => endpoint.answers::<TokenAnswer>(200, "The token."),
    }
}

/// The answer to a login through a backend, with the cookie of a browser that was unknown so far.
pub(crate) fn login_answer(call: &Call, backend: &BuiltBackend, login: &Login) -> Result<Reply, Problem> {
    let device = cookie::device(call.auth.settings(), login.device.as_ref());
    Ok(token_answer(call, backend, &login.principal.session, &login.token)?.cookie(device))
}

/// The answer that gives a client the tokens of its session.
pub(crate) fn token_answer(
    call: &Call,
    backend: &BuiltBackend,
    session: &Session,
    token: &IssuedToken,
) -> Result<Reply, Problem> {
    let now = call.auth.now();
    let access_token = token.access_token.expose_secret();
    let reply = match &backend.transport {
        transport @ Transport::Cookie { .. } => {
            Reply::no_content().cookie(cookie::set(transport, session, access_token, now))
        }
        Transport::Bearer => {
            let expires_in = token.expires_in.map(|life| life.as_secs());
            let refresh_token = refresh_in_body(backend, token);
            Reply::ok(&TokenAnswer { access_token, token_type: "bearer", expires_in, refresh_token })?
        }
    };
    Ok(reply.cookie(refresh_cookie(call, backend, session, token)))
}

/// The cookie of an answer that may have a new token [`beside`] its body.
pub(crate) const RENEWED_COOKIE: DeclaredHeader = DeclaredHeader {
    name: "Set-Cookie",
    about: "The cookie of the backend, with the new token, where the session that asked goes on with one.",
    always: false,
};

/// The answer with a session's new tokens beside its body: as cookies, or in headers.
pub(crate) fn beside(
    call: &Call,
    reply: Reply,
    session: &Session,
    token: Option<&IssuedToken>,
) -> Result<Reply, Problem> {
    let Some(token) = token else { return Ok(reply) };
    let (backend, access) = (call.backend_of(session)?, token.access_token.expose_secret());
    let reply = match &backend.transport {
        transport @ Transport::Cookie { .. } => reply.cookie(cookie::set(transport, session, access, call.auth.now())),
        Transport::Bearer => reply.token(AUTH_TOKEN, access)?,
    };
    match refresh_in_body(backend, token) {
        Some(refresh) => reply.token(REFRESH_TOKEN, refresh),
        None => Ok(reply.cookie(refresh_cookie(call, backend, session, token))),
    }
}

/// The refresh token, if it travels in bodies.
fn refresh_in_body<'t>(backend: &BuiltBackend, token: &'t IssuedToken) -> Option<&'t str> {
    let refresh = token.refresh_token.as_ref().map(ExposeSecret::expose_secret);
    refresh.filter(|_| backend.refresh_transport() == Some(&Transport::Bearer))
}

/// The cookie of the refresh token, if it travels in one.
fn refresh_cookie(call: &Call, backend: &BuiltBackend, session: &Session, token: &IssuedToken) -> Option<HeaderValue> {
    let transport = backend.refresh_transport()?;
    cookie::set(transport, session, token.refresh_token.as_ref()?.expose_secret(), call.auth.now())
}
