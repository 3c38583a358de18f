//! The mail with a link and a code.

use std::time::Duration;

use futures_util::future::BoxFuture;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::config::LIFETIME;
use super::waiting::{CONFIRM, CONFIRM_LOGIN, Waiting};
use crate::account::{address, store};
use crate::device::DeviceWords;
use crate::effect::Effect;
use crate::email_change::owner_by_email;
use crate::error::{Error, Result};
use crate::event::EventKind;
use crate::gate::PasswordGate;
use crate::identifier::Email;
use crate::mail::{LinkConfig, Mail, MailCode, MailKind, Recipient};
use crate::one_time::{Consumed, Doubt, Family, Issue, OneTimeTokens, Purpose};
use crate::redirect::RedirectTarget;
use crate::registration::Registration;
use crate::user::User;

/// A login by mail: by a link, or by a code while codes may be tried.
pub const MAGIC_LINK: MailKind = MailKind::new(
    "magic_link",
    &[("en", include_str!("mail/magic_link.en.jinja")), ("de", include_str!("mail/magic_link.de.jinja"))],
)
.carries_link(LIFETIME)
.may_carry_code();

/// The tokens that log in.
pub const LOGIN: Purpose = Purpose::new("magic_link", "mgl_");

/// The name of the job that finds out whether anyone may log in with an email address.
pub(crate) const JOB: &str = "magic_link";

/// What a link holds, and the job that leads to it: the email address, and where the browser goes after the login.
#[derive(Serialize, Deserialize)]
pub(super) struct LinkData {
    pub(super) email: String,
    pub(super) redirect_to: Option<RedirectTarget>,
    /// What waits for the link, unless that logs in the device that opens it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) waiting: Option<Waiting>,
    /// The device that waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) device: Option<DeviceWords>,
}

impl LinkData {
    pub(super) fn new(email: &str, redirect_to: Option<RedirectTarget>) -> Self {
        Self { email: email.to_owned(), redirect_to, waiting: None, device: None }
    }

    pub(super) fn of(token: &Consumed) -> Result<Self> {
        serde_json::from_value(token.data.clone().unwrap_or_default()).map_err(Error::internal)
    }
}

/// Carries the job out.
pub(crate) fn run_job<'a>(effect: &'a Effect, body: &'a Value) -> BoxFuture<'a, Result<Option<Mail>>> {
    Box::pin(async move { compose(effect, LinkData::deserialize(body).map_err(Error::internal)?).await })
}

async fn compose(effect: &Effect, job: LinkData) -> Result<Option<Mail>> {
    let kernel = effect.kernel();
    let email = Email::parse(&job.email).map_err(Error::internal)?;
    // Where there is none, whoever verifies the address gets an account of their own.
    let user = owner_by_email(effect, email.key()).await?;
    let welcome = match &user {
        Some(user) => user.is_active,
        None => {
            kernel.configs().registration.mode != Registration::Closed
                && !address::is_reserved(effect.tx(), email.key(), None, kernel.now()).await?
        }
    };
    if !welcome {
        return Ok(None);
    }
    effect.emit(EventKind::MagicLinkRequested { user_id: user.as_ref().map(|user| user.id) });
    let reader = Reader { email, user };
    match job.waiting {
        None => compose_login(effect, &reader, job.redirect_to).await,
        Some(waiting) => compose_confirmation(effect, &reader, waiting).await,
    }
}

/// Who gets the mail.
struct Reader {
    email: Email,
    user: Option<User>,
}

impl Reader {
    /// The address as it is stored, whatever was typed.
    fn address(&self) -> &str {
        self.user.as_ref().and_then(|user| user.email.as_deref()).unwrap_or(self.email.as_str())
    }

    fn recipient(&self) -> Recipient {
        self.user.as_ref().and_then(Recipient::of).unwrap_or_else(|| Recipient::unverified(self.address()))
    }

    /// The token of a link with this data, and of the code in the same mail.
    async fn token(
        &self,
        effect: &Effect,
        (purpose, lifetime): (Purpose, Duration),
        code: Option<&MailCode>,
        data: &LinkData,
    ) -> Result<SecretString> {
        let issue = Issue {
            user: self.user.as_ref(),
            doubt: self.doubt(effect).await?,
            family: Some(Family::new(self.email.key(), effect.client())),
            address: Some(self.email.key()),
            code: code.map(MailCode::as_str),
            data: Some(serde_json::to_value(data).map_err(Error::internal)?),
            ..Issue::new(purpose, lifetime)
        };
        OneTimeTokens::new(effect.kernel()).issue(effect, issue).await
    }

    /// What is in doubt about the account.
    async fn doubt(&self, effect: &Effect) -> Result<Option<Doubt>> {
        let Some(user) = &self.user else { return Ok(None) };
        let password = store::password_is_confirmed(effect.tx(), user.id).await?;
        Ok(Doubt::about(user.is_verified, password.unwrap_or(true)))
    }
}

/// The mail that logs in the device that opens its link, or that its code is typed at.
async fn compose_login(effect: &Effect, reader: &Reader, redirect_to: Option<RedirectTarget>) -> Result<Option<Mail>> {
    let kernel = effect.kernel();
    let config = &kernel.configs().magic_link.link;
    // A code that nobody may try would only annoy its reader.
    let may_carry_code = OneTimeTokens::new(kernel).has_attempt(effect, LOGIN, reader.email.key()).await?
        && PasswordGate::new(kernel).allows_codes(effect, &reader.email, reader.user.as_ref()).await?;
    let code = may_carry_code.then(|| MailCode::random(kernel.random())).transpose()?;
    let data = LinkData::new(reader.address(), redirect_to);
    let token = reader.token(effect, (LOGIN, config.lifetime), code.as_ref(), &data).await?;
    let message = MAGIC_LINK.message().link(kernel.mail_link(config, &token));
    let message = match code {
        Some(code) => message.code(code),
        None => message,
    };
    effect.mail(reader.recipient(), message).map(Some)
}

/// The mail whose link lets a device in that waits: for as long as it does.
async fn compose_confirmation(effect: &Effect, reader: &Reader, waiting: Waiting) -> Result<Option<Mail>> {
    let kernel = effect.kernel();
    let Ok(lifetime) = Duration::try_from(waiting.until - kernel.now()) else { return Ok(None) };
    if lifetime.is_zero() {
        return Ok(None);
    }
    let device = DeviceWords::new(effect.client(), waiting.since);
    let message = device.clone().fill(CONFIRM_LOGIN.message());
    let data = LinkData { waiting: Some(waiting), device: Some(device), ..LinkData::new(reader.address(), None) };
    let token = reader.token(effect, (CONFIRM, lifetime), None, &data).await?;
    let page = LinkConfig::new(kernel.configs().magic_link.confirm_page.clone(), lifetime);
    effect.mail(reader.recipient(), message.link(kernel.mail_link(&page, &token))).map(Some)
}
