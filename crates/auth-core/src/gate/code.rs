//! An attempt at a mailed code, until it is said what became of it.

use super::PasswordGate;
use super::attempt::{ask_beside, count_beside};
use super::limits::{PASSWORDS_BY_ACCOUNT, codes, in_a_row};
use crate::account::store;
use crate::backend::BuiltBackend;
use crate::client::Client;
use crate::effect::Effect;
use crate::error::Result;
use crate::event::{EventKind, LoginFailure};
use crate::identifier::{Email, LoginName};
use crate::kernel::Kernel;
use crate::limit::Subject;
use crate::user::User;

/// A code that was typed. The caller says what became of it: [`failed`](Self::failed), or
/// [`PasswordGate::passed_by_mail`].
#[must_use = "say whether the attempt failed"]
pub(crate) struct CodeAttempt<'a> {
    kernel: &'a Kernel,
    client: &'a Client,
    subject: Subject,
    is_known: bool,
}

impl<'a> PasswordGate<'a> {
    /// An attempt at the code that was mailed to an email address.
    ///
    /// # Errors
    /// Fails when the database does.
    pub(crate) async fn code_attempt(
        self,
        email: &Email,
        backend: &BuiltBackend,
        client: &'a Client,
    ) -> Result<CodeAttempt<'a>> {
        let name = LoginName::Email(email.key().to_owned());
        let found = self.find(store::By::Name(&name), backend, client).await?;
        let (subject, is_known) = match found {
            Some((credentials, device)) => (Subject::of(&credentials.user), device.is_some()),
            None => (Subject::Name(name.key().to_owned()), false),
        };
        Ok(CodeAttempt { kernel: self.kernel, client, subject, is_known })
    }

    /// Whether mails to an address, and to its account if there is one, may carry codes: not after too many wrong ones in a row,
    /// until a link is opened.
    ///
    /// # Errors
    /// Fails when the database does.
    pub(crate) async fn allows_codes(self, effect: &Effect, email: &Email, user: Option<&User>) -> Result<bool> {
        let subject = user.map_or_else(|| Subject::Name(email.key().to_owned()), Subject::of);
        self.kernel.limiter().has_room(effect.tx(), &codes(&subject)).await
    }

    /// A login by mail succeeded, which ends what was counted in a row for the account.
    pub(crate) async fn passed_by_mail(self, user: &User, client: &Client) {
        let subject = Subject::of(user);
        let mut ended = in_a_row(&subject, client);
        ended.push(codes(&subject));
        if let Err(cause) = self.kernel.limiter().settle(&[], &ended).await {
            tracing::warn!(%cause, "the failures before a login by mail could not be forgotten");
        }
    }
}

impl CodeAttempt<'_> {
    /// Takes of what the account allows, as a part of the effect. `false` when there were too many wrong codes in a row, so
    /// that no code counts.
    ///
    /// # Errors
    /// Fails with `RATE_LIMITED` when the account has too many failures in a row and does not know the device, and when the
    /// database does.
    pub(crate) async fn reserve(&self, effect: &Effect) -> Result<bool> {
        if !self.client.is_remote() {
            return Ok(true);
        }
        let limiter = self.kernel.limiter();
        if !self.is_known {
            let whole = PASSWORDS_BY_ACCOUNT.of(&self.subject);
            if let Some(refusal) = limiter.take_within(effect.tx(), &whole).await? {
                ask_beside(self.kernel, &self.subject, self.client);
                return Err(limiter.refuse(&refusal, self.client));
            }
        }
        Ok(limiter.take_within(effect.tx(), &codes(&self.subject)).await?.is_none())
    }

    /// The code is none that logs in.
    pub(crate) fn failed(self) {
        let Self { kernel, client, subject, is_known } = self;
        kernel.emit(client, EventKind::LoginFailed { user_id: subject.user_id(), reason: LoginFailure::WrongCode });
        if client.is_remote() {
            count_beside(kernel, subject, !is_known, client);
        }
    }
}
