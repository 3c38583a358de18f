//! What a mail says about a device, in words for a person.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::client::Client;
use crate::mail::Message;

/// A device, and when it was used. What is not known is empty.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct DeviceWords {
    pub(crate) browser: String,
    pub(crate) system: String,
    pub(crate) address: String,
    pub(crate) time: String,
}

impl DeviceWords {
    /// The variables of mails that say on which device something happened, with samples.
    pub(crate) const VARIABLES: &[(&str, &str)] =
        &[("browser", "Firefox"), ("system", "Windows"), ("time", "2026-01-15 12:00 UTC"), ("address", "192.0.2.7")];

    pub(crate) fn new(client: &Client, at: OffsetDateTime) -> Self {
        let name = client.device_name();
        Self {
            browser: name.browser().to_owned(),
            system: name.system().unwrap_or_default().to_owned(),
            address: client.ip.map(|ip| ip.to_string()).unwrap_or_default(),
            time: format!("{} {:02}:{:02} UTC", at.date(), at.hour(), at.minute()),
        }
    }

    /// Gives the [variables](Self::VARIABLES) of a mail their values.
    pub(crate) fn fill(self, message: Message) -> Message {
        let Self { browser, system, address, time } = self;
        message.value("browser", browser).value("system", system).value("address", address).value("time", time)
    }
}
