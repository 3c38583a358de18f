//! Changing one's password by the old one.

use uuid::Uuid;

use super::Profiles;
use crate::account::PASSWORD_CHANGED;
use crate::account::{Accounts, Changes, SessionsToEnd, Updated};
use crate::backend::BuiltBackend;
use crate::client::Client;
use crate::error::{ErrorCode, Result};
use crate::event::EventKind;
use crate::gate::PasswordGate;
use crate::kernel::Kernel;
use crate::limit::{Limit, Rate};
use crate::password::Password;
use crate::principal::Principal;
use crate::session::BearerToken;
use crate::user::User;

/// Changes of an account's password by its user: each has a mail sent.
pub const PASSWORD_CHANGES: Limit<Uuid> = Limit::new("password_changes", &[Rate::per_hour(10)]);

impl Profiles<'_> {
    /// Puts a new password in the place of the old one. All other sessions end, and this one gets a new token. It is the
    /// way out for an account that must change its password.
    ///
    /// # Errors
    /// Fails with `REAUTHENTICATION_REQUIRED` when the login is not recent, `CHANGE_PASSWORD_BAD_PASSWORD`,
    /// `RATE_LIMITED` after too many wrong ones, `CHANGE_PASSWORD_INVALID_PASSWORD` with a reason, when a hook refuses, and
    /// when the database does.
    #[tracing::instrument(
        name = "profile.change_password", target = "auth::service", level = "debug",
        skip_all, fields(user_id = %principal.user.id)
    )]
    pub async fn change_password(
        &self,
        principal: &Principal,
        old: Password,
        new: Password,
        client: &Client,
    ) -> Result<Updated> {
        let Principal { user, session, .. } = principal;
        Accounts::new(self.kernel).require_recent(principal)?;
        let backend = self.kernel.backend(&session.backend)?;
        let ends = SessionsToEnd::Others(session, BearerToken::Replaced);
        replace_password(self.kernel, (user, backend), old, new, ends, client).await
    }
}

/// Puts a new password in the place of the old one, for a user who asks by a backend.
pub(crate) async fn replace_password(
    kernel: &Kernel,
    (user, backend): (&User, &BuiltBackend),
    old: Password,
    new: Password,
    ends: SessionsToEnd<'_>,
    client: &Client,
) -> Result<Updated> {
    let client = &client.clone().acting_as(user.id);
    let accounts = Accounts::new(kernel);
    let is_same = old.is_same(&new);
    let checked = PasswordGate::new(kernel).check_of(user, backend, old, client).await?;
    if !checked.is_right() {
        checked.failed(EventKind::PasswordChangeFailed { user_id: user.id });
        return Err(ErrorCode::ChangePasswordBadPassword.into());
    }
    checked.passed().await;
    if is_same {
        let reason = "This is the password you have: choose another.".to_owned();
        return Err(ErrorCode::ChangePasswordInvalidPassword.because(reason));
    }
    kernel.limiter().take(&PASSWORD_CHANGES.of(&user.id), client).await?;
    let context = kernel.policy_context(Some(user), &[]);
    let hash = accounts.hash_new(new, context, ErrorCode::ChangePasswordInvalidPassword, client).await?;
    let changes = &Changes {
        password_hash: Some(Some(hash)),
        must_change_password: user.must_change_password.then_some(false),
        ..Changes::default()
    };
    kernel
        .effect(client, |effect| async move {
            let taken = ErrorCode::UpdateUserEmailAlreadyExists;
            let updated = accounts.apply(&effect, user, changes, ends, taken).await?;
            effect.emit(EventKind::PasswordChanged { user_id: user.id, actor_id: Some(user.id) });
            effect.queue_mail_to(user, PASSWORD_CHANGED)?;
            Ok(updated)
        })
        .await
}
