//! How long sessions live, and how many a user may have.

use std::time::Duration;

use crate::change::MEMORY;
use crate::clock::MAX_LIFETIME;

/// How long sessions live, and how many a user may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionConfig {
    /// The idle limit: a session ends after this time without use.
    pub idle: Duration,
    /// The absolute limit: a session ends this long after the login.
    pub absolute: Duration,
    /// How long a login counts as recent for sensitive actions.
    pub recent: Duration,
    /// The number of sessions per user; the oldest ends when another one begins.
    pub per_user: u64,
    /// How many sessions a server remembers, so that most requests need no statement; 0, the default, for none. What this server
    /// changes it knows at once, and what others change after [`staleness`](Self::staleness).
    pub cached: u64,
    /// How old what a server remembers may be, and how soon [`ended`](crate::Sessions::ended) hears of a session that was ended on
    /// another server; at least 10 milliseconds, at most a minute.
    pub staleness: Duration,
}

impl Default for SessionConfig {
    /// Idle 7 days, absolute 30 days (NIST SP 800-63B, AAL1), recent 10 minutes, 100 for each user; nothing is remembered.
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            idle: 7 * DAY,
            absolute: 30 * DAY,
            recent: Duration::from_secs(600),
            per_user: 100,
            cached: 0,
            staleness: Duration::from_secs(1),
        }
    }
}

impl SessionConfig {
    /// Everything that is wrong with this configuration; empty when it can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let zero = self.idle.is_zero() || self.absolute.is_zero() || self.per_user == 0;
        let long = [self.idle, self.absolute, self.recent].iter().any(|limit| *limit > MAX_LIFETIME);
        let checks = [
            (zero, "set each limit of `sessions` above zero"),
            (
                self.per_user > u32::MAX.into(),
                "set `sessions.per_user` to at most 4294967295: databases count no further",
            ),
            (long, "set each time of `sessions` to at most 400 days"),
            (
                !(Duration::from_millis(10)..=MEMORY).contains(&self.staleness),
                "set `sessions.staleness` to between 10 milliseconds and a minute",
            ),
        ];
        checks.into_iter().filter(|(wrong, _)| *wrong).map(|(_, text)| text.to_owned()).collect()
    }
}
