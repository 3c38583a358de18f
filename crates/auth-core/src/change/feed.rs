//! What a server knows of changes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moka::sync::Cache;
use sea_orm::ConnectionTrait;
use time::OffsetDateTime;
use uuid::Uuid;

use super::model::{Concerned, MEMORY};
use super::position::Position;
use super::store;
use super::watch::{Watch, Watchers};
use crate::error::Result;
use crate::telemetry;

/// How many changes are read at once. A server that has missed more forgets everything instead.
const BATCH: u64 = 10_000;

/// What this server knows of changes, its own and those of others.
pub(crate) struct ChangeFeed {
    /// Counts what this server has learned, so that of two things it can tell which it learned first.
    count: AtomicU64,
    /// When each account last changed, by that count. Kept for longer than anything is remembered.
    changed: Cache<Uuid, u64>,
    /// When something last changed for everybody.
    everybody: AtomicU64,
    reading: Mutex<Reading>,
    watchers: Watchers,
}

/// How far the changes of others were read.
#[derive(Default)]
struct Reading {
    position: Option<Position>,
    /// When the last reading that succeeded began, in the time that the program has run.
    begun: Option<Duration>,
    /// Whether one is under way.
    is_under_way: bool,
}

/// A moment in what this server has learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

impl Default for ChangeFeed {
    fn default() -> Self {
        Self {
            count: AtomicU64::new(0),
            changed: Cache::builder().time_to_live(2 * MEMORY).build(),
            everybody: AtomicU64::new(0),
            reading: Mutex::default(),
            watchers: Watchers::default(),
        }
    }
}

impl ChangeFeed {
    /// Writes down whom an effect concerns, in its transaction.
    pub(crate) async fn write(db: &impl ConnectionTrait, concerned: &[Concerned], now: OffsetDateTime) -> Result<()> {
        if concerned.is_empty() { Ok(()) } else { store::insert(db, concerned, now).await }
    }

    /// Learns of changes: what was remembered of these accounts before is worth nothing any more.
    pub(crate) fn learn(&self, concerned: &[Concerned]) {
        for Concerned(user_id) in concerned {
            let count = self.count.fetch_add(1, Ordering::SeqCst) + 1;
            match user_id {
                Some(user_id) => self.changed.insert(*user_id, count),
                None => self.everybody.store(count, Ordering::SeqCst),
            }
            self.watchers.wake(*user_id);
        }
    }

    /// The present moment. What is read from the database afterwards is at least as new as everything learned so far.
    pub(crate) fn moment(&self) -> Moment {
        Moment(self.count.load(Ordering::SeqCst))
    }

    /// Whether nothing was learned about an account after a moment: whether what was read then may still be true.
    pub(crate) fn unchanged(&self, user_id: Uuid, since: Moment) -> bool {
        self.everybody.load(Ordering::SeqCst) <= since.0 && self.changed.get(&user_id).is_none_or(|at| at <= since.0)
    }

    /// Makes sure that this server knows every change that was committed more than `bound` ago, with a statement where it has
    /// to. False where it does not know: another request is finding out, or the database does not answer.
    ///
    /// Requests look once in half of `bound`, so that a steady stream of them never has to wait for each other.
    pub(crate) async fn are_known(&self, db: &impl ConnectionTrait, uptime: Duration, bound: Duration) -> bool {
        let age = {
            let reading = self.reading();
            let age = reading.begun.map(|begun| uptime.saturating_sub(begun));
            if age.is_some_and(|age| age < bound / 2) {
                return true;
            }
            if reading.is_under_way {
                return age.is_some_and(|age| age < bound);
            }
            age
        };
        // Boxed: few requests get here, and each would carry the room for it.
        match Box::pin(self.read(db, uptime)).await {
            Ok(is_read) => is_read || age.is_some_and(|age| age < bound),
            Err(cause) => {
                tracing::warn!(%cause, "the list of changes could not be read, so that nothing is remembered");
                false
            }
        }
    }

    /// Reads what changed since the last time; false where somebody else is just doing that.
    pub(crate) async fn read(&self, db: &impl ConnectionTrait, uptime: Duration) -> Result<bool> {
        let Some(turn) = Turn::take(self) else { return Ok(false) };
        let read = self.read_in(turn, db, uptime).await;
        telemetry::changes_read(read.is_ok());
        read.map(|()| true)
    }

    async fn read_in(&self, turn: Turn<'_>, db: &impl ConnectionTrait, uptime: Duration) -> Result<()> {
        let floor = self.reading().position.as_ref().map(Position::floor);
        let rows = store::after(db, floor.unwrap_or(i64::MAX), BATCH).await?;
        let is_complete = rows.len() < usize::try_from(BATCH).unwrap_or(usize::MAX);
        let mut reading = self.reading();
        let news = match reading.position.as_mut().filter(|_| is_complete) {
            Some(position) => position.advance(&rows, uptime),
            None => None,
        };
        // What begins to read, or has lost its place, knows nothing of what was before.
        let news = news.unwrap_or_else(|| {
            reading.position = Some(Position::at(rows.first().map_or(0, |newest| newest.number), uptime));
            vec![Concerned(None)]
        });
        // Before the reading counts as done: who sees that it is done sees what it found.
        self.learn(&news);
        reading.begun = Some(uptime);
        drop(reading);
        drop(turn);
        Ok(())
    }

    /// How old what this server knows is.
    pub(crate) fn age(&self, uptime: Duration) -> Option<Duration> {
        self.reading().begun.map(|begun| uptime.saturating_sub(begun))
    }

    /// Wakes who waits for news of an account.
    pub(crate) fn watch(&self, user_id: Uuid) -> Watch<'_> {
        self.watchers.watch(user_id)
    }

    pub(crate) fn watchers(&self) -> &Watchers {
        &self.watchers
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to read, which ends when the reader goes away.
struct Turn<'a>(&'a ChangeFeed);

impl<'a> Turn<'a> {
    fn take(changes: &'a ChangeFeed) -> Option<Self> {
        let mut reading = changes.reading();
        if reading.is_under_way {
            return None;
        }
        reading.is_under_way = true;
        drop(reading);
        Some(Self(changes))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.reading().is_under_way = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> [Uuid; 2] {
        [1, 2].map(Uuid::from_u128)
    }

    #[test]
    fn what_was_read_before_a_change_does_not_hold() {
        let (feed, [ada, grace]) = (ChangeFeed::default(), ids());
        let asked = feed.moment();
        assert!(feed.unchanged(ada, asked));
        // The change comes while the answer is on its way.
        feed.learn(&[Concerned(Some(ada))]);
        assert!(!feed.unchanged(ada, asked));
        assert!(feed.unchanged(grace, asked));
        let asked_again = feed.moment();
        assert!(feed.unchanged(ada, asked_again));
        feed.learn(&[Concerned(None)]);
        assert!(!feed.unchanged(ada, asked_again) && !feed.unchanged(grace, asked));
        assert!(feed.unchanged(ada, feed.moment()));
    }

    #[test]
    fn one_reads_at_a_time_and_may_go_away() {
        let feed = ChangeFeed::default();
        let turn = Turn::take(&feed);
        assert!(turn.is_some() && Turn::take(&feed).is_none());
        drop(turn);
        assert!(Turn::take(&feed).is_some());
    }
}
