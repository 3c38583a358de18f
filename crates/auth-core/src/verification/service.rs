//! Asking for the link, and redeeming it.

use super::claim::open_link;
use super::invite::VERIFY;
use super::invite::{InviteJob, JOB};
use crate::account::{Changes, Updated, store};
use crate::client::Client;
use crate::error::{ErrorCode, Result};
use crate::event::EventKind;
use crate::identifier::Email;
use crate::kernel::Kernel;
use crate::mail::request::request;
use crate::one_time::OneTimeTokens;
use crate::principal::Principal;
use crate::registration::{complete_registration, is_registration};

/// The service that verifies email addresses.
#[derive(Clone, Copy, Debug)]
pub struct Verifications<'a> {
    kernel: &'a Kernel,
}

impl<'a> Verifications<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Self {
        Self { kernel }
    }

    /// Has a link mailed to the email address, if it belongs to an active account that is not verified yet. Neither the
    /// answer nor its time tells whether it does.
    ///
    /// # Errors
    /// Fails with `RATE_LIMITED`, and when the database does.
    #[tracing::instrument(name = "verification.request", target = "auth::service", level = "debug", skip_all)]
    pub async fn request(&self, email: &Email, client: &Client) -> Result<()> {
        let body = InviteJob { email_key: email.key().to_owned() };
        request(self.kernel, (VERIFY, JOB), email, body, client).await
    }

    /// Redeems a link. Every session of the account ends but `current`, if it belongs to the account; no session begins.
    /// A registration that waited becomes an account. Without a session of the account, the browser is known to it from then
    /// on, and the password stays in doubt until it is used there.
    ///
    /// # Errors
    /// Fails with `VERIFY_USER_BAD_TOKEN`, `VERIFY_USER_ALREADY_VERIFIED`, `RATE_LIMITED`, when a hook refuses, and
    /// when the database does.
    #[tracing::instrument(name = "verification.verify", target = "auth::service", level = "debug", skip_all)]
    pub async fn verify(&self, token: &str, current: Option<&Principal>, client: &Client) -> Result<Updated> {
        let kernel = self.kernel;
        OneTimeTokens::new(kernel).admit(token, client).await?;
        if is_registration(token) {
            return complete_registration(kernel, token, client).await;
        }
        let verified = kernel
            .effect(client, |effect| async move {
                let consumed = OneTimeTokens::new(kernel).consume(&effect, VERIFY, token, None).await?;
                let Some(consumed) = consumed else { return Ok(None) };
                let Some(user) = store::lock_owner(&effect, &consumed).await? else { return Ok(None) };
                if !user.is_active {
                    return Err(ErrorCode::VerifyUserBadToken.into());
                }
                if user.is_verified {
                    return Err(ErrorCode::VerifyUserAlreadyVerified.into());
                }
                let changes = Changes { is_verified: Some(true), ..Changes::default() };
                let updated = open_link(&effect, &user, changes, current).await?;
                effect.emit(EventKind::Verified { user_id: user.id });
                Ok(Some(updated))
            })
            .await?;
        match verified {
            Some(updated) => Ok(updated),
            None => Err(self.why_not(token).await?.into()),
        }
    }

    /// A user who opens a link for the second time learns that the first time was enough.
    async fn why_not(&self, token: &str) -> Result<ErrorCode> {
        let owner = OneTimeTokens::new(self.kernel).owner_of(VERIFY, token).await?;
        let Some(user_id) = owner else { return Ok(ErrorCode::VerifyUserBadToken) };
        let user = store::find(self.kernel.db(), user_id).await?;
        let verified = user.is_some_and(|user| user.is_verified);
        Ok(if verified { ErrorCode::VerifyUserAlreadyVerified } else { ErrorCode::VerifyUserBadToken })
    }
}
