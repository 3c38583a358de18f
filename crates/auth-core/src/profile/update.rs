//! Changing one's own account.

use serde_json::Value;
use uuid::Uuid;

use super::{AccountChanges, ChangedBy, PASSWORD_CHANGES, Profiles, Rights, notify_owner};
use crate::account::{Accounts, Changes, SessionsToEnd, Updated, ensure_superuser_remains};
use crate::client::Client;
use crate::effect::Effect;
use crate::email_change::EMAIL_CHANGES;
use crate::email_change::{EmailChange, has_way_back, request_confirmation};
use crate::error::{Error, ErrorCode, Result};
use crate::event::EventKind;
use crate::gate::PasswordGate;
use crate::identifier::Email;
use crate::limit::{Limit, Rate};
use crate::mail::request::take_of_client;
use crate::password::Password;
use crate::principal::Principal;
use crate::session::BearerToken;
use crate::user::User;

/// Changes of an account by its user: each leaves an event for as long as the audit log is kept.
pub const PROFILE_CHANGES: Limit<Uuid> = Limit::new("profile_changes", &[Rate::per_hour(60)]);

impl Profiles<'_> {
    /// Changes the account of the user who asks. A new address starts unverified, and the owner of the old one can
    /// revert it; where the app wants so, it waits until it is verified instead. A new address or password ends all other sessions.
    /// This one gets a new token: always for a new password, and for a new address where it travels in a cookie.
    ///
    /// # Errors
    /// Fails with `UPDATE_USER_BAD_CURRENT_PASSWORD`, `UPDATE_USER_INVALID_PASSWORD` with a reason,
    /// `REAUTHENTICATION_REQUIRED` for a new address without a recent login or the current password,
    /// `UPDATE_USER_EMAIL_ALREADY_EXISTS`, `USERNAME_ALREADY_EXISTS`, `RATE_LIMITED`, when a hook refuses, and when the
    /// database does.
    #[tracing::instrument(
        name = "profile.update", target = "auth::service", level = "debug",
        skip_all, fields(user_id = %principal.user.id)
    )]
    pub async fn update(&self, principal: &Principal, changes: AccountChanges, client: &Client) -> Result<Updated> {
        self.update_with_rights(principal, changes, Rights::default(), client).await
    }

    /// The same for superusers, who may also give up rights. That ends all sessions, this one too.
    ///
    /// # Errors
    /// Fails as [`update`](Self::update) does, with `LAST_SUPERUSER`, and with [`Error::Invalid`] for a deactivation while an
    /// earlier change of the address can be reverted.
    pub(crate) async fn update_with_rights(
        &self,
        principal: &Principal,
        changes: AccountChanges,
        Rights { is_active, is_superuser }: Rights,
        client: &Client,
    ) -> Result<Updated> {
        let client = &client.clone().acting_as(principal.user.id);
        let user = &principal.user;
        let AccountChanges { email, password, current_password, username, display_name, attributes } = changes;
        let attributes = attributes.map(Value::Object);
        attributes.as_ref().map_or(Ok(()), |attributes| self.kernel.check_attributes(attributes))?;
        let email = email.map(Some);
        let mut changes =
            Changes { email, username, display_name, attributes, is_active, is_superuser, ..Changes::default() };
        changes.drop_unchanged(user);
        let email = changes.email.take().flatten();
        if !changes.fields().is_empty() {
            self.kernel.limiter().take(&PROFILE_CHANGES.of(&user.id), client).await?;
        }
        // Without the current one, only an account that has none gets one.
        let by = ChangedBy::Owner { had_password: current_password.is_some() };
        if email.is_some() || password.is_some() {
            self.prove_again(principal, password.is_some(), current_password, client).await?;
        }
        if email.is_some() {
            self.kernel.limiter().take(&EMAIL_CHANGES.of(&user.id), client).await?;
        }
        if let Some(password) = password {
            self.kernel.limiter().take(&PASSWORD_CHANGES.of(&user.id), client).await?;
            let more = [email.as_ref().map(|email| email.as_str())];
            let context = self.kernel.policy_context(Some(user), &more);
            let hash = Accounts::new(self.kernel)
                .hash_new(password, context, ErrorCode::UpdateUserInvalidPassword, client)
                .await?;
            changes.password_hash = Some(Some(hash));
        }
        let (now, later) = match self.kernel.configs().email_change.mode {
            EmailChange::Confirm => (None, email),
            EmailChange::Immediate => (email, None),
        };
        if let Some(email) = &later {
            take_of_client(self.kernel, email, client).await?;
        }
        changes.email = now.clone().map(Some);
        if changes.fields().is_empty() && later.is_none() {
            return Ok(Updated::new(user.clone()));
        }
        let taken = ErrorCode::UpdateUserEmailAlreadyExists;
        let updated = self.write_own(principal, &changes, later.as_ref(), by, client).await;
        Accounts::new(self.kernel).prefer_email_conflict(updated, now.as_ref(), Some(user.id), taken).await
    }

    /// Asks for the current password, or for a recent login where that is enough.
    async fn prove_again(
        &self,
        principal: &Principal,
        new_password: bool,
        current: Option<Password>,
        client: &Client,
    ) -> Result<()> {
        let (user, accounts) = (&principal.user, Accounts::new(self.kernel));
        if let Some(current) = current {
            let checked = PasswordGate::new(self.kernel).check_own(principal, current, client).await?;
            if checked.is_right() {
                checked.passed().await;
                return Ok(());
            }
            checked.failed(EventKind::PasswordChangeFailed { user_id: user.id });
            return Err(ErrorCode::UpdateUserBadCurrentPassword.into());
        } else if !(new_password && accounts.has_password(user).await?) {
            return accounts.require_recent(principal);
        }
        self.kernel.emit(client, EventKind::PasswordChangeFailed { user_id: user.id });
        Err(ErrorCode::UpdateUserBadCurrentPassword.into())
    }

    async fn write_own(
        &self,
        principal: &Principal,
        changes: &Changes,
        later: Option<&Email>,
        by: ChangedBy,
        client: &Client,
    ) -> Result<Updated> {
        let accounts = Accounts::new(self.kernel);
        let Principal { user: before, session, .. } = principal;
        self.kernel
            .effect(client, |effect| async move {
                let ask = |user: &User| later.map_or(Ok(()), |email| request_confirmation(&effect, user, email));
                if changes.fields().is_empty() {
                    ask(before)?;
                    return Ok(Updated::new(before.clone()));
                }
                let ends = if changes.is_active.is_some() || changes.is_superuser.is_some() {
                    ensure_superuser_remains(effect.tx(), before).await?;
                    if changes.is_active.is_some() {
                        ensure_no_way_back(&effect, before, changes.email.is_some() || later.is_some()).await?;
                    }
                    SessionsToEnd::All
                } else if changes.password_hash.is_some() {
                    SessionsToEnd::Others(session, BearerToken::Replaced)
                } else if changes.email.is_some() {
                    SessionsToEnd::Others(session, BearerToken::Kept)
                } else {
                    SessionsToEnd::Nothing
                };
                let taken = ErrorCode::UpdateUserEmailAlreadyExists;
                let updated = accounts.apply(&effect, before, changes, ends, taken).await?;
                accounts.emit_changes(&effect, before.id, changes, Some(before.id));
                notify_owner(&effect, before, &updated.user, changes, by).await?;
                // The job is for the account as it is now: one of before a new password would be void.
                ask(&updated.user)?;
                Ok(updated)
            })
            .await
    }
}

/// Refuses to lock an account while, or before, somebody may go back to a former address: the one who asks may have stolen it.
async fn ensure_no_way_back(effect: &Effect, user: &User, moves: bool) -> Result<()> {
    if !moves && !has_way_back(effect, user.id).await? {
        return Ok(());
    }
    let message = "wait until the change of your email address cannot be reverted any more, or ask another superuser";
    Err(Error::Invalid { field: "is_active", kind: "value_error", message: message.to_owned() })
}
