//! The service of refresh tokens.

use std::sync::Arc;

use auth_entity::refresh_token::Model;
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::store::{self, Exchange};
use super::token::Presented;
use crate::backend::{BuiltBackend, Refresh, Transport};
use crate::client::Client;
use crate::effect::Effect;
use crate::error::{ErrorCode, Result};
use crate::event::EventKind;
use crate::kernel::Kernel;
use crate::principal::{Principal, Session};
use crate::secret::digest;
use crate::session::forget::forget;
use crate::session::issue::{IssuedToken, Login, issue};
use crate::session::revoke::{Revocation, revoke};
use crate::session::store as sessions;
use crate::token::{Ended, NewToken, TokenRef};
use crate::user::User;

/// How a refresh token came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried<'a> {
    /// In the body of a request.
    InBody,
    /// In the cookie of this name.
    InCookie(&'a str),
    /// By a route that is for the tokens of this backend alone, and knows itself how they may come.
    ByRouteOf(&'a str),
}

impl Carried<'_> {
    /// Whether a backend's tokens come like this.
    fn suits(self, backend: &BuiltBackend, refresh: &Refresh) -> bool {
        match (self, &refresh.transport) {
            (Self::InBody, Some(Transport::Bearer)) => true,
            (Self::InCookie(carrier), Some(Transport::Cookie { name, .. })) => carrier == name,
            (Self::ByRouteOf(name), None) => name == backend.name,
            _ => false,
        }
    }
}

/// The service of refresh tokens.
#[derive(Clone, Copy, Debug)]
pub struct RefreshTokens<'a> {
    kernel: &'a Kernel,
}

/// What became of a token.
enum Outcome {
    Exchanged(Box<Login>),
    Refused,
}

impl<'a> RefreshTokens<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Self {
        Self { kernel }
    }

    /// Exchanges a refresh token for the next one and an access token. The session stays what it is: nothing about it gets
    /// wider or more recent.
    ///
    /// The same client may repeat an exchange for the [grace](crate::RefreshOptions::grace) of the backend, as long as the next
    /// token was not used, and gets the same one. Anybody else who presents a token that was exchanged already ends the session.
    ///
    /// # Errors
    /// `REFRESH_TOKEN_INVALID`; fails when the database does.
    #[tracing::instrument(name = "session.refresh", target = "auth::service", level = "debug", skip_all)]
    pub async fn exchange(&self, token: &str, carried: Carried<'_>, client: &Client) -> Result<Login> {
        let Some(presented) = self.find(token).await? else { return Err(ErrorCode::RefreshTokenInvalid.into()) };
        let presented = &presented;
        let exchange = |effect: Arc<Effect>| async move { exchange(&effect, presented, carried).await };
        match self.kernel.effect(client, exchange).await? {
            Outcome::Exchanged(login) => Ok(*login),
            Outcome::Refused => Err(ErrorCode::RefreshTokenInvalid.into()),
        }
    }

    /// Ends the session of a refresh token, even of one that was exchanged already (RFC 7009). Does nothing for an unknown token.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "session.revoke", target = "auth::service", level = "debug", skip_all)]
    pub async fn revoke(&self, token: &str, carried: Carried<'_>, client: &Client) -> Result<()> {
        self.end(token, carried, client, |user, session| {
            let (user_id, session_id) = (user.id, session.id);
            (Revocation::Session { id: session_id, user_id }, EventKind::LoggedOut { user_id, session_id })
        })
        .await
    }

    /// Ends every session of the user whose refresh token this is. Does nothing for an unknown token.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "session.revoke_all", target = "auth::service", level = "debug", skip_all)]
    pub async fn revoke_all(&self, token: &str, carried: Carried<'_>, client: &Client) -> Result<()> {
        self.end(token, carried, client, |user, _| {
            let (user_id, seen) = (user.id, user.security_epoch);
            (Revocation::All { user_id, seen }, EventKind::SessionsRevoked { user_id })
        })
        .await
    }

    async fn end(
        &self,
        token: &str,
        carried: Carried<'_>,
        client: &Client,
        what: impl Fn(&User, &Session) -> (Revocation, EventKind) + Copy + Send + Sync,
    ) -> Result<()> {
        let Some(presented) = self.find(token).await? else { return Ok(()) };
        let presented = &presented;
        self.kernel
            .effect(client, |effect| async move {
                let Some((principal, _)) = session_of(&effect, presented, carried).await? else { return Ok(()) };
                effect.act_as(principal.user.id);
                let (scope, event) = what(&principal.user, &principal.session);
                if revoke(&effect, scope).await? {
                    effect.emit(event);
                }
                Ok(())
            })
            .await
    }

    /// Reads a token that was made for a session that there is. Inventions take no lock.
    async fn find(&self, token: &str) -> Result<Option<Presented>> {
        let Some(presented) = Presented::read(token) else { return Ok(None) };
        let row = store::find(self.kernel.db(), presented.session_id).await?;
        Ok(row.filter(|row| presented.is_of(&row.family_hash.0)).map(|_| presented))
    }
}

/// The session that a token is of, locked, with the backend that refreshes it: as long as its user may use it.
async fn session_of<'e>(
    effect: &'e Effect,
    presented: &Presented,
    carried: Carried<'_>,
) -> Result<Option<(Principal, (&'e BuiltBackend, &'e Refresh))>> {
    let (tx, kernel) = (effect.tx(), effect.kernel());
    if !sessions::lock(tx, presented.session_id).await? {
        return Ok(None);
    }
    let any_epoch = TokenRef::Session { id: presented.session_id, security_epoch: i64::MAX };
    let Some(principal) = kernel.parts().lookup.find_in(tx, any_epoch).await? else { return Ok(None) };
    let backend = kernel.all_backends().find(|backend| backend.name == principal.session.backend);
    let refreshing = backend.and_then(|backend| Some((backend, backend.refresh.as_ref()?)));
    let refreshing = refreshing.filter(|(backend, refresh)| {
        carried.suits(backend, refresh) && !principal.session.is_over(kernel.now(), refresh.idle)
    });
    let may = kernel.configs().login.admits(&principal.user);
    Ok(refreshing.filter(|_| may).map(|refreshing| (*principal, refreshing)))
}

async fn exchange(effect: &Effect, presented: &Presented, carried: Carried<'_>) -> Result<Outcome> {
    let (tx, kernel) = (effect.tx(), effect.kernel());
    let Some((principal, (backend, refresh))) = session_of(effect, presented, carried).await? else {
        return Ok(Outcome::Refused);
    };
    let Principal { user, session, .. } = &principal;
    let now = kernel.now();
    let access = issue(effect, backend, user, session, now).await?;
    let answer = Answer { refresh_token: presented.family().next(kernel.random())?, access_token: access.stored() };
    let sealed = answer.seal(kernel, presented, now)?;
    let client = digest_of(effect.client());
    let rotation = Exchange { parent: presented.token_hash, client, answer: sealed };
    let child = digest(answer.refresh_token.expose_secret());
    if store::rotate(tx, session.id, rotation, child, now).await? {
        sessions::renew(tx, session.id, Some(access.digest), user.security_epoch, now).await?;
        effect.changes(user.id);
        forget(effect, [Ended::Replaced { session_id: session.id, user_id: user.id, before: now }])?;
        return Ok(exchanged(principal, access, answer.refresh_token, refresh));
    }
    // Another request was first. Only now does the row decide whether this one repeats it or has a copy.
    let Some(row) = store::find(tx, session.id).await? else { return Ok(Outcome::Refused) };
    if !presented.is_of(&row.family_hash.0) {
        return Ok(Outcome::Refused);
    }
    if may_be_repeated(&row, presented, refresh, now) {
        let same_client = row.client_hash.as_ref().is_some_and(|hash| hash.0 == client);
        let answer = row.answer.filter(|_| same_client).and_then(|sealed| Answer::open(kernel, presented, &sealed));
        // Without the key, or for somebody else, it is a token that is good no more, and no proof of theft.
        let Some(answer) = answer else { return Ok(Outcome::Refused) };
        let access = NewToken { token: answer.access_token.unwrap_or(access.token), ..access };
        return Ok(exchanged(principal, access, answer.refresh_token, refresh));
    }
    let (user_id, session_id) = (user.id, session.id);
    if revoke(effect, Revocation::Session { id: session_id, user_id }).await? {
        effect.emit(EventKind::TokenReuse { user_id, session_id, backend: backend.name.clone() });
    }
    Ok(Outcome::Refused)
}

/// Whether a token is the one that the last exchange took, not long ago.
fn may_be_repeated(row: &Model, presented: &Presented, refresh: &Refresh, now: OffsetDateTime) -> bool {
    let is_parent = row.parent_hash.as_ref().is_some_and(|parent| parent.0 == presented.token_hash);
    is_parent && now < row.rotated_at.0 + refresh.grace
}

fn exchanged(principal: Principal, access: NewToken, refresh_token: SecretString, refresh: &Refresh) -> Outcome {
    let token = IssuedToken::refreshed(access, refresh_token, refresh);
    Outcome::Exchanged(Box::new(Login { principal, token, device: None }))
}

/// What is known of a client that stays the same while it moves between networks.
fn digest_of(client: &Client) -> [u8; 32] {
    digest(client.user_agent().unwrap_or_default())
}

/// What a client is answered, as far as it cannot be made once more.
struct Answer {
    refresh_token: SecretString,
    access_token: Option<SecretString>,
}

impl Answer {
    /// Seals it for the row and the token that was exchanged: another one does not open it.
    fn seal(&self, kernel: &Kernel, parent: &Presented, now: OffsetDateTime) -> Result<Vec<u8>> {
        let access = self.access_token.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
        let text = Zeroizing::new(format!("{}\n{access}", self.refresh_token.expose_secret()));
        kernel.parts().sealer.seal(kernel.random(), now, &place(parent), text.as_bytes())
    }

    fn open(kernel: &Kernel, parent: &Presented, sealed: &[u8]) -> Option<Self> {
        let text = Zeroizing::new(String::from_utf8(kernel.parts().sealer.open(&place(parent), sealed)?).ok()?);
        let (refresh, access) = text.split_once('\n')?;
        let access_token = (!access.is_empty()).then(|| access.to_owned().into());
        Some(Self { refresh_token: refresh.to_owned().into(), access_token })
    }
}

fn place(parent: &Presented) -> String {
    let token = Uuid::from_slice(&parent.token_hash[..16]).unwrap_or_default();
    format!("authn_refresh_token.answer:{}:{token}", parent.session_id)
}
