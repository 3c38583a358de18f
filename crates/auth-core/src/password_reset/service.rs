//! Asking for the link, and redeeming it.

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::link::RESET;
use super::link::mail;
use crate::account::{Accounts, Changes, PASSWORD_CHANGED, PASSWORD_SET, SessionsToEnd, store};
use crate::client::Client;
use crate::effect::Effect;
use crate::email_change::owner_by_email;
use crate::error::{Error, ErrorCode, Result};
use crate::event::EventKind;
use crate::identifier::Email;
use crate::kernel::Kernel;
use crate::mail::Mail;
use crate::mail::request::request;
use crate::one_time::OneTimeTokens;
use crate::password::Password;
use crate::user::User;
use crate::verification::claim;

/// The name of the job that finds out whom the mail is for.
pub(crate) const JOB: &str = "reset_password";

/// The job: the email address of someone who forgot a password, by its [key](Email::key).
#[derive(Serialize, Deserialize)]
struct ResetJob {
    email_key: String,
}

/// Carries the job out.
pub(crate) fn run_job<'a>(effect: &'a Effect, body: &'a Value) -> BoxFuture<'a, Result<Option<Mail>>> {
    Box::pin(async move {
        let ResetJob { email_key } = ResetJob::deserialize(body).map_err(Error::internal)?;
        let owner = owner_by_email(effect, &email_key).await?;
        let Some(user) = owner.filter(|user| user.is_active) else { return Ok(None) };
        effect.emit(EventKind::ResetRequested { user_id: user.id });
        mail(effect, &user).await
    })
}

/// The service for forgotten passwords.
#[derive(Clone, Copy, Debug)]
pub struct PasswordResets<'a> {
    kernel: &'a Kernel,
}

impl<'a> PasswordResets<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Self {
        Self { kernel }
    }

    /// Has a link mailed to the email address, if it belongs to an active account. Neither the answer nor its time tells
    /// whether it does.
    ///
    /// # Errors
    /// Fails with `RATE_LIMITED`, and when the database does.
    #[tracing::instrument(name = "password_reset.request", target = "auth::service", level = "debug", skip_all)]
    pub async fn request(&self, email: &Email, client: &Client) -> Result<()> {
        let body = ResetJob { email_key: email.key().to_owned() };
        request(self.kernel, (RESET, JOB), email, body, client).await
    }

    /// Redeems a link for a new password. Every session of the account ends, and none begins: second factors stay. Verifies
    /// the email address, too. A password that the policy refuses does not cost the link.
    ///
    /// # Errors
    /// Fails with `RESET_PASSWORD_BAD_TOKEN`, `RESET_PASSWORD_INVALID_PASSWORD` with a reason, `RATE_LIMITED`, when a
    /// hook refuses, and when the database does.
    #[tracing::instrument(name = "password_reset.reset", target = "auth::service", level = "debug", skip_all)]
    pub async fn reset(&self, token: &str, password: Password, client: &Client) -> Result<()> {
        const BAD: ErrorCode = ErrorCode::ResetPasswordBadToken;
        let kernel = self.kernel;
        let tokens = OneTimeTokens::new(kernel);
        tokens.admit(token, client).await?;
        // Hashing is for those who have a link.
        let known = tokens.peek(RESET, token, None).await?.and_then(|token| token.user_id).ok_or(BAD)?;
        let row = store::find(kernel.db(), known).await?.ok_or(BAD)?;
        let had_password = row.password_hash.is_some();
        let user = User::from(row);
        let context = kernel.policy_context(Some(&user), &[]);
        let accounts = Accounts::new(kernel);
        let hash = accounts.hash_new(password, context, ErrorCode::ResetPasswordInvalidPassword, client).await?;
        let changes = &Changes::confirmed_password(hash);
        kernel
            .effect(client, |effect| async move {
                let consumed = tokens.consume(&effect, RESET, token, None).await?;
                let user = store::lock_owner(&effect, &consumed.ok_or(BAD)?).await?.ok_or(BAD)?;
                if !user.is_active {
                    return Err(BAD.into());
                }
                let changes =
                    Changes { must_change_password: user.must_change_password.then_some(false), ..changes.clone() };
                if user.is_verified {
                    accounts.apply(&effect, &user, &changes, SessionsToEnd::All, BAD).await?;
                } else {
                    claim(&effect, &user, changes).await?;
                }
                effect.emit(EventKind::PasswordReset { user_id: user.id });
                effect.queue_mail_to(&user, if had_password { PASSWORD_CHANGED } else { PASSWORD_SET })
            })
            .await
    }
}
