//! Changing one's own account.

use serde_json::Value;

use super::apply::Ends;
use super::{AccountChanges, Accounts, Changes, Updated, store};
use crate::effect::Effect;
use crate::identifier::Email;
use crate::limit::Bucket;
use crate::mail::MailKind;
use crate::password::Password;
use crate::session::BearerToken;
use crate::{Audit, Client, EmailChange, EmailChanges, ErrorCode, EventKind, Principal, Result, User, Verification};

impl Accounts<'_> {
    /// Changes the account of the user who asks. A new address starts unverified, and the owner of the old one can take it
    /// back; where the app wants so, it waits for its proof instead. A new address or password ends all other sessions
    /// and gives this one a new token, where it travels in a cookie.
    ///
    /// # Errors
    /// Fails with `UPDATE_USER_BAD_CURRENT_PASSWORD`, `UPDATE_USER_INVALID_PASSWORD` with a reason,
    /// `REAUTHENTICATION_REQUIRED` for a new address without a recent login or the current password,
    /// `UPDATE_USER_EMAIL_ALREADY_EXISTS`, `USERNAME_ALREADY_EXISTS`, `RATE_LIMITED`, when a hook refuses, and when the
    /// database does.
    pub async fn update(&self, principal: &Principal, changes: AccountChanges, client: &Client) -> Result<Updated> {
        let user = &principal.user;
        let AccountChanges { email, password, current_password, username, display_name, attributes } = changes;
        let attributes = attributes.map(Value::Object);
        attributes.as_ref().map_or(Ok(()), |attributes| self.kernel.check_attributes(attributes))?;
        let mut changes = Changes { email, username, display_name, attributes, ..Changes::default() };
        changes.drop_unchanged(user);
        if changes.email.is_some() || password.is_some() {
            self.prove_again(principal, password.is_some(), current_password, client).await?;
        }
        if changes.email.is_some() {
            self.kernel.limiter().take(Bucket::EmailChanges(user.id), client).await?;
        }
        if let Some(password) = password {
            let more = [changes.email.as_ref().map(|email| email.as_str())];
            let context = self.kernel.policy_context(Some(user), &more);
            let hash = self.hash_new(password, context, ErrorCode::UpdateUserInvalidPassword).await?;
            changes.password_hash = Some(Some(hash));
        }
        let later =
            if self.kernel.settings().email_change == EmailChange::Confirm { changes.email.take() } else { None };
        if changes.fields().is_empty() && later.is_none() {
            return Ok(Updated { user: user.clone(), token: None });
        }
        let taken = ErrorCode::UpdateUserEmailAlreadyExists;
        let updated = self.write_own(principal, &changes, later.as_ref(), client).await;
        self.address_first(updated, changes.email.as_ref(), Some(user.id), taken).await
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
        Audit::new(self.kernel).note(client, EventKind::PasswordChangeFailed { user_id: user.id });
        Err(ErrorCode::UpdateUserBadCurrentPassword.into())
    }

    async fn has_password(&self, user: &User) -> Result<bool> {
        let row = store::find(self.kernel.db(), user.id).await?;
        Ok(row.is_some_and(|row| row.password_hash.is_some()))
    }

    async fn write_own(
        &self,
        principal: &Principal,
        changes: &Changes,
        later: Option<&Email>,
        client: &Client,
    ) -> Result<Updated> {
        let kernel = self.kernel;
        let Principal { user: before, session } = principal;
        kernel
            .effect(client, |effect| async move {
                let ask =
                    |user: &User| later.map_or(Ok(()), |email| EmailChanges::new(kernel).ask(&effect, user, email));
                if changes.fields().is_empty() {
                    ask(before)?;
                    return Ok(Updated { user: before.clone(), token: None });
                }
                let ends_sessions = changes.email.is_some() || changes.password_hash.is_some();
                let ends = if ends_sessions { Ends::Others(session, BearerToken::Kept) } else { Ends::Nothing };
                let taken = ErrorCode::UpdateUserEmailAlreadyExists;
                let updated = Accounts::new(kernel).apply(&effect, before, changes, ends, taken).await?;
                Accounts::new(kernel).report(&effect, before.id, changes, Some(before.id));
                Accounts::new(kernel).notify(&effect, before, &updated.user, changes, true).await?;
                // The order is for the account as it is now: one of before a new password would be void.
                ask(&updated.user)?;
                Ok(updated)
            })
            .await
    }

    /// Tells the owner of a changed password or address by mail (OWASP ASVS 6.3.7), and how to take a new address back, if
    /// that is for the owner to do.
    pub(crate) async fn notify(
        &self,
        effect: &Effect,
        before: &User,
        after: &User,
        changes: &Changes,
        may_take_back: bool,
    ) -> Result<()> {
        if changes.email.is_some() {
            if may_take_back {
                EmailChanges::new(self.kernel).tell_former(effect, before, after).await?;
            } else {
                effect.tell(before, MailKind::EmailChanged { revert_link: None })?;
            }
            if !after.is_verified {
                Verification::new(self.kernel).invite_again(effect, after).await?;
            }
        }
        if changes.password_hash.is_some() {
            // To the address that was verified: the owner of the new one knows.
            effect.tell(before, MailKind::PasswordChanged)?;
        }
        Ok(())
    }
}
