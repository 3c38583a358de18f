//! The check of every request, the list of sessions, logout.

use std::sync::Arc;
use std::time::Duration;

use sync_wrapper::SyncFuture;
use uuid::Uuid;

use super::ended::ended;
use super::establish::{Proof, establish};
use super::idle::is_unused;
use super::issue::Login;
use super::revoke::{Revocation, revoke};
use super::store::{self, Listed};
use crate::backend::BuiltBackend;
use crate::change::Concerned;
use crate::client::Client;
use crate::clock::before;
use crate::effect::Effect;
use crate::error::{Error, ErrorCode, Result};
use crate::event::{EventKind, LoginFailure};
use crate::jwt::AccessClaims;
use crate::kernel::Kernel;
use crate::page;
use crate::principal::{ListedSession, Principal, Session};
use crate::telemetry;
use crate::token::TokenRef;
use crate::user::User;

/// How often the use of a session is written down.
const TOUCH_EVERY: Duration = Duration::from_secs(60);

/// The service of sessions.
#[derive(Clone, Copy, Debug)]
pub struct Sessions<'a> {
    pub(super) kernel: &'a Kernel,
}

/// A page of a user's sessions, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionPage {
    /// The sessions.
    pub sessions: Vec<ListedSession>,
    /// Where the next page begins, when there is one.
    pub next: Option<Uuid>,
}

/// A token that a request carries, and the backend whose transport it came by.
#[derive(Clone, Copy)]
pub struct Credential<'a> {
    /// The backend.
    pub backend: &'a BuiltBackend,
    /// The token.
    pub token: &'a str,
}

/// How new what is known of a session has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// As the database has it now.
    Now,
    /// It may be remembered, if the app [wants that](super::SessionConfig::cached): what others changed is known after
    /// [`staleness`](super::SessionConfig::staleness).
    Remembered,
}

impl<'a> Sessions<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Self {
        Self { kernel }
    }

    /// The backend of this name.
    ///
    /// # Errors
    /// Fails with an internal error that names the backends.
    pub fn backend(&self, name: &str) -> Result<&'a BuiltBackend> {
        self.kernel.backend(name)
    }

    /// Finds out who a request is from: the first of the credentials that is good decides. Costs one query, or none where the
    /// session is remembered.
    ///
    /// # Errors
    /// Fails when the database does: unsure is not the same as unknown.
    // No span of its own: the request has one, and this is the path that every request pays for.
    pub async fn authenticate(
        &self,
        credentials: &[Credential<'_>],
        freshness: Freshness,
    ) -> Result<Option<Box<Principal>>> {
        let now = self.kernel.now();
        for credential in credentials {
            let Some(token) = credential.backend.strategy.read(credential.token, now).await? else { continue };
            let Some(found) = self.find(token, freshness).await? else { continue };
            if let Some(principal) = self.accept(found, credential.backend, token).await {
                return Ok(Some(principal));
            }
        }
        Ok(None)
    }

    /// The session that a token points to.
    async fn find(&self, token: TokenRef, freshness: Freshness) -> Result<Option<Box<Principal>>> {
        let (kernel, parts) = (self.kernel, self.kernel.parts());
        let Some(cache) = parts.sessions.as_ref().filter(|_| freshness == Freshness::Remembered) else {
            return parts.lookup.find(token).await;
        };
        let (changes, uptime) = (&parts.changes, kernel.uptime());
        if changes.are_known(kernel.db(), uptime, kernel.configs().sessions.staleness).await
            && let Some(principal) = cache.find(token, changes, uptime)
        {
            telemetry::session_looked_up(true);
            return Ok(Some(principal));
        }
        telemetry::session_looked_up(false);
        let asked = changes.moment();
        let found = parts.lookup.find(token).await?;
        if let Some(principal) = &found {
            cache.keep(token, principal, asked, uptime);
        }
        Ok(found)
    }

    /// Whether a session that was found is still good, and for this backend. The rare statements are boxed: inlining them
    /// would enlarge every request's future.
    async fn accept(
        &self,
        principal: Box<Principal>,
        backend: &BuiltBackend,
        token: TokenRef,
    ) -> Option<Box<Principal>> {
        let db = self.kernel.db();
        let session = &principal.session;
        if session.backend != backend.name {
            return None;
        }
        let now = self.kernel.now();
        if session.is_over(now, backend.idle(self.kernel.configs().sessions.idle)) {
            // What was refused once stays refused, even should the clock be set back.
            if let Err(cause) = Box::pin(self.bury(session)).await {
                tracing::warn!(%cause, "an expired session could not be deleted");
            }
            return None;
        }
        if backend.refresh.as_ref().is_some_and(|refresh| refresh.is_stale(session, token, now)) {
            return None;
        }
        if session.last_seen_at + TOUCH_EVERY <= now {
            let not_since = now - TOUCH_EVERY + Duration::from_millis(1);
            if let Err(cause) = Box::pin(store::touch(db, session.id, now, not_since)).await {
                tracing::warn!(%cause, "the use of a session could not be written down");
            }
            // Or each request would write it down again.
            if let Some(cache) = &self.kernel.parts().sessions {
                cache.forget(token);
            }
        }
        Some(principal)
    }

    /// Ends a session that has expired. Servers that remember it hear of that, because their clocks may be slower.
    async fn bury(&self, session: &Session) -> Result<()> {
        let Session { id, user_id, .. } = *session;
        let end = |effect: Arc<Effect>| async move {
            if revoke(&effect, Revocation::Session { id, user_id }).await? {
                effect.changes(user_id);
            }
            Ok(())
        };
        let buried = self.kernel.effect(&Client::default(), end).await;
        // Also when somebody else did it.
        self.kernel.parts().changes.learn(&[Concerned(Some(user_id))]);
        buried
    }

    /// Checks a token without the database, for routes that are bound by nothing else. Such a token is good until it
    /// expires, whatever became of its session and its user since: revocation is bounded by the token's life.
    ///
    /// # Errors
    /// Fails when the keys of a backend cannot be known at present.
    pub async fn access_claims(&self, credentials: &[Credential<'_>]) -> Result<Option<AccessClaims>> {
        let now = self.kernel.now();
        for Credential { backend, token } in credentials {
            if let Some(claims) = backend.strategy.access_claims(token, now).await? {
                return Ok(Some(claims));
            }
        }
        Ok(None)
    }

    /// Waits until a session has ended: it was revoked, it expired, or its user was deactivated or deleted, on whatever server that
    /// happened. A new token does not end it. For connections that stay open, which would otherwise outlive it.
    ///
    /// A session that ended on another server is noticed within [`staleness`](super::SessionConfig::staleness). While the database
    /// is away nobody can tell: after a minute without an answer, this resolves as well.
    pub fn ended(&self, session: &Session) -> impl Future<Output = ()> + Send + Sync + use<> {
        SyncFuture::new(ended(self.kernel.clone(), session.id, session.user_id))
    }

    /// Begins a session for a user whose identity the app has verified by itself. The session is refused when the
    /// account is inactive or changed since `user` was read.
    ///
    /// # Errors
    /// `LOGIN_BAD_CREDENTIALS` when the account is not what it was, a hook's veto, an internal error for a malformed
    /// scope; fails when the database does.
    #[tracing::instrument(
        name = "session.establish", target = "auth::service", level = "debug",
        skip_all, fields(user_id = %user.id)
    )]
    pub async fn establish(&self, user: &User, proof: Proof, backend: &BuiltBackend, client: &Client) -> Result<Login> {
        let proof = &proof;
        let login = self.kernel.effect(client, |effect| async move { establish(&effect, user, proof, backend).await });
        self.emit_if_outdated(login.await, user, client)
    }

    /// Emits an event when a session was refused because the account changed while the login was under way.
    pub(crate) fn emit_if_outdated(&self, login: Result<Login>, user: &User, client: &Client) -> Result<Login> {
        if let Err(Error::Refused { code: ErrorCode::LoginBadCredentials, .. }) = &login {
            let reason = LoginFailure::Outdated;
            self.kernel.emit(client, EventKind::LoginFailed { user_id: Some(user.id), reason });
        }
        login
    }

    /// Notes that a client gets the token of its session anew, if it did not within `interval`. False where it did, and where the
    /// session ended or has another token by now. One statement.
    ///
    /// # Errors
    /// Fails when the database does.
    pub async fn prolong(&self, id: Uuid, user_id: Uuid, security_epoch: i64, interval: Duration) -> Result<bool> {
        let (kernel, now) = (self.kernel, self.kernel.now());
        let noted = store::prolong(kernel.db(), id, security_epoch, now, before(now, interval)).await?;
        // Or each request would note it again, as long as the session is remembered as it was.
        kernel.parts().changes.learn(&[Concerned(Some(user_id))]);
        Ok(noted)
    }

    /// A page of the user's sessions that are alive, newest first: at most `limit`, which is at most 100 and 50 by default,
    /// after the [`next`](SessionPage::next) of the page before.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(
        name = "session.list", target = "auth::service", level = "debug",
        skip_all, fields(user_id = %user.id)
    )]
    pub async fn list(&self, user: &User, cursor: Option<Uuid>, limit: Option<u64>) -> Result<SessionPage> {
        let size = page::size(limit);
        let mut sessions = self.listed(user, cursor, Some(size + 1)).await?;
        let next = page::cut(&mut sessions, size, |listed| listed.session.id);
        Ok(SessionPage { sessions, next })
    }

    /// All of the user's sessions that are alive, newest first: as many as the app allows.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(
        name = "session.list_all", target = "auth::service", level = "debug",
        skip_all, fields(user_id = %user.id)
    )]
    pub async fn list_all(&self, user: &User) -> Result<Vec<ListedSession>> {
        self.listed(user, None, None).await
    }

    async fn listed(&self, user: &User, cursor: Option<Uuid>, limit: Option<u64>) -> Result<Vec<ListedSession>> {
        let now = self.kernel.now();
        let listed = Listed { is_unused: is_unused(self.kernel, now), cursor, limit };
        store::list(self.kernel.db(), user, now, listed).await
    }

    /// Ends one of the user's sessions.
    ///
    /// # Errors
    /// Fails with `Not Found` when the user has no such session.
    #[tracing::instrument(
        name = "session.end", target = "auth::service", level = "debug",
        skip_all, fields(user_id = %principal.user.id, %id)
    )]
    pub async fn end(&self, principal: &Principal, id: Uuid, client: &Client) -> Result<()> {
        let client = &client.clone().acting_as(principal.user.id);
        let user_id = principal.user.id;
        let event = EventKind::SessionRevoked { user_id, session_id: id };
        if !self.revoke_now(Revocation::Session { id, user_id }, client, event).await? {
            return Err(ErrorCode::NotFound.into());
        }
        Ok(())
    }

    /// Ends the session that asks.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(
        name = "session.logout", target = "auth::service", level = "debug",
        skip_all, fields(user_id = %principal.user.id)
    )]
    pub async fn logout(&self, principal: &Principal, client: &Client) -> Result<()> {
        let client = &client.clone().acting_as(principal.user.id);
        let (user_id, session_id) = (principal.user.id, principal.session.id);
        let event = EventKind::LoggedOut { user_id, session_id };
        self.revoke_now(Revocation::Session { id: session_id, user_id }, client, event).await.map(drop)
    }

    /// Ends every session of the user, and every token that was issued to them.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(
        name = "session.logout_everywhere", target = "auth::service", level = "debug",
        skip_all, fields(user_id = %principal.user.id)
    )]
    pub async fn logout_everywhere(&self, principal: &Principal, client: &Client) -> Result<()> {
        self.end_all(&principal.user, client).await
    }

    /// The same for a user whose token names no session.
    pub(crate) async fn end_all(&self, user: &User, client: &Client) -> Result<()> {
        let user_id = user.id;
        let scope = Revocation::All { user_id, seen: user.security_epoch };
        let client = &client.clone().acting_as(user_id);
        self.revoke_now(scope, client, EventKind::SessionsRevoked { user_id }).await.map(drop)
    }

    /// Ends what `scope` names, and tells of it if there was anything to end.
    async fn revoke_now(&self, scope: Revocation, client: &Client, event: EventKind) -> Result<bool> {
        let event = &event;
        let end = |effect: Arc<Effect>| async move {
            let ended = revoke(&effect, scope).await?;
            if ended {
                effect.emit(event.clone());
            }
            Ok(ended)
        };
        self.kernel.effect(client, end).await
    }
}
