//! Changing one's own account.

use serde_json::Value;

use super::{AccountChanges, Accounts, Changes, Updated, store};
use crate::hooks::Action;
use crate::password::Password;
use crate::session::Revocation;
use crate::{Client, ErrorCode, EventKind, Principal, Result, User, db};

impl Accounts<'_> {
    /// Changes the account of the user who asks. A new address starts unverified; a new address or password ends all
    /// other sessions and gives this one a new token, where it travels in a cookie.
    ///
    /// # Errors
    /// `UPDATE_USER_BAD_CURRENT_PASSWORD`, `UPDATE_USER_INVALID_PASSWORD` with a reason, `REAUTHENTICATION_REQUIRED` for
    /// a new address without a recent login or the current password, `UPDATE_USER_EMAIL_ALREADY_EXISTS`,
    /// `USERNAME_ALREADY_EXISTS`, a hook's veto, or the database's.
    pub async fn update(&self, principal: &Principal, changes: AccountChanges, client: &Client) -> Result<Updated> {
        let user = &principal.user;
        let AccountChanges { email, password, current_password, username, display_name, attributes } = changes;
        let attributes = attributes.map(Value::Object);
        attributes.as_ref().map_or(Ok(()), |attributes| self.auth.check_attributes(attributes))?;
        let mut changes = Changes { email, username, display_name, attributes, ..Changes::default() };
        changes.drop_unchanged(user);
        if changes.email.is_some() || password.is_some() {
            self.prove_again(principal, password.is_some(), current_password, client).await?;
        }
        if let Some(password) = password {
            let more = [changes.email.as_ref().map(|email| email.as_str())];
            let context = self.auth.policy_context(Some(user), &more);
            changes.password_hash = Some(self.hash_new(password, context, ErrorCode::UpdateUserInvalidPassword).await?);
        }
        if changes.fields().is_empty() {
            return Ok(Updated { user: user.clone(), token: None });
        }
        let updated = self.write_own(principal, &changes).await;
        let taken = ErrorCode::UpdateUserEmailAlreadyExists;
        let updated = self.address_first(updated, changes.email.as_ref(), Some(user.id), taken).await?;
        self.report(&updated.user, &changes, Some(user.id), client);
        Ok(updated)
    }

    /// Asks for the current password, or for a recent login where that is enough.
    async fn prove_again(
        &self,
        principal: &Principal,
        new_password: bool,
        current: Option<Password>,
        client: &Client,
    ) -> Result<()> {
        let user = &principal.user;
        if let Some(current) = current {
            if self.is_current_password(user, current).await? {
                return Ok(());
            }
        } else if !(new_password && self.has_password(user).await?) {
            return self.require_recent(principal);
        }
        self.auth.emit(client, EventKind::PasswordChangeFailed { user_id: user.id });
        Err(ErrorCode::UpdateUserBadCurrentPassword.into())
    }

    async fn has_password(&self, user: &User) -> Result<bool> {
        let row = store::find(&self.auth.inner().db, user.id).await?;
        Ok(row.is_some_and(|row| row.password_hash.is_some()))
    }

    async fn write_own(&self, principal: &Principal, changes: &Changes) -> Result<Updated> {
        let auth = self.auth;
        let Principal { user: before, session } = principal;
        let ends_sessions = changes.email.is_some() || changes.password_hash.is_some();
        db::write(&auth.inner().db, |tx| async move {
            let mut after = changes.apply_to(before);
            let mut token = None;
            if ends_sessions {
                let scope = Revocation::Others { user_id: before.id, seen: before.sev, keep: session.id };
                auth.sessions().revoke(&tx, scope).await?;
                after.sev += 1;
                token = auth.sessions().renew(&tx, &after, session).await?;
            }
            let now = auth.now();
            after.updated_at = now;
            if !store::update(&*tx, &after, changes, now, ErrorCode::UpdateUserEmailAlreadyExists).await? {
                return Err(ErrorCode::Unauthorized.into());
            }
            auth.inner().hooks.before(Action::UpdateUser { before, after: &after }, &tx).await?;
            Ok(Updated { user: after, token })
        })
        .await
    }

    /// Tells what changed, once it is committed.
    pub(crate) fn report(&self, user: &User, changes: &Changes, actor_id: Option<uuid::Uuid>, client: &Client) {
        let user_id = user.id;
        let fields = changes.fields();
        if changes.password_hash.is_some() {
            self.auth.emit(client, EventKind::PasswordChanged { user_id, actor_id });
        }
        if !fields.is_empty() {
            self.auth.emit(client, EventKind::UserUpdated { user_id, actor_id, fields });
        }
    }
}
