//! The device that waits for a link, as the job, the link and the mail have it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::config::LONGEST_WAIT;
use crate::device::DeviceWords;
use crate::mail::MailKind;
use crate::one_time::Purpose;

/// A login that waits for this link.
pub const CONFIRM_LOGIN: MailKind = MailKind::new(
    "confirm_login",
    &[("en", include_str!("mail/confirm_login.en.jinja")), ("de", include_str!("mail/confirm_login.de.jinja"))],
)
.carries_link(LONGEST_WAIT)
.uses(DeviceWords::VARIABLES);

/// The tokens that let a waiting device in.
pub const CONFIRM: Purpose = Purpose::new("magic_link_confirm", "mgc_");

/// What waits, as the job and the link have it.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Waiting {
    /// The row of the token.
    pub(super) id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) since: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) until: OffsetDateTime,
}
