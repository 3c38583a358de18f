//! How long devices are known, and the link that makes one known.

use std::time::Duration;

use crate::clock::MAX_LIFETIME;
use crate::mail::LinkConfig;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the link works unless the app says otherwise.
pub(crate) const LIFETIME: Duration = DAY;

/// The configuration of known devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceConfig {
    /// The link that makes the device which opens it known.
    pub link: LinkConfig,
    /// How long a browser is known after it was last used: a minute at least, 400 days at most.
    pub cookie_lifetime: Duration,
    /// How long the network of a client without cookies is known after it was last used.
    pub network_lifetime: Duration,
    /// Whether the owner gets a mail about a login on a device that the account does not know.
    pub new_device_mail: bool,
    /// The path of the page of the front end that this mail links to, such as `account`: one on which users see their sessions, log
    /// other devices out and choose a new password. Without it, the mail names the public URL.
    pub account_page: Option<String>,
}

impl Default for DeviceConfig {
    /// The page `device/confirm`, a day; browsers for 180 days, networks for 30; mails about new devices, which name the public
    /// URL.
    fn default() -> Self {
        Self {
            link: LinkConfig::new("device/confirm", LIFETIME),
            cookie_lifetime: DAY * 180,
            network_lifetime: DAY * 30,
            new_device_mail: true,
            account_page: None,
        }
    }
}

impl DeviceConfig {
    /// Everything that is wrong with this configuration; empty when it can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = self.link.problems("devices.link");
        let page = self.account_page.iter().map(|page| LinkConfig::new(page, LIFETIME));
        problems.extend(page.flat_map(|page| page.problems("devices.account_page")));
        for (name, lifetime) in [("cookie", self.cookie_lifetime), ("network", self.network_lifetime)] {
            if lifetime < Duration::from_secs(60) || lifetime > MAX_LIFETIME {
                problems.push(format!("set `devices.{name}_lifetime` between a minute and 400 days, not {lifetime:?}"));
            }
        }
        problems
    }
}
