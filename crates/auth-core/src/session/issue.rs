//! Tokens as they are given to clients.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;

use crate::backend::{BuiltBackend, Refresh, Transport};
use crate::effect::Effect;
use crate::error::{Error, Result};
use crate::principal::{Principal, Session};
use crate::role;
use crate::token::{NewToken, TokenSubject};
use crate::user::User;

/// A token as the client gets it.
#[derive(Debug)]
#[non_exhaustive]
pub struct IssuedToken {
    /// The token.
    pub access_token: SecretString,
    /// How long it is good for, when that is less than the session.
    pub expires_in: Option<Duration>,
    /// What the next one is exchanged for, where the backend refreshes its tokens.
    pub refresh_token: Option<SecretString>,
}

impl IssuedToken {
    /// A token, and how long it is good for when that is less than the session.
    #[must_use]
    pub fn new(access_token: SecretString, expires_in: Option<Duration>) -> Self {
        Self { access_token, expires_in, refresh_token: None }
    }

    /// A token of a backend that refreshes its tokens, with the one that the next is exchanged for.
    pub(super) fn refreshed(access: NewToken, refresh_token: SecretString, refresh: &Refresh) -> Self {
        let expires_in = Some(refresh.lifetime_of(access.expires_in));
        Self { access_token: access.token, expires_in, refresh_token: Some(refresh_token) }
    }
}

/// A login that succeeded.
#[derive(Debug)]
#[non_exhaustive]
pub struct Login {
    /// Who logged in, and their new session.
    pub principal: Principal,
    /// The session's token.
    pub token: IssuedToken,
    /// The token of the cookie that the browser is known by from now on, unless it has one.
    pub device: Option<SecretString>,
}

/// The longest token, in bytes, what [`crate::jwt`] makes; and what browsers keep of the name and the value of a cookie together
/// (RFC 6265bis, section 5.6).
const MAX_TOKEN: usize = 4096;

/// The longest token of another format that travels in a header: what servers and proxies take of one at the least.
const MAX_BEARER: usize = 8192;

/// Issues a token for a session and checks that it fits unescaped into a cookie or a header.
pub(super) async fn issue(
    effect: &Effect,
    backend: &BuiltBackend,
    user: &User,
    session: &Session,
    now: OffsetDateTime,
) -> Result<NewToken> {
    let kernel = effect.kernel();
    let roles = if backend.strategy.wants_roles() {
        role::store::of(effect.tx(), &kernel.configs().roles, user.id).await?
    } else {
        None
    };
    let refreshed = backend.refresh.as_ref().map(|refresh| now + refresh.access_lifetime);
    let expires_at = refreshed.map_or(session.expires_at, |moment| session.expires_at.min(moment));
    let (roles, random, tx) = (roles.as_ref(), kernel.random(), effect.tx());
    let subject = TokenSubject { user, session, roles, now, expires_at, random, tx };
    let token = backend.strategy.issue(subject).await?;
    let room = match &backend.transport {
        Transport::Cookie { name, .. } => MAX_TOKEN.saturating_sub(name.len()),
        Transport::Bearer => MAX_BEARER,
    };
    let travels = |c: u8| c.is_ascii_alphanumeric() || b"-._~+/=".contains(&c);
    let text = token.token.expose_secret();
    if text.is_empty() || text.len() > room || !text.bytes().all(travels) {
        let why = format!("1 to {room} letters, digits or - . _ ~ + / = (RFC 6750)");
        return Err(Error::internal(format!("the token strategy of backend `{}` must issue {why}", backend.name)));
    }
    Ok(token)
}
