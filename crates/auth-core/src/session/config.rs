//! How long sessions live, and how many a user may have.

use std::time::Duration;

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
}

impl Default for SessionConfig {
    /// Idle 7 days, absolute 30 days (NIST SP 800-63B, AAL1), recent 10 minutes, 100 for each user.
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self { idle: 7 * DAY, absolute: 30 * DAY, recent: Duration::from_secs(600), per_user: 100 }
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
        ];
        checks.into_iter().filter(|(wrong, _)| *wrong).map(|(_, text)| text.to_owned()).collect()
    }
}
