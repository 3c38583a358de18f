//! A device that an account knows.

use auth_entity::device::Model;
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

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
    pub(super) last_seen_at: OffsetDateTime,
}

impl From<Model> for KnownDevice {
    fn from(row: Model) -> Self {
        Self { id: row.id, opened_mail: row.opened_mail, last_seen_at: row.last_seen_at.0 }
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

/// A device as a user takes it along.
#[derive(Serialize)]
pub(super) struct ExportedDevice {
    kind: String,
    user_agent: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    last_seen_at: OffsetDateTime,
}

impl From<Model> for ExportedDevice {
    fn from(row: Model) -> Self {
        let Model { kind, user_agent, created_at, last_seen_at, .. } = row;
        Self { kind, user_agent, created_at: created_at.0, last_seen_at: last_seen_at.0 }
    }
}
