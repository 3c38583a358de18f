//! The one way in which a session begins.

use super::forget::forget;
use super::issue::{IssuedToken, Login, issue};
use super::{refresh, store};
use crate::backend::{BuiltBackend, Transport};
use crate::device::{KnownDevice, Seen, remember, tell_owner};
use crate::effect::Effect;
use crate::error::{ErrorCode, Result};
use crate::event::EventKind;
use crate::hooks::Action;
use crate::principal::{Principal, Session};
use crate::scope;
use crate::token::Ended;
use crate::user::User;

/// How a user authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proof {
    /// The methods (RFC 8176), such as `pwd`.
    pub amr: Vec<&'static str>,
    /// The assurance level: 1 for one factor, 2 for two.
    pub aal: u8,
    /// What the session is limited to; `None` for one that may do whatever its user may.
    pub scopes: Option<Vec<String>>,
    /// Whether the browser keeps the session when it is closed, and the session has no idle limit.
    pub remembered: bool,
    /// What the proof found out about the device.
    pub(crate) device: Seen,
}

impl Proof {
    /// These methods (RFC 8176), such as `hwk`, at this assurance level.
    #[must_use]
    pub fn new(amr: Vec<&'static str>, aal: u8) -> Self {
        Self { amr, aal, scopes: None, remembered: false, device: Seen::Unasked }
    }

    /// The device that was looked for among those that the account knows.
    pub(crate) fn with_device(self, device: Option<KnownDevice>) -> Self {
        Self { device: device.into(), ..self }
    }

    /// Has the browser keep the session when it is closed, until its absolute limit. Means nothing for bearer tokens, which no
    /// browser keeps.
    #[must_use]
    pub fn remembered(self, remembered: bool) -> Self {
        Self { remembered, ..self }
    }

    /// A link or a code that was mailed. The account is the one that
    /// [`claim_by_mail`](crate::magic_link::claim_by_mail) returns.
    #[must_use]
    pub fn mailbox() -> Self {
        Self::new(vec!["email"], 1)
    }

    /// A password.
    #[must_use]
    pub fn password() -> Self {
        Self::new(vec!["pwd"], 1)
    }

    /// Limits the session to these scopes (RFC 6749, section 3.3): words of printable ASCII without quotes and
    /// backslashes.
    #[must_use]
    pub fn scopes<S: Into<String>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        Self { scopes: Some(scopes.into_iter().map(Into::into).collect()), ..self }
    }
}

/// Creates a session as a part of `effect`, if the account is active and its epoch is still what it was when the proof was
/// checked (`user.security_epoch`).
///
/// # Errors
/// `LOGIN_BAD_CREDENTIALS` when the account is not what it was, a hook's veto, an internal error for a malformed scope;
/// fails when the database does.
pub async fn establish(effect: &Effect, user: &User, proof: &Proof, backend: &BuiltBackend) -> Result<Login> {
    let (tx, kernel, client) = (effect.tx(), effect.kernel(), effect.client());
    let limits = kernel.configs().sessions;
    let now = kernel.now();
    let scope = proof.scopes.as_deref().map(scope::join).transpose()?;
    if !store::mark_login(tx, user.id, user.security_epoch, now).await? {
        return Err(ErrorCode::LoginBadCredentials.into());
    }
    effect.act_as(user.id);
    let oldest = store::trim(tx, user.id, limits.per_user.saturating_sub(1)).await?;
    if !oldest.is_empty() {
        effect.changes(user.id);
        forget(effect, oldest.into_iter().map(|id| Ended::Session { id, user_id: user.id }))?;
    }
    let device = remember(effect, user.id, backend, &proof.device).await?;
    let mut session = Session {
        id: kernel.new_id(now)?,
        user_id: user.id,
        backend: backend.name.clone(),
        auth_time: now,
        amr: proof.amr.join(" "),
        aal: proof.aal,
        created_at: now,
        last_seen_at: now,
        expires_at: now + limits.absolute,
        remembered: proof.remembered && backend.has_cookie(),
        token_at: now,
        ip: client.ip.map(|ip| ip.to_string()),
        user_agent: client.user_agent().map(str::to_owned),
        scope,
    };
    let token = issue(effect, backend, user, &session, now).await?;
    // A token that cannot be refreshed takes its session with it.
    let life = token.expires_in.filter(|_| backend.refresh.is_none());
    let expires_at = life.and_then(|life| now.checked_add(life.try_into().ok()?));
    session.expires_at = expires_at.map_or(session.expires_at, |moment| session.expires_at.min(moment));
    store::insert(tx, &session, device.id, token.digest, user.security_epoch).await?;
    let token = match &backend.refresh {
        None => IssuedToken::new(token.token, token.expires_in),
        Some(refresh) => IssuedToken::refreshed(token, refresh::begin(effect, session.id, now).await?, refresh),
    };
    if device.is_new {
        tell_owner(effect, user)?;
    }
    effect.run_hook(Action::Login { user, session: &session }).await?;
    effect.emit(EventKind::LoginSucceeded {
        user_id: user.id,
        session_id: session.id,
        backend: session.backend.clone(),
        amr: session.amr.clone(),
        device_id: device.id,
    });
    let user = User { last_login_at: Some(now), ..user.clone() };
    let principal = Principal { user, session, source: kernel.parts().source, is_remembered: false };
    Ok(Login { principal, token, device: device.cookie })
}

/// What becomes of the bearer token of a session that outlives a change of credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BearerToken {
    /// It goes on, because nobody has reason to believe that somebody else knows it.
    Kept,
    /// A new one takes its place.
    Replaced,
}

/// Gives a session that outlives a change of credentials the account's new epoch, and a new token: the old one dies.
/// `None` where the token goes on.
pub(crate) async fn renew(
    effect: &Effect,
    user: &User,
    session: &Session,
    bearer: BearerToken,
) -> Result<Option<IssuedToken>> {
    let kernel = effect.kernel();
    let (backend, now) = (kernel.backend(&session.backend)?, kernel.now());
    let issued = match backend.transport {
        Transport::Bearer if bearer == BearerToken::Kept => None,
        Transport::Bearer | Transport::Cookie { .. } => Some(issue(effect, backend, user, session, now).await?),
    };
    let digest = issued.as_ref().map(|issued| issued.digest);
    if !store::renew(effect.tx(), session.id, digest, user.security_epoch, now).await? {
        return Err(ErrorCode::Unauthorized.into());
    }
    let Some(issued) = issued else { return Ok(None) };
    forget(effect, [Ended::Replaced { session_id: session.id, user_id: user.id, before: now }])?;
    let Some(refresh) = &backend.refresh else {
        return Ok(Some(IssuedToken::new(issued.token, issued.expires_in)));
    };
    let refresh_token = refresh::begin_again(effect, session.id, now).await?;
    Ok(Some(IssuedToken::refreshed(issued, refresh_token, refresh)))
}
