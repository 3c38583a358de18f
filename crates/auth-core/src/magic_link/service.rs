//! Asking for the mail, and logging in by it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::account::{Changes, Draft};
use crate::backend::BuiltBackend;
use crate::effect::Effect;
use crate::identifier::Email;
use crate::kernel::Kernel;
use crate::limit::Bucket;
use crate::mail::{Mail, MailCode, MailKind, Order};
use crate::one_time::{Consumed, Issue, Purpose};
use crate::session::{Login, Proof};
use crate::{
    Accounts, Client, EmailChanges, Error, ErrorCode, EventKind, OneTimeTokens, RedirectTarget, Registration, Result,
    Sessions, User,
};

/// How long link and code work (OWASP ASVS 6.5.5).
const LIFETIME: Duration = Duration::from_secs(10 * 60);

const BAD: ErrorCode = ErrorCode::MagicLinkBadToken;

/// The service for logins by mail.
#[derive(Clone, Copy, Debug)]
pub struct MagicLinks<'a> {
    kernel: &'a Kernel,
}

/// What came by mail.
#[derive(Clone)]
pub enum MagicLinkProof {
    /// The token of the link.
    Token(String),
    /// The code, for the address that it was mailed to.
    Code {
        /// The address.
        email: Email,
        /// Six digits; blanks and hyphens do not count.
        code: String,
    },
}

/// What a link would do, for the page that asks whether it shall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The address that would be logged in.
    pub email: String,
    /// Where the browser goes then.
    pub redirect_to: Option<RedirectTarget>,
}

/// What a link remembers.
#[derive(Serialize, Deserialize)]
struct Memory {
    email: String,
    redirect_to: Option<RedirectTarget>,
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
    pub async fn request(&self, email: &Email, redirect_to: Option<RedirectTarget>, client: &Client) -> Result<()> {
        self.kernel.limiter().take(Bucket::MailRequests(Purpose::MagicLink, client), client).await?;
        let order = Order::MagicLink { email: email.as_str().to_owned(), redirect_to };
        self.kernel.leave_order(order, client).await
    }

    pub(crate) async fn compose(
        &self,
        effect: &Effect,
        email: &str,
        redirect_to: Option<&RedirectTarget>,
    ) -> Result<Option<Mail>> {
        let kernel = self.kernel;
        let email = Email::parse(email).map_err(Error::internal)?;
        // If there is none, anyone who verifies the address gets an account of their own.
        let user = EmailChanges::new(kernel).owner_by_mailbox(effect.tx(), email.key()).await?;
        let welcome = match &user {
            Some(user) => user.is_active,
            None => kernel.settings().registration != Registration::Closed,
        };
        if !welcome {
            return Ok(None);
        }
        effect.record(EventKind::MagicLinkRequested { user_id: user.as_ref().map(|user| user.id) });
        // To the address as it is stored, whatever was typed.
        let to = user.as_ref().and_then(|user| user.email.as_deref()).unwrap_or(email.as_str());
        let code = MailCode::random(kernel.random())?;
        let memory = Memory { email: to.to_owned(), redirect_to: redirect_to.cloned() };
        let issue = Issue {
            user: user.as_ref(),
            slot: Some(email.key()),
            code: Some(code.as_str()),
            data: Some(serde_json::to_value(&memory).map_err(Error::internal)?),
            ..Issue::new(Purpose::MagicLink, LIFETIME)
        };
        let token = OneTimeTokens::new(kernel).issue(effect, issue).await?;
        let link = kernel.mail_link("magic-link", &token, LIFETIME);
        let name = user.as_ref().and_then(|user| user.display_name.as_deref());
        effect.write(to, name, MailKind::MagicLink { link, code }).map(Some)
    }

    /// What a link would do, without doing it; `None` when it does nothing any more.
    ///
    /// # Errors
    /// Fails when the database does.
    pub async fn preview(&self, token: &str) -> Result<Option<Preview>> {
        let found = OneTimeTokens::new(self.kernel).peek(Purpose::MagicLink, token, None).await?;
        let memory = found.map(|found| memory(&found)).transpose()?;
        Ok(memory.map(|Memory { email, redirect_to }| Preview { email, redirect_to }))
    }

    /// Logs in by what was mailed. The first verification of an email address removes what was set up before it:
    /// password, sessions, tokens. An address without an account gets one.
    ///
    /// # Errors
    /// Fails with `MAGIC_LINK_BAD_TOKEN`, `RATE_LIMITED`, when a hook refuses, and when the database does.
    pub async fn verify(&self, proof: &MagicLinkProof, backend: &BuiltBackend, client: &Client) -> Result<Login> {
        let kernel = self.kernel;
        kernel.limiter().take(Bucket::TokenTries(client), client).await?;
        let mut may_try = true;
        if let MagicLinkProof::Code { email, .. } = proof {
            kernel.limiter().take(Bucket::CodeTries(email), client).await?;
            may_try = OneTimeTokens::new(kernel).take_attempt(Purpose::MagicLink, email.key()).await?;
        }
        let login = kernel.effect(client, |effect| async move {
            let consumed = MagicLinks::new(kernel).redeem(&effect, proof).await?;
            // Only now: an address that no code was mailed to takes as long as any other.
            let consumed = consumed.filter(|_| may_try).ok_or(BAD)?;
            let user = MagicLinks::new(kernel).owner(&effect, &consumed).await?;
            Sessions::new(kernel).establish_within(&effect, &user, &Proof::mailbox(), backend).await
        });
        // An account that was locked in the meantime is not another case, nor is one whose old address is taken now.
        login.await.map_err(|error| match error {
            Error::Refused {
                code: ErrorCode::LoginBadCredentials | ErrorCode::UpdateUserEmailAlreadyExists, ..
            } => BAD.into(),
            other => other,
        })
    }

    async fn redeem(&self, effect: &Effect, proof: &MagicLinkProof) -> Result<Option<Consumed>> {
        let tokens = OneTimeTokens::new(self.kernel);
        match proof {
            MagicLinkProof::Token(token) => tokens.consume(effect, Purpose::MagicLink, token, None).await,
            MagicLinkProof::Code { email, code } => {
                let digits: String = code.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
                tokens.consume_code(effect, Purpose::MagicLink, email.key(), &digits).await
            }
        }
    }

    /// The account of an email address that was just verified.
    async fn owner(&self, effect: &Effect, consumed: &Consumed) -> Result<User> {
        let kernel = self.kernel;
        let user = match consumed.user_id {
            Some(_) => OneTimeTokens::new(kernel).owner(effect, consumed).await?.ok_or(BAD)?,
            None => {
                let email = Email::parse(&memory(consumed)?.email).map_err(Error::internal)?;
                // Somebody may have registered the address since, or moved an account there.
                match EmailChanges::new(kernel).holder_of_proved(effect, &email).await? {
                    Some(holder) => holder,
                    None => return self.register(effect, email).await,
                }
            }
        };
        if !user.is_active {
            return Err(BAD.into());
        }
        if user.is_verified {
            return Ok(user);
        }
        let wiped = Changes {
            password_hash: Some(None),
            must_change_password: user.must_change_password.then_some(false),
            ..Changes::default()
        };
        Ok(Accounts::new(kernel).claim(effect, &user, wiped, None).await?.user)
    }

    async fn register(&self, effect: &Effect, email: Email) -> Result<User> {
        let kernel = self.kernel;
        if kernel.settings().registration == Registration::Closed {
            return Err(BAD.into());
        }
        let locale = effect.client().accept_language().map(|_| kernel.language(effect.client()));
        let draft = Draft { email: Some(email), is_verified: true, locale, ..Draft::default() };
        let user = Accounts::new(kernel).insert(effect, &draft, BAD).await?;
        effect.record(EventKind::Verified { user_id: user.id });
        Ok(user)
    }
}

fn memory(token: &Consumed) -> Result<Memory> {
    let data = token.data.clone().unwrap_or_default();
    serde_json::from_value(data).map_err(Error::internal)
}
