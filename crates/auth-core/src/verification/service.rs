//! Asking for the link, and redeeming it.

use std::time::Duration;

use crate::account::{Changes, Updated, store};
use crate::effect::Effect;
use crate::identifier::{Email, LoginName};
use crate::kernel::Kernel;
use crate::limit::Bucket;
use crate::mail::{Mail, MailKind, Order};
use crate::one_time::{Issue, Purpose};
use crate::{Accounts, Client, ErrorCode, EventKind, OneTimeTokens, Principal, Result, User};

/// How long a link works.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// What the tokens of a registration that waits for its proof begin with: see [`Purpose`].
const REGISTRATION: &str = "reg_";

/// The service that verifies email addresses.
#[derive(Clone, Copy, Debug)]
pub struct Verification<'a> {
    kernel: &'a Kernel,
}

impl<'a> Verification<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Self {
        Self { kernel }
    }

    /// Has a link mailed to the address, if it is that of an active account that has yet to prove it. Says nothing about
    /// whether it is, neither by its answer nor by its time.
    ///
    /// # Errors
    /// Fails with `RATE_LIMITED`, and when the database does.
    pub async fn request(&self, email: &Email, client: &Client) -> Result<()> {
        self.kernel.limiter().take(Bucket::MailRequests(Purpose::VerifyEmail, client), client).await?;
        self.kernel.leave_order(Order::Verify { email_key: email.key().to_owned() }, client).await
    }

    pub(crate) async fn compose(&self, effect: &Effect, email_key: &str) -> Result<Option<Mail>> {
        let row = store::find_by_name(effect.tx(), &LoginName::Email(email_key.to_owned())).await?;
        match row.map(User::from).filter(|user| user.is_active && !user.is_verified) {
            Some(user) => {
                effect.record(EventKind::VerifyRequested { user_id: user.id });
                self.mail(effect, &user).await
            }
            None => Ok(None),
        }
    }

    /// Mails a link to an account that has another address now.
    pub(crate) async fn invite_again(&self, effect: &Effect, user: &User) -> Result<()> {
        effect.offer(self.mail(effect, user).await?);
        Ok(())
    }

    /// Mails a link to an account that was just made.
    pub(crate) async fn invite(&self, effect: &Effect, user: &User) -> Result<()> {
        if user.email.is_some() {
            effect.send(self.mail(effect, user).await?);
        }
        Ok(())
    }

    async fn mail(&self, effect: &Effect, user: &User) -> Result<Option<Mail>> {
        let slot = user.id.to_string();
        let issue = Issue { user: Some(user), slot: Some(&slot), ..Issue::new(Purpose::VerifyEmail, LIFETIME) };
        let token = OneTimeTokens::new(self.kernel).issue(effect, issue).await?;
        let link = self.kernel.mail_link("verify", &token, LIFETIME);
        effect.write_to(user, MailKind::VerifyEmail { link })
    }

    /// Redeems a link. Ends every session of the account except `current`, if it belongs to the account; no session
    /// begins. A registration that waited for its proof becomes an account.
    ///
    /// # Errors
    /// Fails with `VERIFY_USER_BAD_TOKEN`, `VERIFY_USER_ALREADY_VERIFIED`, `RATE_LIMITED`, when a hook refuses, and
    /// when the database does.
    pub async fn verify(&self, token: &str, current: Option<&Principal>, client: &Client) -> Result<Updated> {
        let kernel = self.kernel;
        kernel.limiter().take(Bucket::TokenTries(client), client).await?;
        if token.starts_with(REGISTRATION) {
            let user = Accounts::new(kernel).complete_registration(token, client).await?;
            return Ok(Updated { user, token: None });
        }
        let verified = kernel
            .effect(client, |effect| async move {
                let consumed = OneTimeTokens::new(kernel).consume(&effect, Purpose::VerifyEmail, token, None).await?;
                let Some(consumed) = consumed else { return Ok(None) };
                let Some(user) = OneTimeTokens::new(kernel).owner(&effect, &consumed).await? else { return Ok(None) };
                if user.is_verified {
                    return Err(ErrorCode::VerifyUserAlreadyVerified.into());
                }
                let keep = current.filter(|current| current.user.id == user.id).map(|current| &current.session);
                Accounts::new(kernel).claim(&effect, &user, Changes::default(), keep).await.map(Some)
            })
            .await?;
        match verified {
            Some(updated) => Ok(updated),
            None => Err(self.why_not(token).await?.into()),
        }
    }

    /// A user who opens a link for the second time learns that the first time was enough.
    async fn why_not(&self, token: &str) -> Result<ErrorCode> {
        let used = OneTimeTokens::new(self.kernel).used_by(Purpose::VerifyEmail, token).await?;
        let Some(user_id) = used else { return Ok(ErrorCode::VerifyUserBadToken) };
        let user = store::find(self.kernel.db(), user_id).await?;
        let verified = user.is_some_and(|user| user.is_verified);
        Ok(if verified { ErrorCode::VerifyUserAlreadyVerified } else { ErrorCode::VerifyUserBadToken })
    }
}
