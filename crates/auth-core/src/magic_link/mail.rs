//! The mail with a link and a code.

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::config::LIFETIME;
use super::waiting::{CONFIRM, CONFIRM_LOGIN, Device, Waiting};
use crate::account::{address, store};
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
    pub(super) device: Option<Device>,
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
    let config = &kernel.configs().magic_link.link;
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
    // To the address as it is stored, whatever was typed.
    let to = user.as_ref().and_then(|user| user.email.as_deref()).unwrap_or(email.as_str());
    let tokens = OneTimeTokens::new(kernel);
    if let Some(waiting) = job.waiting {
        return compose_confirmation(effect, user.as_ref(), &email, to, waiting).await;
    }
    // One that nobody may try would only annoy its reader.
    let may_carry_code = tokens.has_attempt(effect, LOGIN, email.key()).await?
        && PasswordGate::new(kernel).allows_codes(effect, &email, user.as_ref()).await?;
    let code = may_carry_code.then(|| MailCode::random(kernel.random())).transpose()?;
    let data = LinkData::new(to, job.redirect_to);
    let issue = Issue {
        user: user.as_ref(),
        doubt: doubt_about(effect, user.as_ref()).await?,
        family: Some(Family::new(email.key(), effect.client())),
        address: Some(email.key()),
        code: code.as_ref().map(MailCode::as_str),
        data: Some(serde_json::to_value(&data).map_err(Error::internal)?),
        ..Issue::new(LOGIN, config.lifetime)
    };
    let token = tokens.issue(effect, issue).await?;
    let link = kernel.mail_link(config, &token);
    let recipient = user.as_ref().and_then(Recipient::of).unwrap_or_else(|| Recipient::unverified(to));
    let message = MAGIC_LINK.message().link(link);
    let message = match code {
        Some(code) => message.code(code),
        None => message,
    };
    effect.mail(recipient, message).map(Some)
}

/// The mail whose link lets a device in that waits: for as long as it does.
async fn compose_confirmation(
    effect: &Effect,
    user: Option<&User>,
    email: &Email,
    to: &str,
    waiting: Waiting,
) -> Result<Option<Mail>> {
    let (kernel, client) = (effect.kernel(), effect.client());
    let Ok(lifetime) = Duration::try_from(waiting.until - kernel.now()) else { return Ok(None) };
    if lifetime.is_zero() {
        return Ok(None);
    }
    let device = Device::of(client, waiting.since);
    let message = CONFIRM_LOGIN.message().value("browser", device.browser.as_str());
    let message = message.value("system", device.system.as_str()).value("address", device.address.as_str());
    let message = message.value("time", device.time.as_str());
    let data = LinkData { waiting: Some(waiting), device: Some(device), ..LinkData::new(to, None) };
    let issue = Issue {
        user,
        doubt: doubt_about(effect, user).await?,
        family: Some(Family::new(email.key(), client)),
        address: Some(email.key()),
        data: Some(serde_json::to_value(&data).map_err(Error::internal)?),
        ..Issue::new(CONFIRM, lifetime)
    };
    let token = OneTimeTokens::new(kernel).issue(effect, issue).await?;
    let page = LinkConfig::new(kernel.configs().magic_link.confirm_page.clone(), lifetime);
    let recipient = user.and_then(Recipient::of).unwrap_or_else(|| Recipient::unverified(to));
    effect.mail(recipient, message.link(kernel.mail_link(&page, &token))).map(Some)
}

/// What is in doubt about an account.
async fn doubt_about(effect: &Effect, user: Option<&User>) -> Result<Option<Doubt>> {
    let Some(user) = user else { return Ok(None) };
    let password = store::password_is_confirmed(effect.tx(), user.id).await?;
    Ok(Doubt::about(user.is_verified, password.unwrap_or(true)))
}
