//! Asking for the mail, and logging in by it.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::claim::claim_by_mail;
use super::mail::{JOB, LOGIN, LinkData};
use crate::account::{Accounts, Draft, store};
use crate::backend::BuiltBackend;
use crate::client::Client;
use crate::effect::Effect;
use crate::email_change::holder_of_verified;
use crate::error::{Error, ErrorCode, Result};
use crate::event::EventKind;
use crate::gate::{CodeAttempt, PasswordGate};
use crate::hidden::Hidden;
use crate::identifier::Email;
use crate::kernel::Kernel;
use crate::limit::{Limit, Rate};
use crate::mail::request::request;
use crate::one_time::{Consumed, OneTimeTokens, TOKEN_TRIES};
use crate::redirect::RedirectTarget;
use crate::registration::Registration;
use crate::session::{Login, Proof, establish::establish};
use crate::user::User;

pub(super) const BAD: ErrorCode = ErrorCode::MagicLinkBadToken;

/// Codes of logins by mail that are tried for one address, over all codes.
pub const CODE_TRIES: Limit<Email> = Limit::new("code_tries", &[Rate::per_hour(10)]);

/// The service for logins by mail.
#[derive(Clone, Copy, Debug)]
pub struct MagicLinks<'a> {
    pub(super) kernel: &'a Kernel,
}

/// What came by mail.
#[derive(Clone, Debug)]
pub enum MagicLinkProof {
    /// The token of the link.
    Token(SecretString),
    /// The code, for the address that it was mailed to.
    Code {
        /// The address.
        email: Email,
        /// Six digits; blanks and hyphens do not count.
        code: SecretString,
    },
}

/// What a link would do, for the page that asks whether it shall. `Debug` hides the address.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preview {
    /// The address that would be logged in.
    pub email: String,
    /// Where the browser goes then.
    pub redirect_to: Option<RedirectTarget>,
}

impl fmt::Debug for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preview").field("email", &Hidden).field("redirect_to", &self.redirect_to).finish()
    }
}

impl<'a> MagicLinks<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Self {
        Self { kernel }
    }

    /// Has a link and a code mailed to the address, if somebody may log in or register with it. Says nothing about whether
    /// it is so, neither by its answer nor by its time.
    ///
    /// # Errors
    /// Fails with `RATE_LIMITED`, and when the database does.
    #[tracing::instrument(name = "magic_link.request", target = "auth::service", level = "debug", skip_all)]
    pub async fn request(&self, email: &Email, redirect_to: Option<RedirectTarget>, client: &Client) -> Result<()> {
        request(self.kernel, (LOGIN, JOB), email, LinkData::new(email.as_str(), redirect_to), client).await
    }

    /// What a link would do, without doing it; `None` when it does nothing any more.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "magic_link.preview", target = "auth::service", level = "debug", skip_all)]
    pub async fn preview(&self, token: &str) -> Result<Option<Preview>> {
        let found = OneTimeTokens::new(self.kernel).peek(LOGIN, token, None).await?;
        let data = found.map(|found| LinkData::of(&found)).transpose()?;
        Ok(data.map(|LinkData { email, redirect_to, .. }| Preview { email, redirect_to }))
    }

    /// Logs in by what was mailed. The first proof that somebody reads the mail of an account removes what others may have set
    /// up before it: a password that is not [confirmed](crate::login), sessions, tokens. An address without an account gets
    /// one.
    ///
    /// # Errors
    /// Fails with `MAGIC_LINK_BAD_TOKEN`, `RATE_LIMITED`, when a hook refuses, and when the database does.
    #[tracing::instrument(name = "magic_link.verify", target = "auth::service", level = "debug", skip_all)]
    pub async fn verify(&self, proof: &MagicLinkProof, backend: &BuiltBackend, client: &Client) -> Result<Login> {
        let kernel = self.kernel;
        let gate = PasswordGate::new(kernel);
        let (attempt, may_try) = match proof {
            MagicLinkProof::Token(token) => {
                OneTimeTokens::new(kernel).admit(token.expose_secret(), client).await?;
                (None, true)
            }
            MagicLinkProof::Code { email, .. } => {
                kernel.limiter().take(&TOKEN_TRIES.of(client).only("code"), client).await?;
                kernel.limiter().take(&CODE_TRIES.of(email), client).await?;
                let attempt = gate.code_attempt(email, backend, client).await?;
                let may_try = self.take_attempt(&attempt, email, client).await?;
                (Some(attempt), may_try)
            }
        };
        let login = kernel.effect(client, |effect| async move {
            let consumed = self.redeem(&effect, proof).await?;
            // Only now: an address that no code was mailed to takes as long as any other.
            let consumed = consumed.filter(|_| may_try).ok_or(BAD)?;
            let user = self.owner(&effect, &consumed).await?;
            establish(&effect, &user, &Proof::mailbox(), backend).await
        });
        let login = login.await.map_err(alike);
        match (&login, attempt) {
            (Ok(login), _) => gate.passed_by_mail(&login.principal.user, client).await,
            (Err(Error::Refused { code: BAD, .. }), Some(attempt)) => attempt.failed(),
            _ => {}
        }
        login
    }

    /// Takes an attempt at the code of an address: in one transaction that writes for every address, so that its time does
    /// not tell whether a code was mailed.
    async fn take_attempt(&self, attempt: &CodeAttempt<'_>, email: &Email, client: &Client) -> Result<bool> {
        let kernel = self.kernel;
        kernel
            .effect(client, |effect| async move {
                let is_allowed = attempt.reserve(&effect).await?;
                let is_left = OneTimeTokens::new(kernel).take_attempt(&effect, LOGIN, email.key()).await?;
                Ok(is_allowed && is_left)
            })
            .await
    }

    async fn redeem(&self, effect: &Effect, proof: &MagicLinkProof) -> Result<Option<Consumed>> {
        let tokens = OneTimeTokens::new(self.kernel);
        match proof {
            MagicLinkProof::Token(token) => tokens.consume(effect, LOGIN, token.expose_secret(), None).await,
            MagicLinkProof::Code { email, code } => {
                let digits: String = code.expose_secret().chars().filter(|c| !matches!(c, ' ' | '-')).collect();
                tokens.consume_code(effect, LOGIN, email.key(), &digits).await
            }
        }
    }

    /// The account of an email address that was just verified.
    pub(super) async fn owner(&self, effect: &Effect, consumed: &Consumed) -> Result<User> {
        let user = match consumed.user_id {
            Some(_) => store::lock_owner(effect, consumed).await?.ok_or(BAD)?,
            None => {
                let email = Email::parse(&LinkData::of(consumed)?.email).map_err(Error::internal)?;
                // Somebody may have registered the address since, or moved an account there.
                match holder_of_verified(effect, &email).await? {
                    Some(holder) => holder,
                    None => return self.register(effect, email).await,
                }
            }
        };
        if !user.is_active {
            return Err(BAD.into());
        }
        claim_by_mail(effect, user).await
    }

    async fn register(&self, effect: &Effect, email: Email) -> Result<User> {
        let kernel = self.kernel;
        if kernel.configs().registration.mode == Registration::Closed {
            return Err(BAD.into());
        }
        let locale = effect.client().accept_language().map(|_| kernel.language(effect.client()));
        let draft = Draft { email: Some(email), is_verified: true, locale, ..Draft::default() };
        let user = Accounts::new(kernel).insert(effect, &draft, BAD).await?;
        effect.emit(EventKind::Verified { user_id: user.id });
        Ok(user)
    }
}

/// An account that was locked in the meantime is not another case, nor is one whose old address is taken now.
pub(super) fn alike(error: Error) -> Error {
    match error {
        Error::Refused { code: ErrorCode::LoginBadCredentials | ErrorCode::UpdateUserEmailAlreadyExists, .. } => {
            BAD.into()
        }
        other => other,
    }
}
