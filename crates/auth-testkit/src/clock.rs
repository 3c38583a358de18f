//! A clock that stands still until it is moved.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use auth_core::Clock;
use time::OffsetDateTime;

/// 2026-01-15T12:00:00Z, in seconds since the Unix epoch.
const START: i64 = 1_768_478_400;

/// A clock that tests move. Clones show the same time.
#[derive(Clone, Debug)]
pub struct MockClock(Arc<State>);

/// In milliseconds.
#[derive(Debug)]
struct State {
    now: AtomicI64,
    uptime: AtomicU64,
    /// What each look at the uptime adds to it.
    hurry: AtomicU64,
}

impl Default for MockClock {
    fn default() -> Self {
        let (uptime, hurry) = (AtomicU64::new(0), AtomicU64::new(0));
        Self(Arc::new(State { now: AtomicI64::new(START * 1000), uptime, hurry }))
    }
}

impl MockClock {
    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        self.0.now.fetch_add(milliseconds(by), Ordering::SeqCst);
        self.0.uptime.fetch_add(milliseconds(by).unsigned_abs(), Ordering::SeqCst);
    }

    /// Sets the clock back, as an administrator might. The uptime goes on.
    pub fn set_back(&self, by: Duration) {
        self.0.now.fetch_sub(milliseconds(by), Ordering::SeqCst);
    }

    /// Another clock, which shows the same time until one of them is moved.
    #[must_use]
    pub fn copy(&self) -> Self {
        let State { now, uptime, hurry } = &*self.0;
        Self(Arc::new(State {
            now: AtomicI64::new(now.load(Ordering::SeqCst)),
            uptime: AtomicU64::new(uptime.load(Ordering::SeqCst)),
            hurry: AtomicU64::new(hurry.load(Ordering::SeqCst)),
        }))
    }

    /// Has each look at the uptime find a second more, so that nothing that is remembered is taken for new without a look.
    pub fn hurry(&self) {
        self.0.hurry.store(1_000, Ordering::SeqCst);
    }
}

impl Clock for MockClock {
    fn now(&self) -> OffsetDateTime {
        let milliseconds = self.0.now.load(Ordering::SeqCst);
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    fn uptime(&self) -> Duration {
        let hurry = self.0.hurry.load(Ordering::SeqCst);
        Duration::from_millis(self.0.uptime.fetch_add(hurry, Ordering::SeqCst))
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_for_every_clone() {
        let clock = MockClock::default();
        let (other, start) = (clock.clone(), clock.now());
        clock.advance(Duration::from_millis(1500));
        assert_eq!(other.now() - start, time::Duration::milliseconds(1500));
        other.set_back(Duration::from_secs(2));
        assert_eq!(clock.now() - start, time::Duration::milliseconds(-500));
    }
}
