//! Writes changes to an account: the one way, for every caller.

use super::{Accounts, Changes, Updated, store};
use crate::effect::Effect;
use crate::email_change::Reverts;
use crate::hooks::Action;
use crate::session::{BearerToken, Revocation};
use crate::{EmailChanges, Error, ErrorCode, EventKind, Result, Session, Sessions, User};
use uuid::Uuid;

/// What a change ends: sessions, and with the epoch every token that was issued before.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ends<'a> {
    /// Nothing.
    Nothing,
    /// Every session but this one, which goes on with a new token where the answer has a place for one.
    Others(&'a Session, BearerToken),
    /// Every session.
    All,
}

impl<'a> Ends<'a> {
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
        ends: Ends<'_>,
        email_taken: ErrorCode,
    ) -> Result<Updated> {
        let sessions = Sessions::new(self.kernel);
        let (user_id, seen) = (before.id, before.sev);
        let mut after = changes.apply_to(before);
        if after.email.is_none() && after.username.is_none() {
            let message = "give the account an address first: nobody could log in else".to_owned();
            return Err(Error::Invalid { field: "username", kind: "missing", message });
        }
        let mut token = None;
        match ends {
            Ends::Nothing => {}
            Ends::All => {
                sessions.revoke(effect, Revocation::All { user_id, seen }).await?;
                after.sev += 1;
            }
            Ends::Others(session, bearer) => {
                sessions.revoke(effect, Revocation::Others { user_id, seen, keep: session.id }).await?;
                after.sev += 1;
                token = sessions.renew(effect, &after, session, bearer).await?;
            }
        }
        after.updated_at = self.kernel.now();
        if !store::update(effect.tx(), &after, changes, after.updated_at, email_taken).await? {
            return Err(ErrorCode::Unauthorized.into());
        }
        effect.ask(Action::UpdateUser { before, after: &after }).await?;
        Ok(Updated { user: after, token })
    }

    /// Tells what a user or a superuser changed.
    pub(crate) fn report(&self, effect: &Effect, user_id: Uuid, changes: &Changes, actor_id: Option<Uuid>) {
        if changes.password_hash.is_some() {
            effect.record(EventKind::PasswordChanged { user_id, actor_id });
        }
        if changes.email.is_some() {
            effect.record(EventKind::EmailChanged { user_id, actor_id });
        }
        let fields = changes.fields();
        if !fields.is_empty() {
            effect.record(EventKind::UserUpdated { user_id, actor_id, fields });
        }
    }

    /// The first verification of the address makes the account its owner's: what was set up before is removed, with
    /// every session and token (pre-hijacking, Sudhodanan and Paverd 2022). `changes` is what the proof brings along.
    pub(crate) async fn claim(
        &self,
        effect: &Effect,
        before: &User,
        changes: Changes,
        keep: Option<&Session>,
    ) -> Result<Updated> {
        let changes = Changes { is_verified: Some(true), ..changes };
        let taken = ErrorCode::UpdateUserEmailAlreadyExists;
        let updated = self.apply(effect, before, &changes, Ends::all_but(keep), taken).await?;
        EmailChanges::new(self.kernel).forget(effect, before.id, Reverts::ToUnproved).await?;
        effect.record(EventKind::Verified { user_id: before.id });
        if changes.password_hash.is_some() {
            effect.record(EventKind::CredentialsWiped { user_id: before.id });
        }
        Ok(updated)
    }
}
