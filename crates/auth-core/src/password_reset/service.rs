//! Asking for the link, and redeeming it.

use std::time::Duration;

use crate::account::{Changes, Ends, store};
use crate::effect::Effect;
use crate::identifier::Email;
use crate::kernel::Kernel;
use crate::limit::Bucket;
use crate::mail::{Mail, MailKind, MailLink, Order};
use crate::one_time::{Issue, Purpose};
use crate::password::Password;
use crate::{Accounts, Client, EmailChanges, ErrorCode, EventKind, OneTimeTokens, Result, User};

/// How long a link works.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// The service for forgotten passwords.
#[derive(Clone, Copy, Debug)]
pub struct PasswordResets<'a> {
    kernel: &'a Kernel,
}

impl<'a> PasswordResets<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Self {
        Self { kernel }
    }

    /// Has a link mailed to the address, if it is that of an active account. Says nothing about whether it is, neither by
    /// its answer nor by its time.
    ///
    /// # Errors
    /// Fails with `RATE_LIMITED`, and when the database does.
    pub async fn request(&self, email: &Email, client: &Client) -> Result<()> {
        self.kernel.limiter().take(Bucket::MailRequests(Purpose::ResetPassword, client), client).await?;
        self.kernel.leave_order(Order::ResetPassword { email_key: email.key().to_owned() }, client).await
    }

    pub(crate) async fn compose(&self, effect: &Effect, email_key: &str) -> Result<Option<Mail>> {
        let owner = EmailChanges::new(self.kernel).owner_by_mailbox(effect.tx(), email_key).await?;
        let Some(user) = owner.filter(|user| user.is_active) else { return Ok(None) };
        effect.record(EventKind::ResetRequested { user_id: user.id });
        self.mail(effect, &user).await
    }

    /// A mail with a link to a new password.
    pub(crate) async fn mail(&self, effect: &Effect, user: &User) -> Result<Option<Mail>> {
        let link = self.link(effect, user).await?;
        effect.write_to(user, MailKind::ResetPassword { link })
    }

    /// A link to a new password, in the place of an earlier one.
    pub(crate) async fn link(&self, effect: &Effect, user: &User) -> Result<MailLink> {
        let slot = user.id.to_string();
        let issue = Issue { user: Some(user), slot: Some(&slot), ..Issue::new(Purpose::ResetPassword, LIFETIME) };
        let token = OneTimeTokens::new(self.kernel).issue(effect, issue).await?;
        Ok(self.kernel.mail_link("reset-password", &token, LIFETIME))
    }

    /// Redeems a link for a new password. Every session of the account ends, and none begins: second factors stay. It
    /// also verifies the email address. A password that the policy rejects does not use up the link.
    ///
    /// # Errors
    /// Fails with `RESET_PASSWORD_BAD_TOKEN`, `RESET_PASSWORD_INVALID_PASSWORD` with a reason, `RATE_LIMITED`, when a
    /// hook refuses, and when the database does.
    pub async fn reset(&self, token: &str, password: Password, client: &Client) -> Result<()> {
        const BAD: ErrorCode = ErrorCode::ResetPasswordBadToken;
        let kernel = self.kernel;
        let tokens = OneTimeTokens::new(kernel);
        kernel.limiter().take(Bucket::TokenTries(client), client).await?;
        // Hashing is for those who have a link.
        let known =
            tokens.peek(Purpose::ResetPassword, token, None).await?.and_then(|token| token.user_id).ok_or(BAD)?;
        let user = store::find(kernel.db(), known).await?.map(User::from).ok_or(BAD)?;
        let context = kernel.policy_context(Some(&user), &[]);
        let hash = Accounts::new(kernel).hash_new(password, context, ErrorCode::ResetPasswordInvalidPassword).await?;
        let changes = &Changes { password_hash: Some(Some(hash)), ..Changes::default() };
        kernel
            .effect(client, |effect| async move {
                let consumed = OneTimeTokens::new(kernel).consume(&effect, Purpose::ResetPassword, token, None).await?;
                let user = OneTimeTokens::new(kernel).owner(&effect, &consumed.ok_or(BAD)?).await?.ok_or(BAD)?;
                if !user.is_active {
                    return Err(BAD.into());
                }
                let changes =
                    Changes { must_change_password: user.must_change_password.then_some(false), ..changes.clone() };
                let accounts = Accounts::new(kernel);
                if user.is_verified {
                    accounts.apply(&effect, &user, &changes, Ends::All, BAD).await?;
                } else {
                    accounts.claim(&effect, &user, changes, None).await?;
                }
                effect.record(EventKind::PasswordReset { user_id: user.id });
                effect.tell(&user, MailKind::PasswordChanged)?;
                Ok(())
            })
            .await
    }
}
