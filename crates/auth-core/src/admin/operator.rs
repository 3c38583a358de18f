//! Operations for the operators of the app, who have no account. The audit log names no actor.

use uuid::Uuid;

use super::{ACCOUNT_RESET, Admin};
use crate::account::{Accounts, Changes, SessionsToEnd, store};
use crate::client::Client;
use crate::email_change::close_revert_links;
use crate::error::{ErrorCode, Result};
use crate::event::EventKind;
use crate::identifier::LoginName;
use crate::password::Password;
use crate::session::{Revocation, revoke};
use crate::user::User;

impl Admin<'_> {
    /// The account with this email address or user name.
    ///
    /// # Errors
    /// Fails with `Not Found`, and when the database does.
    #[tracing::instrument(name = "admin.find", target = "auth::service", level = "debug", skip_all)]
    pub async fn find(&self, name: &str) -> Result<User> {
        let name = LoginName::parse(name).ok_or(ErrorCode::NotFound)?;
        let row = store::find_by_name(self.kernel.db(), &name).await?;
        row.map(User::from).ok_or_else(|| ErrorCode::NotFound.into())
    }

    /// Sets a password. Every session of the account ends, and its owner is told by mail.
    ///
    /// # Errors
    /// Fails with `Not Found`, `RESET_PASSWORD_INVALID_PASSWORD` with a reason, when a hook refuses, and when the
    /// database does.
    #[tracing::instrument(
        name = "admin.set_password", target = "auth::service", level = "debug",
        skip_all, fields(%id)
    )]
    pub async fn set_password(&self, id: Uuid, password: Password) -> Result<()> {
        let kernel = self.kernel;
        let context = kernel.policy_context(Some(&self.get(id).await?), &[]);
        let hash = Accounts::new(kernel)
            .hash_new(password, context, ErrorCode::ResetPasswordInvalidPassword, &Client::default())
            .await?;
        let changes = &Changes::confirmed_password(hash);
        kernel
            .effect(&Client::default(), |effect| async move {
                let row = store::find_for_update(effect.tx(), id).await?.ok_or(ErrorCode::NotFound)?;
                effect.use_locale_of(row.locale.as_deref());
                let before = User::from(row);
                let changes =
                    Changes { must_change_password: before.must_change_password.then_some(false), ..changes.clone() };
                let taken = ErrorCode::UpdateUserEmailAlreadyExists;
                Accounts::new(kernel).apply(&effect, &before, &changes, SessionsToEnd::All, taken).await?;
                effect.emit(EventKind::PasswordChanged { user_id: id, actor_id: None });
                close_revert_links(&effect, id).await?;
                effect.queue_mail_to(&before, ACCOUNT_RESET)
            })
            .await
    }

    /// SessionsToEnd one session of an account, or all of them with every token.
    ///
    /// # Errors
    /// Fails with `Not Found` for an account or a session that does not exist, and when the database does.
    #[tracing::instrument(
        name = "admin.end_sessions", target = "auth::service", level = "debug",
        skip_all, fields(%user_id)
    )]
    pub async fn end_sessions(&self, user_id: Uuid, session: Option<Uuid>) -> Result<()> {
        let kernel = self.kernel;
        kernel
            .effect(&Client::default(), |effect| async move {
                let row = store::find_for_update(effect.tx(), user_id).await?.ok_or(ErrorCode::NotFound)?;
                let (scope, event) = match session {
                    Some(id) => {
                        (Revocation::Session { id, user_id }, EventKind::SessionRevoked { user_id, session_id: id })
                    }
                    None => (Revocation::All { user_id, seen: row.sev }, EventKind::SessionsRevoked { user_id }),
                };
                if !revoke(&effect, scope).await? {
                    return Err(ErrorCode::NotFound.into());
                }
                effect.emit(event);
                Ok(())
            })
            .await
    }

    /// How many active superusers there are.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "admin.count_superusers", target = "auth::service", level = "debug", skip_all)]
    pub async fn count_superusers(&self) -> Result<u64> {
        store::count_superusers(self.kernel.db()).await
    }
}
