//! A device that an account knows.

use auth_entity::device::Model;
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use super::key::DeviceKeys;
use super::name::DeviceName;

/// The kind of a browser that carries the cookie.
pub(super) const COOKIE: &str = "cookie";

/// The kind of the network of a client without cookies.
pub(super) const NETWORK: &str = "network";

/// A device from which an account was used before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownDevice {
    pub(crate) id: Uuid,
    /// Whether a link that was mailed to the account was opened there.
    pub(crate) opened_mail: bool,
    /// Whether it is a network, which all who are there share.
    pub(crate) is_network: bool,
    pub(super) last_seen_at: OffsetDateTime,
}

impl From<Model> for KnownDevice {
    fn from(row: Model) -> Self {
        let Model { id, opened_mail, last_seen_at, kind, .. } = row;
        Self { id, opened_mail, is_network: kind == NETWORK, last_seen_at: last_seen_at.0 }
    }
}

impl KnownDevice {
    /// Of the devices that a request may come from, the one that it is: a browser rather than a network.
    pub(crate) fn among(mut rows: Vec<Model>) -> Option<Self> {
        rows.sort_by_key(|row| row.kind != COOKIE);
        rows.into_iter().next().map(Self::from)
    }
}

/// What is known about the device of somebody who authenticated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Nobody has looked yet.
    #[default]
    Unasked,
    /// The account knows it.
    Known(KnownDevice),
    /// The account does not know it.
    Unknown,
}

impl From<Option<KnownDevice>> for Seen {
    fn from(device: Option<KnownDevice>) -> Self {
        device.map_or(Self::Unknown, Self::Known)
    }
}

/// A device that an account knows, as its user sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Device {
    /// UUID version 7.
    pub id: Uuid,
    /// `cookie` for a browser, and `network` for the clients without cookies of a network.
    pub kind: String,
    /// The `User-Agent` of the login that made it known.
    pub user_agent: Option<String>,
    /// When it became known, in UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was last used to log in, to the day, in UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub last_seen_at: OffsetDateTime,
    /// When it is forgotten unless it is used again, in UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// Whether it is the device of the request.
    #[serde(skip)]
    pub is_current: bool,
}

impl Device {
    /// The device of a row, for a request with these keys.
    pub(super) fn new(row: Model, keys: Option<&DeviceKeys>) -> Self {
        let is_current = keys.is_some_and(|keys| keys.all().contains(&row.key_hash.0));
        let Model { id, kind, user_agent, created_at, last_seen_at, expires_at, .. } = row;
        let (created_at, last_seen_at, expires_at) = (created_at.0, last_seen_at.0, expires_at.0);
        Self { id, kind, user_agent, created_at, last_seen_at, expires_at, is_current }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> DeviceName {
        DeviceName::of(self.user_agent.as_deref())
    }
}
