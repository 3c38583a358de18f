//! Writes changes to an account: the one way, for every caller.

use uuid::Uuid;

use super::announce::announce;
use super::{Accounts, Changes, Updated, store};
use crate::device::forget_others;
use crate::effect::Effect;
use crate::error::{Error, ErrorCode, Result};
use crate::event::EventKind;
use crate::hooks::Action;
use crate::principal::Session;
use crate::session::{BearerToken, Revocation, renew, revoke};
use crate::user::User;

/// What a change ends: sessions, and with the epoch every token that was issued before.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SessionsToEnd<'a> {
    /// Nothing.
    Nothing,
    /// Every session but this one, which goes on with a new token where the answer has a place for one; and every known
    /// device but the browser that asks.
    Others(&'a Session, BearerToken),
    /// Every session, and with it every known device.
    All,
}

impl<'a> SessionsToEnd<'a> {
    /// All sessions except the caller's own, if the caller has one.
    pub(crate) fn all_but(session: Option<&'a Session>) -> Self {
        session.map_or(Self::All, |session| Self::Others(session, BearerToken::Kept))
    }
}

impl Accounts<'_> {
    /// Writes changes as a part of an effect, if the account still is what `before` says, and asks the app.
    ///
    /// # Errors
    /// Fails with [`Error::Invalid`] when no name is left, `Unauthorized` when the account's epoch has moved,
    /// `email_taken`, `USERNAME_ALREADY_EXISTS`, when a hook refuses, and when the database does.
    pub(crate) async fn apply(
        &self,
        effect: &Effect,
        before: &User,
        changes: &Changes,
        ends: SessionsToEnd<'_>,
        email_taken: ErrorCode,
    ) -> Result<Updated> {
        let (user_id, seen) = (before.id, before.security_epoch);
        let mut after = changes.apply_to(before);
        if after.email.is_none() && after.username.is_none() {
            let message = "keep an email address or a user name: without one nobody can log in".to_owned();
            return Err(Error::Invalid { field: "username", kind: "missing", message });
        }
        let mut token = None;
        match ends {
            SessionsToEnd::Nothing => {}
            SessionsToEnd::All => {
                revoke(effect, Revocation::All { user_id, seen }).await?;
                forget_others(effect.tx(), user_id, Vec::new()).await?;
                after.security_epoch += 1;
            }
            SessionsToEnd::Others(session, bearer) => {
                revoke(effect, Revocation::Others { user_id, seen, keep: session.id }).await?;
                let browser = effect.client().device().map(Vec::from);
                forget_others(effect.tx(), user_id, Vec::from_iter(browser)).await?;
                if changes.email.is_some() {
                    store::forget_readers(effect.tx(), user_id).await?;
                }
                after.security_epoch += 1;
                token = renew(effect, &after, session, bearer).await?;
            }
        }
        after.updated_at = effect.kernel().now();
        if !store::update(effect.tx(), &after, changes, after.updated_at, email_taken).await? {
            return Err(ErrorCode::Unauthorized.into());
        }
        effect.run_hook(Action::UpdateUser { before, after: &after }).await?;
        announce(effect, Some(before), Some(&after)).await?;
        Ok(Updated { token, ..Updated::new(after) })
    }

    /// Emits the events of what a user or a superuser changed.
    pub(crate) fn emit_changes(&self, effect: &Effect, user_id: Uuid, changes: &Changes, actor_id: Option<Uuid>) {
        if changes.password_hash.is_some() {
            effect.emit(EventKind::PasswordChanged { user_id, actor_id });
        }
        if changes.email.is_some() {
            effect.emit(EventKind::EmailChanged { user_id, actor_id });
        }
        if let Some(is_superuser) = changes.is_superuser {
            effect.emit(EventKind::RoleChanged { user_id, is_superuser });
        }
        if let Some(is_active) = changes.is_active {
            effect.emit(EventKind::ActivationChanged { user_id, is_active });
        }
        let fields = changes.fields();
        if !fields.is_empty() {
            effect.emit(EventKind::UserUpdated { user_id, actor_id, fields });
        }
    }
}
