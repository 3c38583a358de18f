//! The mail that tells an owner of a login on a device that the account did not know.

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::words::DeviceWords;
use crate::account::store;
use crate::effect::Effect;
use crate::error::{Error, Result};
use crate::limit::{Limit, Rate};
use crate::mail::{Mail, MailKind, MailLink};
use crate::telemetry;
use crate::user::User;

/// How long the mail is worth sending.
pub(super) const LIFETIME: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// A login on a device that the account did not know.
pub const NEW_DEVICE: MailKind = MailKind::new(
    "new_device",
    &[("en", include_str!("mail/new_device.en.jinja")), ("de", include_str!("mail/new_device.de.jinja"))],
)
.may_carry_link(LIFETIME)
.uses(DeviceWords::VARIABLES);

/// Such mails to an account. Each needs a login that succeeded.
pub const NEW_DEVICE_MAILS: Limit<Uuid> = Limit::new("new_device_mails", &[Rate::per_hour(5), Rate::per_day(20)]);

/// The name of the job that finds out whether the owner is told.
pub(super) const JOB: &str = "new_device";

/// The job: a login.
#[derive(Serialize, Deserialize)]
struct NewDeviceJob {
    user_id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
}

/// Has the owner of an account, as it was before, told of the login on a new device that the effect is about. The visitor waits for
/// one statement, whether or not a mail follows.
///
/// # Errors
/// Fails with an internal error when the job cannot be written as JSON.
pub(crate) fn tell_owner(effect: &Effect, user: &User) -> Result<()> {
    // The owner of an account that was never used expects its first login.
    if !effect.kernel().configs().devices.new_device_mail || user.last_login_at.is_none() {
        return Ok(());
    }
    effect.queue_job(JOB, NewDeviceJob { user_id: user.id, at: effect.kernel().now() })
}

/// Carries the job out.
pub(super) fn run_job<'a>(effect: &'a Effect, body: &'a Value) -> BoxFuture<'a, Result<Option<Mail>>> {
    Box::pin(async move {
        let job = NewDeviceJob::deserialize(body).map_err(Error::internal)?;
        // Queued as a notice of its own: mail that anyone can ask for cannot hold it back.
        queue(effect, job).await.map(|()| None)
    })
}

/// Queues the mail in the language of the account, if the address is verified: an unverified one may belong to somebody else,
/// who must not learn the address of the client.
async fn queue(effect: &Effect, NewDeviceJob { user_id, at }: NewDeviceJob) -> Result<()> {
    let kernel = effect.kernel();
    // Locked: jobs that take of the limit at the same moment would take of its day although its hour is used up.
    let Some(row) = store::find_for_update(effect.tx(), user_id).await?.filter(|row| row.is_verified) else {
        return Ok(());
    };
    let limit = NEW_DEVICE_MAILS.of(&user_id);
    if !kernel.limiter().take_or_tell(effect, &limit).await? {
        telemetry::limit_refused(limit.name());
        return Ok(());
    }
    let message = DeviceWords::new(effect.client(), at).fill(NEW_DEVICE.message());
    let message = match &kernel.configs().devices.account_page {
        Some(page) => message.link(MailLink::new(kernel.page(page), LIFETIME)),
        None => message,
    };
    effect.queue_mail_by_locale(row, message)
}
