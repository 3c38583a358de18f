//! The device that waits for a link, as the job, the link and the mail have it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::config::LONGEST_WAIT;
use crate::client::Client;
use crate::mail::MailKind;
use crate::one_time::Purpose;

/// A login that waits for this link.
pub const CONFIRM_LOGIN: MailKind = MailKind::new(
    "confirm_login",
    &[("en", include_str!("mail/confirm_login.en.jinja")), ("de", include_str!("mail/confirm_login.de.jinja"))],
)
.carries_link(LONGEST_WAIT)
.uses(&[("browser", "Firefox"), ("system", "Windows"), ("time", "2026-01-15 12:00 UTC"), ("address", "192.0.2.7")]);

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

/// The device that waits, in words for a person.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Device {
    pub(super) browser: String,
    pub(super) system: String,
    pub(super) address: String,
    pub(super) time: String,
}

impl Device {
    pub(super) fn of(client: &Client, since: OffsetDateTime) -> Self {
        let name = client.device_name();
        Self {
            browser: name.browser().to_owned(),
            system: name.system().unwrap_or_default().to_owned(),
            address: client.ip.map(|ip| ip.to_string()).unwrap_or_default(),
            time: format!("{} {:02}:{:02} UTC", since.date(), since.hour(), since.minute()),
        }
    }
}
