//! A session and its user, as the rest of the program sees them.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use auth_entity::session;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::device::DeviceName;
use crate::error::Result;
use crate::scope;
use crate::user::User;

/// An active login, without its token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// The public id: shown in lists, worthless as a credential.
    pub id: Uuid,
    /// The account that the session belongs to.
    pub user_id: Uuid,
    /// The backend that issued its token.
    pub backend: String,
    /// When the user last authenticated, in UTC.
    pub auth_time: OffsetDateTime,
    pub(crate) amr: String,
    /// The assurance level of that authentication: 1 for one factor, 2 for two.
    pub aal: u8,
    /// When it began, in UTC.
    pub created_at: OffsetDateTime,
    /// When it was last used, in UTC, to the minute.
    pub last_seen_at: OffsetDateTime,
    /// When it ends at the latest, in UTC.
    pub expires_at: OffsetDateTime,
    /// Whether the browser keeps it when it is closed: it has no idle limit then.
    pub remembered: bool,
    /// When the client last got its token, in UTC: with a login, a change of credentials, or a cookie that was prolonged.
    pub token_at: OffsetDateTime,
    pub(crate) ip: Option<String>,
    /// The client's `User-Agent` at login.
    pub user_agent: Option<String>,
    /// The scopes that it is limited to, separated by blanks (RFC 6749, section 3.3); `None` for one that may do
    /// whatever its user may.
    pub scope: Option<String>,
}

impl Session {
    /// The methods of the last proof of identity (RFC 8176).
    pub fn amr(&self) -> impl Iterator<Item = &str> {
        self.amr.split(' ').filter(|method| !method.is_empty())
    }

    /// The client's address at login.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.ip.as_ref()?.parse().ok()
    }

    /// What the device is called on which it was begun.
    #[must_use]
    pub fn device_name(&self) -> DeviceName {
        DeviceName::of(self.user_agent.as_deref())
    }

    /// Whether the last proof of identity is at most `window` old.
    #[must_use]
    pub fn is_recent(&self, now: OffsetDateTime, window: Duration) -> bool {
        // Nobody is at the other end of a session that is limited to scopes: what asks for a person is not for it.
        !self.is_limited() && now < self.auth_time + window
    }

    /// When it ends, in UTC, if nobody uses it any more.
    pub(crate) fn end(&self, idle: Duration) -> OffsetDateTime {
        if self.remembered { self.expires_at } else { self.expires_at.min(self.last_seen_at + idle) }
    }

    /// Whether it is over: it ended at its latest moment, or for want of use.
    pub(crate) fn is_over(&self, now: OffsetDateTime, idle: Duration) -> bool {
        self.end(idle) <= now
    }

    /// The scopes that it is limited to; `None` for one that may do whatever its user may.
    #[must_use]
    pub fn scopes(&self) -> Option<Vec<&str>> {
        self.scope.as_deref().map(|scope| scope::split(scope).collect())
    }

    /// Whether it is limited to scopes, even to none at all.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.scope.is_some()
    }

    /// Insists on a session that is not limited to scopes.
    ///
    /// # Errors
    /// Fails with `SCOPE_UPGRADE_REQUIRED`, which lists no scope, because none suffices.
    pub fn require_unlimited(&self) -> Result<()> {
        if self.is_limited() { Err(scope::missing(&[])) } else { Ok(()) }
    }

    /// Insists on scopes. A session that is not limited has all of them.
    ///
    /// # Errors
    /// Fails with `SCOPE_UPGRADE_REQUIRED`, which lists the missing ones.
    pub fn require_scopes(&self, required: &[impl AsRef<str>]) -> Result<()> {
        scope::require(self.scope.as_deref(), required)
    }
}

impl From<session::Model> for Session {
    fn from(row: session::Model) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            backend: row.backend,
            auth_time: row.auth_time.0,
            amr: row.amr,
            aal: u8::try_from(row.aal).unwrap_or_default(),
            created_at: row.created_at.0,
            last_seen_at: row.last_seen_at.0,
            expires_at: row.expires_at.0,
            remembered: row.remembered,
            token_at: row.token_at.0,
            ip: row.ip,
            user_agent: row.user_agent,
            scope: row.scope,
        }
    }
}

/// A session as its user sees it in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedSession {
    /// The session.
    pub session: Session,
    /// The [known device](crate::device::Device) on which it was begun, until it is forgotten.
    pub device_id: Option<Uuid>,
}

/// The user and the session that a request is authenticated by.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Principal {
    /// The user.
    pub user: User,
    /// The session.
    pub session: Session,
    /// Whose answer it is.
    pub(crate) source: Source,
    /// Whether the server remembered it: then it may be [as old](crate::session::SessionConfig::staleness) as the app allows.
    pub(crate) is_remembered: bool,
}

impl Principal {
    /// Whether the server remembered it instead of asking the database: then it may be
    /// [as old](crate::session::SessionConfig::staleness) as the app allows.
    #[must_use]
    pub fn is_remembered(&self) -> bool {
        self.is_remembered
    }
}

/// Tells the handles of a process apart. A clone of a handle is the same source; another handle is not, even one that was
/// built alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source(u64);

impl Source {
    /// A source that no other handle has.
    pub(crate) fn unique() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}
