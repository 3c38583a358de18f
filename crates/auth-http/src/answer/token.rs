//! The answer of a login, which the transport of its backend decides.

use auth_core::Transport;
use auth_core::session::{IssuedToken, Login, Session};
use secrecy::ExposeSecret;
use serde::Serialize;

use crate::call::Call;
use crate::cookie;
use crate::endpoint::{DeclaredHeader, Endpoint};
use crate::problem::Problem;
use crate::reply::Reply;

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
}

/// The cookie of an answer that gives a token to a browser.
pub(crate) const TOKEN_COOKIE: [DeclaredHeader; 1] =
    [DeclaredHeader { name: "Set-Cookie", about: "The cookie of the backend, with the token.", always: true }];

/// Declares the answer of a login, which its transport decides.
pub(crate) fn declare_login(endpoint: Endpoint, transport: &Transport) -> Endpoint {
    match transport {
        Transport::Bearer => endpoint.answers::<TokenAnswer>(200, "The token."),
        Transport::Cookie { .. } => endpoint.empty("The cookie carries the token.").headers(&TOKEN_COOKIE),
    }
}

/// The answer to a login through a transport, with the cookie of a browser that was unknown so far.
pub(crate) fn login_answer(call: &Call, transport: &Transport, login: &Login) -> Result<Reply, Problem> {
    let device = cookie::device(call.auth.settings(), login.device.as_ref());
    Ok(token_answer(call, transport, &login.principal.session, &login.token)?.cookie(device))
}

/// The answer that gives a client the token of its session.
pub(crate) fn token_answer(
    call: &Call,
    transport: &Transport,
    session: &Session,
    token: &IssuedToken,
) -> Result<Reply, Problem> {
    let IssuedToken { access_token, expires_in, .. } = token;
    let access_token = access_token.expose_secret();
    match transport {
        Transport::Cookie { .. } => {
            Ok(Reply::no_content().cookie(cookie::set(transport, session, access_token, call.auth.now())))
        }
        Transport::Bearer => {
            let expires_in = expires_in.map(|life| life.as_secs());
            Reply::ok(&TokenAnswer { access_token, token_type: "bearer", expires_in })
        }
    }
}
