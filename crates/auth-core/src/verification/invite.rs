//! The mail whose link verifies an email address.

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::config::LIFETIME;
use crate::account::store;
use crate::effect::Effect;
use crate::error::{Error, Result};
use crate::event::EventKind;
use crate::identifier::{Email, LoginName};
use crate::mail::{Mail, MailKind};
use crate::one_time::{Doubt, Family, Issue, OneTimeTokens, Purpose};
use crate::user::User;

/// The mail whose link verifies the email address of an account.
pub const VERIFY_EMAIL: MailKind = MailKind::new(
    "verify_email",
    &[("en", include_str!("mail/verify_email.en.jinja")), ("de", include_str!("mail/verify_email.de.jinja"))],
)
.carries_link(LIFETIME);

/// The tokens that verify an email address.
pub const VERIFY: Purpose = Purpose::new("verify_email", "vfy_");

/// The name of the job that finds out whom the mail is for.
pub(crate) const JOB: &str = "verify";

/// The job: an email address that someone says is theirs, by its [key](crate::identifier::Email::key).
#[derive(Serialize, Deserialize)]
pub(super) struct InviteJob {
    pub(super) email_key: String,
}

/// Carries the job out.
pub(crate) fn run_job<'a>(effect: &'a Effect, body: &'a Value) -> BoxFuture<'a, Result<Option<Mail>>> {
    Box::pin(async move {
        let InviteJob { email_key } = InviteJob::deserialize(body).map_err(Error::internal)?;
        let row = store::find_by_name(effect.tx(), &LoginName::Email(email_key)).await?;
        let user = row.map(User::from).filter(|user| user.is_active && !user.is_verified);
        let Some(user) = user else { return Ok(None) };
        effect.emit(EventKind::VerifyRequested { user_id: user.id });
        mail(effect, &user).await
    })
}

/// Mails a link to an account that was just created.
pub(crate) async fn invite(effect: &Effect, user: &User) -> Result<()> {
    effect.queue_notice(mail(effect, user).await?);
    Ok(())
}

/// Mails a link to an account whose email address was just changed.
pub(crate) async fn invite_again(effect: &Effect, user: &User) -> Result<()> {
    effect.queue_limited_mail(mail(effect, user).await?);
    Ok(())
}

async fn mail(effect: &Effect, user: &User) -> Result<Option<Mail>> {
    let kernel = effect.kernel();
    let config = &kernel.configs().verification.link;
    let (id, key) = (user.id.to_string(), user.email.as_deref().and_then(Email::key_of));
    let issue = Issue {
        user: Some(user),
        family: Some(Family::new(&id, effect.client())),
        address: key.as_deref(),
        doubt: Some(Doubt::Address),
        ..Issue::new(VERIFY, config.lifetime)
    };
    let token = OneTimeTokens::new(kernel).issue(effect, issue).await?;
    let link = kernel.mail_link(config, &token);
    effect.mail_to(user, VERIFY_EMAIL.message().link(link))
}
