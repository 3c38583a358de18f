//! Login, the check of every request, logout.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use super::establish::{self, BearerToken, IssuedToken, Login, Proof};
use super::revoke::{self, Revocation};
use super::{Principal, Session, store};
use crate::account::Credentials;
use crate::backend::BuiltBackend;
use crate::effect::Effect;
use crate::jwt::AccessClaims;
use crate::kernel::Kernel;
use crate::password::{Password, Verdict};
use crate::{Accounts, Audit, Client, Error, ErrorCode, EventKind, LoginFailure, Result, User};

/// How often the use of a session is written down.
const TOUCH_EVERY: Duration = Duration::from_secs(60);

/// The service of sessions.
#[derive(Clone, Copy, Debug)]
pub struct Sessions<'a> {
    kernel: &'a Kernel,
}

/// A token that a request carries, and the backend whose transport it came by.
#[derive(Clone, Copy)]
pub struct Credential<'a> {
    /// The backend.
    pub backend: &'a BuiltBackend,
    /// The token.
    pub token: &'a str,
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

    /// Finds out who a request is from: the first of the credentials that is good decides. Costs one query.
    ///
    /// # Errors
    /// Fails when the database does: unsure is not the same as unknown.
    pub async fn authenticate(&self, credentials: &[Credential<'_>]) -> Result<Option<Principal>> {
        let now = self.kernel.now();
        for credential in credentials {
            let Some(token) = credential.backend.strategy.read(credential.token, now).await? else { continue };
            let Some(found) = self.kernel.parts().lookup.find(self.kernel.db(), token).await? else { continue };
            if let Some(principal) = self.accept(found, &credential.backend.name).await {
                return Ok(Some(principal));
            }
        }
        Ok(None)
    }

    /// Whether a session that was found is still good, and for this backend. Boxed: these statements are rare, and
    /// inlining them would enlarge every request's future.
    async fn accept(&self, principal: Principal, backend: &str) -> Option<Principal> {
        let db = self.kernel.db();
        let Principal { user, session } = &principal;
        if session.backend != backend {
            return None;
        }
        let now = self.kernel.now();
        if session.expires_at <= now || session.last_seen_at + self.kernel.settings().sessions.idle <= now {
            // What was refused once stays refused, even should the clock be set back.
            if let Err(cause) = Box::pin(store::delete(db, session.id, user.id)).await {
                tracing::warn!(%cause, "an expired session could not be deleted");
            }
            return None;
        }
        if session.last_seen_at + TOUCH_EVERY <= now {
            let not_since = now - TOUCH_EVERY + Duration::from_millis(1);
            if let Err(cause) = Box::pin(store::touch(db, session.id, now, not_since)).await {
                tracing::warn!(%cause, "the use of a session could not be written down");
            }
        }
        Some(principal)
    }

    /// Checks a token without the database, for routes that are bound by nothing else. Such a token is good until it
    /// expires, whatever became of its session and its user since: revocation is bounded by the token's life.
    #[must_use]
    pub fn access_claims(&self, credentials: &[Credential<'_>]) -> Option<AccessClaims> {
        let now = self.kernel.now();
        credentials.iter().find_map(|credential| credential.backend.strategy.access_claims(credential.token, now))
    }

    /// Logs in with a user name or an email address and a password.
    ///
    /// # Errors
    /// Fails with `LOGIN_BAD_CREDENTIALS` for an unknown account, a wrong password and an inactive account alike, after
    /// the same work; with `LOGIN_USER_NOT_VERIFIED` after a correct password only; and with `OVERLOADED` when too many
    /// hashes are waiting.
    pub async fn login(
        &self,
        name: &str,
        password: Password,
        backend: &BuiltBackend,
        client: &Client,
    ) -> Result<Login> {
        let found = Accounts::new(self.kernel).credentials_by_name(name).await?;
        let (user, hash) = match found {
            Some(Credentials { user, password_hash }) => (Some(user), password_hash),
            None => (None, None),
        };
        let has_password = hash.is_some();
        let hasher = &self.kernel.hasher();
        let verdict = hasher.verify(password.clone(), hash.clone()).await?;
        let outdated = match self.judge(user.as_ref(), has_password, verdict) {
            Ok(outdated) => outdated,
            Err((reason, code)) => {
                let user_id = user.as_ref().map(|user| user.id);
                Audit::new(self.kernel).note(client, EventKind::LoginFailed { user_id, reason });
                return Err(code.into());
            }
        };
        // `judge` lets nobody pass who does not exist.
        let user = user.ok_or(ErrorCode::LoginBadCredentials)?;
        // Hashed anew only now: the time would tell that the password of an account that may not log in was right.
        let fresh = if outdated { Some(hasher.hash(password).await?) } else { None };
        let upgrade = fresh.zip(hash);
        self.establish_with(&user, Proof::password(), backend, client, upgrade).await
    }

    /// The verdict on a login: whether the stored hash is outdated, or the reason and the answer of a refusal.
    fn judge(
        &self,
        user: Option<&User>,
        has_password: bool,
        verdict: Verdict,
    ) -> Result<bool, (LoginFailure, ErrorCode)> {
        const BAD: ErrorCode = ErrorCode::LoginBadCredentials;
        let Some(user) = user else { return Err((LoginFailure::UnknownUser, BAD)) };
        let outdated = match verdict {
            Verdict::Right { outdated } => outdated,
            Verdict::Wrong if !has_password => return Err((LoginFailure::NoPassword, BAD)),
            Verdict::Wrong => return Err((LoginFailure::WrongPassword, BAD)),
            Verdict::Corrupt => return Err((LoginFailure::CorruptHash, BAD)),
        };
        if !user.is_active {
            return Err((LoginFailure::Inactive, BAD));
        }
        if self.kernel.settings().require_verified && !user.is_verified {
            return Err((LoginFailure::NotVerified, ErrorCode::LoginUserNotVerified));
        }
        Ok(outdated)
    }

    /// Begins a session for a user whom the app has authenticated itself. The session is refused when the account is
    /// inactive or changed since `user` was read.
    ///
    /// # Errors
    /// Fails with `LOGIN_BAD_CREDENTIALS` when the account has changed in the meantime, with an internal error for a
    /// malformed scope, when a hook refuses, and when the database does.
    pub async fn establish(&self, user: &User, proof: Proof, backend: &BuiltBackend, client: &Client) -> Result<Login> {
        self.establish_with(user, proof, backend, client, None).await
    }

    async fn establish_with(
        &self,
        user: &User,
        proof: Proof,
        backend: &BuiltBackend,
        client: &Client,
        upgrade: Option<(String, String)>,
    ) -> Result<Login> {
        let (kernel, proof, upgrade) = (self.kernel, &proof, upgrade.as_ref());
        let login = kernel.effect(client, |effect| async move {
            if let Some((fresh, stored)) = upgrade {
                Accounts::new(kernel).upgrade_hash(&effect, user.id, stored, fresh).await?;
            }
            Sessions::new(kernel).establish_within(&effect, user, proof, backend).await
        });
        let login = login.await;
        if let Err(Error::Refused { code: ErrorCode::LoginBadCredentials, .. }) = &login {
            let reason = LoginFailure::Outdated;
            Audit::new(kernel).note(client, EventKind::LoginFailed { user_id: Some(user.id), reason });
        }
        login
    }

    /// Begins a session as a part of another effect.
    pub(crate) async fn establish_within(
        &self,
        effect: &Effect,
        user: &User,
        proof: &Proof,
        backend: &BuiltBackend,
    ) -> Result<Login> {
        establish::establish(self.kernel, effect, user, proof, backend).await
    }

    /// The user's sessions that are alive, newest first.
    ///
    /// # Errors
    /// Fails when the database does.
    pub async fn list(&self, user: &User) -> Result<Vec<Session>> {
        let now = self.kernel.now();
        let idle_since = now - self.kernel.settings().sessions.idle;
        let rows = store::list(self.kernel.db(), user.id, user.sev, now, idle_since).await?;
        Ok(rows.into_iter().map(Session::from).collect())
    }

    /// Ends one of the user's sessions.
    ///
    /// # Errors
    /// Fails with `Not Found` when the user has no such session.
    pub async fn end(&self, principal: &Principal, id: Uuid, client: &Client) -> Result<()> {
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
    pub async fn logout(&self, principal: &Principal, client: &Client) -> Result<()> {
        let (user_id, session_id) = (principal.user.id, principal.session.id);
        let event = EventKind::LoggedOut { user_id, session_id };
        self.revoke_now(Revocation::Session { id: session_id, user_id }, client, event).await.map(drop)
    }

    /// Ends every session of the user, and every token that was issued to them.
    ///
    /// # Errors
    /// Fails when the database does.
    pub async fn logout_everywhere(&self, principal: &Principal, client: &Client) -> Result<()> {
        let user_id = principal.user.id;
        let scope = Revocation::All { user_id, seen: principal.user.sev };
        self.revoke_now(scope, client, EventKind::SessionsRevoked { user_id }).await.map(drop)
    }

    /// Ends what `scope` names, and tells of it if there was anything to end.
    async fn revoke_now(&self, scope: Revocation, client: &Client, event: EventKind) -> Result<bool> {
        let event = &event;
        let revoke = |effect: Arc<Effect>| async move {
            let ended = revoke::revoke(&effect, scope).await?;
            if ended {
                effect.record(event.clone());
            }
            Ok(ended)
        };
        self.kernel.effect(client, revoke).await
    }

    /// Ends live credentials within a transaction: the only way for every feature.
    pub(crate) async fn revoke(&self, tx: &DatabaseTransaction, scope: Revocation) -> Result<bool> {
        revoke::revoke(tx, scope).await
    }

    /// Renews a session that outlives the revocation of the others. `user` carries the new epoch.
    pub(crate) async fn renew(
        &self,
        tx: &DatabaseTransaction,
        user: &User,
        session: &Session,
        bearer: BearerToken,
    ) -> Result<Option<IssuedToken>> {
        establish::renew(self.kernel, tx, user, session, bearer).await
    }
}
