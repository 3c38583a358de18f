//! The mail that asks an owner whether it was them, and whose link makes their device known.

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::config::LIFETIME;
use crate::account::store;
use crate::client::Client;
use crate::effect::Effect;
use crate::error::{Error, Result};
use crate::event::EventKind;
use crate::kernel::Kernel;
use crate::limit::{Limit, Rate, Subject};
use crate::mail::{MAIL_REQUESTS, Mail, MailKind};
use crate::one_time::{Issue, OneTimeTokens, Purpose};
use crate::user::User;

/// Somebody gave wrong passwords too often. The link makes the device that opens it known, so that the owner can log in
/// while others are held back.
pub const CONFIRM_DEVICE: MailKind = MailKind::new(
    "confirm_device",
    &[("en", include_str!("mail/confirm_device.en.jinja")), ("de", include_str!("mail/confirm_device.de.jinja"))],
)
.carries_link(LIFETIME);

/// The tokens that make a device known.
pub const CONFIRM: Purpose = Purpose::new("confirm_device", "kdv_");

/// Such mails to an account: those that clients cause, and by themselves those that the app owes it.
pub const DEVICE_MAILS: Limit<Subject> = Limit::new("device_mails", &[Rate::per_hour(1), Rate::per_day(3)]);

/// The name of the job that finds out whom the mail is for.
pub(super) const JOB: &str = "confirm_device";

/// The job: the account, if there is one of the name that was typed.
#[derive(Serialize, Deserialize)]
struct ConfirmJob {
    user_id: Option<Uuid>,
}

/// Asks the owner of an account whether it was them, as often as that may be asked. The work is the same when no account
/// has the name. A notice that the app itself owes the owner has `Client::default()`, and no client can use up its limit.
///
/// # Errors
/// Fails when the database does.
pub(crate) async fn ask_owner(kernel: &Kernel, subject: &Subject, client: &Client) -> Result<()> {
    let by_client = MAIL_REQUESTS.of(client).only(CONFIRM_DEVICE.name());
    // What clients have mailed, and may be turned down, takes nothing of the notice that the app itself owes.
    let of_owner = DEVICE_MAILS.of(subject).only(if client.is_remote() { "" } else { "notice" });
    for bucket in [by_client, of_owner] {
        if kernel.limiter().reserve(&[bucket]).await?.is_some() {
            return Ok(());
        }
    }
    kernel.queue_job(JOB, ConfirmJob { user_id: subject.user_id() }, client).await
}

/// Carries the job out.
pub(super) fn run_job<'a>(effect: &'a Effect, body: &'a Value) -> BoxFuture<'a, Result<Option<Mail>>> {
    Box::pin(async move {
        let ConfirmJob { user_id } = ConfirmJob::deserialize(body).map_err(Error::internal)?;
        let Some(id) = user_id else { return Ok(None) };
        let Some(row) = store::find(effect.tx(), id).await?.filter(|row| row.is_active) else { return Ok(None) };
        effect.use_locale_of(row.locale.as_deref());
        mail(effect, &row.into()).await
    })
}

async fn mail(effect: &Effect, user: &User) -> Result<Option<Mail>> {
    let kernel = effect.kernel();
    let config = &kernel.configs().devices.link;
    let issue = Issue { user: Some(user), ..Issue::new(CONFIRM, config.lifetime) };
    let token = OneTimeTokens::new(kernel).issue(effect, issue).await?;
    let link = kernel.mail_link(config, &token);
    effect.emit(EventKind::DeviceConfirmationRequested { user_id: user.id });
    effect.mail_to(user, CONFIRM_DEVICE.message().link(link))
}
