//! One row of a limit that an action takes of. Moments are milliseconds, as they are stored.

use std::time::Duration;

use auth_entity::limit::Model;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Pace, Rate};

/// The wait after the first use in a row that is one too many.
const FIRST_WAIT: Duration = Duration::from_secs(30);

/// How long uses in a row are remembered after the last one. A client that waits so long gets less than by going on.
const MEMORY: Duration = Duration::from_secs(24 * 60 * 60);

/// A thousand years, in milliseconds: no window is longer, so that sums do not overflow and the rows can be read back.
const LONGEST: i64 = 1000 * 365 * 24 * 60 * 60 * 1000;

/// One row that has to have room.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) id: Uuid,
    pub(super) rate: Rate,
    pub(super) pace: Pace,
}

/// The columns of a row after one use.
pub(super) struct Columns<T, U> {
    pub(super) next_at: T,
    pub(super) used: U,
    pub(super) ends_at: T,
}

pub(super) fn millis(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

fn millis_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX).min(LONGEST)
}

impl Claim {
    pub(super) fn per(&self) -> i64 {
        millis_of(self.rate.per)
    }

    pub(super) fn times(&self) -> i32 {
        // Far enough from the largest number that the uses beyond it, one for each step of a growing wait, can be counted.
        i32::try_from(self.rate.times).unwrap_or(i32::MAX).min(i32::MAX - 64)
    }

    /// The time that one use of an even pace takes.
    pub(super) fn every(&self) -> i64 {
        self.per() / i64::from(self.times().max(1))
    }

    /// How long a row is worth something after a use.
    pub(super) fn horizon(&self) -> i64 {
        match self.pace {
            Pace::Window | Pace::Even => self.per(),
            Pace::Doubling | Pace::Spaced => millis_of(MEMORY).max(self.per()),
        }
    }

    /// The wait after so many uses in a row.
    pub(super) fn wait(&self, used: i32) -> i64 {
        let Ok(beyond) = u32::try_from(i64::from(used) - i64::from(self.times())) else { return 0 };
        let wait = match self.pace {
            Pace::Doubling => millis_of(FIRST_WAIT) << beyond.min(32),
            Pace::Window | Pace::Even | Pace::Spaced => i64::MAX,
        };
        wait.min(self.per())
    }

    /// A row of which one was taken.
    pub(super) fn first(&self, now: i64) -> Columns<i64, i32> {
        let (next_at, ends_at) = match self.pace {
            Pace::Window => (0, now + self.per()),
            Pace::Even => (now + self.every() - (self.per() - self.every()), now + self.every()),
            Pace::Doubling | Pace::Spaced => (self.next_at(1, now), now + self.horizon()),
        };
        Columns { next_at, used: 1, ends_at }
    }

    /// When the next one may be taken after so many uses in a row.
    pub(super) fn next_at(&self, used: i32, now: i64) -> i64 {
        // Clocks of servers differ: where there is no wait, no clock is asked.
        match self.wait(used) {
            0 => 0,
            wait => now + wait,
        }
    }

    /// The row among those that were read, if there is one.
    pub(super) fn row<'a>(&self, rows: &'a [Model]) -> Option<&'a Model> {
        rows.iter().find(|row| row.id == self.id)
    }

    /// Whether one may be taken of a row that was read, or of one that is not there.
    pub(super) fn has_room(&self, row: Option<&Model>, now: i64) -> bool {
        let Some(row) = row else { return true };
        let (next_at, ends_at) = (millis(row.next_at.0), millis(row.ends_at.0));
        let over = ends_at <= now || ends_at > now + 2 * self.horizon();
        over || match self.pace {
            Pace::Window => row.used < self.times(),
            _ => next_at <= now || next_at > now + 2 * self.per(),
        }
    }

    /// The time that one use is worth, which is given back with it.
    pub(super) fn worth(&self) -> i64 {
        if self.pace == Pace::Even { self.every() } else { 0 }
    }

    /// The number that a full row has, and the one that marks that somebody was refused: once for each window, and of an
    /// even pace once for each use. `None` where each refusal counts as the first.
    pub(super) fn mark(&self, used: i32) -> Option<(i32, i32)> {
        match self.pace {
            Pace::Window => Some((self.times(), self.times() + 1)),
            Pace::Even => Some((used.max(1), 0)),
            Pace::Doubling | Pace::Spaced => None,
        }
    }

    /// How long until one may be taken of a row that has no room.
    pub(super) fn retry_after(&self, row: Option<&Model>, now: i64) -> Duration {
        let at = row.map(|row| if self.pace == Pace::Window { row.ends_at.0 } else { row.next_at.0 });
        let left = at.and_then(|at| u64::try_from(millis(at) - now).ok()).unwrap_or_default();
        Duration::from_millis(left).max(Duration::from_secs(1))
    }
}
