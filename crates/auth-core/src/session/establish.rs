//! The one way in which a session begins.

use std::time::Duration;

use sea_orm::DatabaseTransaction;
use secrecy::SecretString;

use super::{Principal, Session, store};
use crate::config::BuiltBackend;
use crate::hooks::Action;
use crate::token::TokenSubject;
use crate::{Auth, Client, Error, ErrorCode, Result, Transport, User};

/// How a user proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The methods (RFC 8176), such as `pwd`.
    pub amr: Vec<&'static str>,
    /// The assurance level: 1 for one factor, 2 for two.
    pub aal: u8,
}

impl Proof {
    /// A password.
    #[must_use]
    pub fn password() -> Self {
        Self { amr: vec!["pwd"], aal: 1 }
    }
}

/// A token as the client gets it.
#[derive(Debug)]
pub struct IssuedToken {
    /// The token.
    pub access_token: SecretString,
    /// How long it is good for, when that is less than the session.
    pub expires_in: Option<Duration>,
}

/// A login that succeeded.
#[derive(Debug)]
pub struct Login {
    /// Who logged in, and their new session.
    pub principal: Principal,
    /// The session's token.
    pub token: IssuedToken,
}

/// Creates a session within `tx`, if the account is active and its epoch still is what it was when the proof was
/// checked (`user.sev`).
pub(super) async fn establish(
    auth: &Auth,
    tx: &DatabaseTransaction,
    user: &User,
    proof: &Proof,
    backend: &BuiltBackend,
    client: &Client,
) -> Result<Login> {
    let inner = auth.inner();
    let limits = inner.settings.sessions;
    let now = auth.now();
    if !store::mark_login(tx, user.id, user.sev, now).await? {
        return Err(ErrorCode::LoginBadCredentials.into());
    }
    store::trim(tx, user.id, limits.per_user.saturating_sub(1)).await?;
    let mut session = Session {
        id: auth.new_id(now)?,
        user_id: user.id,
        backend: backend.name.clone(),
        auth_time: now,
        amr: proof.amr.join(" "),
        aal: proof.aal,
        created_at: now,
        last_seen_at: now,
        expires_at: now + limits.absolute,
        ip: client.ip.map(|ip| ip.to_string()),
        user_agent: client.user_agent().map(str::to_owned),
    };
    let token = backend.strategy.issue(TokenSubject { user, session: &session, now }).await?;
    // A token that cannot be renewed takes its session with it.
    session.expires_at = token.expires_in.map_or(session.expires_at, |life| session.expires_at.min(now + life));
    store::insert(tx, &session, token.digest, user.sev).await?;
    inner.hooks.before(Action::Login { user, session: &session }, tx).await?;
    let user = User { last_login_at: Some(now), ..user.clone() };
    Ok(Login {
        principal: Principal { user, session },
        token: IssuedToken { access_token: token.token, expires_in: token.expires_in },
    })
}

/// Gives a session that outlives a change of credentials the account's new epoch, and a new token: the old one dies.
/// `None` where the token goes on: its format keeps nothing in the database that could be replaced, or it is a bearer
/// token, for which the answer to such a change has no place, so that the client would lock itself out.
pub(super) async fn renew(
    auth: &Auth,
    tx: &DatabaseTransaction,
    user: &User,
    session: &Session,
) -> Result<Option<IssuedToken>> {
    let backend = auth.sessions().backend(&session.backend)?;
    let issued = match backend.transport {
        Transport::Cookie { .. } => {
            let issued = backend.strategy.issue(TokenSubject { user, session, now: auth.now() }).await?;
            issued.digest.map(|digest| (digest, issued))
        }
        Transport::Bearer => None,
    };
    let digest = issued.as_ref().map(|(digest, _)| *digest);
    if !store::renew(tx, session.id, digest, user.sev).await? {
        return Err(Error::Code(ErrorCode::Unauthorized));
    }
    Ok(issued.map(|(_, issued)| IssuedToken { access_token: issued.token, expires_in: issued.expires_in }))
}
