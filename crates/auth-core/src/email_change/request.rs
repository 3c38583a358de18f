//! Asking the owner of a new email address for its confirmation.

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::contested::can_be_claimed;
use super::link::{CONFIRM, CONFIRM_EMAIL, EMAIL_CHANGE_REQUESTED, LinkData};
use crate::account::store;
use crate::effect::Effect;
use crate::error::{Error, Result};
use crate::event::EventKind;
use crate::identifier::Email;
use crate::mail::{Mail, Recipient};
use crate::one_time::{Family, Issue, OneTimeTokens};
use crate::user::User;

/// The name of the job that finds out whether the new address is free.
pub(crate) const JOB: &str = "confirm_email";

/// The job: a new email address for an account as it is at this epoch.
#[derive(Serialize, Deserialize)]
struct ConfirmJob {
    user_id: Uuid,
    security_epoch: i64,
    email: String,
}

/// Asks for the confirmation of a new address, and tells the old one.
pub(crate) fn request_confirmation(effect: &Effect, user: &User, email: &Email) -> Result<()> {
    effect.emit(EventKind::EmailChangeRequested { user_id: user.id });
    let email = email.as_str().to_owned();
    effect.queue_job(JOB, ConfirmJob { user_id: user.id, security_epoch: user.security_epoch, email })?;
    effect.queue_mail_to(user, EMAIL_CHANGE_REQUESTED)
}

/// Carries the job out.
pub(crate) fn run_job<'a>(effect: &'a Effect, body: &'a Value) -> BoxFuture<'a, Result<Option<Mail>>> {
    Box::pin(async move { compose(effect, ConfirmJob::deserialize(body).map_err(Error::internal)?).await })
}

async fn compose(effect: &Effect, job: ConfirmJob) -> Result<Option<Mail>> {
    let kernel = effect.kernel();
    let email = Email::parse(&job.email).map_err(Error::internal)?;
    let user = store::find(effect.tx(), job.user_id).await?.map(User::from);
    let Some(user) = user.filter(|user| user.is_active && user.security_epoch == job.security_epoch) else {
        return Ok(None);
    };
    if !can_be_claimed(effect, &email, user.id).await? {
        return Ok(None);
    }
    let config = &kernel.configs().email_change.confirm_link;
    let id = user.id.to_string();
    let data = LinkData { email: email.as_str().to_owned(), is_verified: true, epoch: user.security_epoch };
    let issue = Issue {
        user: Some(&user),
        family: Some(Family::new(&id, effect.client())),
        data: Some(data.into_json()?),
        ..Issue::new(CONFIRM, config.lifetime)
    };
    let token = OneTimeTokens::new(kernel).issue(effect, issue).await?;
    let link = kernel.mail_link(config, &token);
    effect.mail(Recipient::unverified(email.as_str()), CONFIRM_EMAIL.message().link(link)).map(Some)
}
