//! When a key is what: the rule of the rotation, without a clock and without a database.

use std::fmt;
use std::time::Duration;

use auth_entity::signing_key::Model;
use time::OffsetDateTime;

use crate::jwt::LEEWAY_SECONDS;

/// How long caches may keep the published keys, the `max-age` of `/jwks.json`: five minutes.
pub const KEY_SET_MAX_AGE: Duration = Duration::from_secs(300);

/// How old a server's knowledge of the keys may be: one minute. A key that is dropped signs and passes no longer than that.
pub const MAX_AGE: Duration = Duration::from_secs(60);

/// How long a key must have been published before it may sign: until every server publishes it, every cache has fetched it
/// since, and clocks that differ by half a minute agree on both. 390 seconds.
pub const PUBLISHED_FOR: Duration =
    Duration::from_secs(KEY_SET_MAX_AGE.as_secs() + MAX_AGE.as_secs() + LEEWAY_SECONDS.unsigned_abs());

/// How old it gets before a server that is busy reads the keys again, beside its requests.
const REREAD: Duration = Duration::from_secs(30);

/// How long a server that asked for a key that it does not know waits before it asks again.
pub(super) const ASK_EVERY: Duration = Duration::from_secs(1);

/// What a key is for at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SigningKeyState {
    /// It signs.
    Current,
    /// It is published, and will sign.
    Next,
    /// Another key has taken its place; its tokens are good until they expire.
    Retired,
}

impl fmt::Display for SigningKeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Current => "current",
            Self::Next => "next",
            Self::Retired => "retired",
        })
    }
}

/// What decides what a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) created_at: OffsetDateTime,
    pub(super) promoted_at: Option<OffsetDateTime>,
    pub(super) retired_at: Option<OffsetDateTime>,
    pub(super) expires_at: Option<OffsetDateTime>,
}

impl From<&Model> for Times {
    fn from(row: &Model) -> Self {
        Self {
            created_at: row.created_at.0,
            promoted_at: row.promoted_at.map(|at| at.0),
            retired_at: row.retired_at.map(|at| at.0),
            expires_at: row.expires_at.map(|at| at.0),
        }
    }
}

impl Times {
    pub(super) fn state(&self) -> SigningKeyState {
        match (self.promoted_at, self.retired_at) {
            (_, Some(_)) => SigningKeyState::Retired,
            (Some(_), None) => SigningKeyState::Current,
            (None, None) => SigningKeyState::Next,
        }
    }

    /// Whether tokens of the key are good: those of the next one, too, because another server may know already that it was
    /// promoted.
    pub(super) fn is_accepted(&self, now: OffsetDateTime) -> bool {
        self.expires_at.is_none_or(|at| now < at)
    }
}

/// A key that was published then, or before, may sign now.
pub(super) fn published_by(now: OffsetDateTime) -> OffsetDateTime {
    crate::clock::before(now, PUBLISHED_FOR)
}

/// Until when a key is accepted that is retired now: another server may sign with it for a while, its tokens have a lifetime,
/// and clocks differ.
pub(super) fn accepted_until(now: OffsetDateTime, lifetime: Duration) -> OffsetDateTime {
    let leeway = Duration::from_secs(2 * LEEWAY_SECONDS.unsigned_abs());
    now + MAX_AGE + lifetime + leeway
}

/// Whether the keys that were read at a moment are good now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyAge {
    /// They are.
    Fresh,
    /// They are, and are to be read again meanwhile.
    Due,
    /// They are not.
    Stale,
}

impl KeyAge {
    pub(super) fn of(read_at: OffsetDateTime, now: OffsetDateTime) -> Self {
        // A clock that was set back tells nothing of how old they are.
        match (now - read_at).unsigned_abs() {
            age if age >= MAX_AGE => Self::Stale,
            age if age >= REREAD => Self::Due,
            _ => Self::Fresh,
        }
    }
}
