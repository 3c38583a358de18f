//! Every metric, as a value: what the code counts, and what `docs/metrics.md` lists.

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// A number that only grows.
    Counter,
    /// A number that goes up and down.
    Gauge,
    /// A distribution, in seconds.
    Histogram,
}

impl MetricKind {
    /// Its name in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metric {
    /// The name. What is measured in seconds ends with `_seconds`, and a counter with `_total`.
    pub name: &'static str,
    /// What it is.
    pub kind: MetricKind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it says.
    pub meaning: &'static str,
}

/// Declares each metric once: its constant, its kind, its name, its labels and what it says.
macro_rules! metrics {
    ($($constant:ident = $kind:ident $name:literal [$($label:literal),*]: $meaning:literal,)+) => {
        $(pub(super) const $constant: Metric =
            Metric { name: $name, kind: MetricKind::$kind, labels: &[$($label),*], meaning: $meaning };)+

        /// Every metric, in the order of the documentation.
        pub const METRICS: &[Metric] = &[$($constant,)+];
    };
}

metrics! {
    REQUESTS = Counter "auth_requests_total" ["route", "backend", "outcome"]:
        "Requests to the routes of the library. `route` is the id of the route without the backend, `backend` the backend of a route that belongs to one. `outcome` is `ok`, an error code, or `abandoned` if the client hung up first.",
    REQUEST_DURATION = Histogram "auth_request_duration_seconds" ["route", "result"]:
        "How long their answers took, the arrival of the body included. `result` is `ok`, `refused` (4xx) or `failed` (5xx).",
    DATABASE_UNAVAILABLE = Counter "auth_database_unavailable_total" []:
        "Answers with 503 because the database was unavailable.",
    EVENTS = Counter "auth_events_total" ["event"]:
        "Events, counted after the commit of what they tell of. `event` is a name from the audit log.",
    LOGIN_FAILURES = Counter "auth_login_failures_total" ["reason"]:
        "The event `login_failure` by its reason.",
    LIMIT_REFUSALS = Counter "auth_limit_refusals_total" ["limit"]:
        "Requests and mails that a rate limit refused. `limit` is the name of the limit.",
    HASHES_WAITING = Gauge "auth_password_hashes_waiting" []:
        "Callers that wait for their turn to hash a password.",
    HASHES_RUNNING = Gauge "auth_password_hashes_running" []:
        "Threads of the hasher that work.",
    HASHES_REFUSED = Counter "auth_password_hashes_refused_total" []:
        "Callers that were turned away because the queue was full or the wait too long.",
    HASH_WAIT = Histogram "auth_password_hash_wait_seconds" []:
        "How long the callers that got their turn had waited for it.",
    HASH_DURATION = Histogram "auth_password_hash_duration_seconds" []:
        "How long a thread of the hasher worked: on a hash, or on the rules for a new password.",
    SESSION_CACHE = Counter "auth_session_cache_total" ["result"]:
        "Sessions that were looked up where the server remembers sessions: `hit`, or `miss` if the database was asked.",
    CHANGE_READINGS = Counter "auth_change_readings_total" ["result"]:
        "Readings of the list of changes, which the remembered sessions rely on: `ok` or `failed`.",
    CHANGE_AGE = Gauge "auth_change_feed_age_seconds" []:
        "The age of what the server knows of changes, looked at once a minute; nothing before the first reading.",
    OUTBOX_WAITING = Gauge "auth_outbox_waiting" []:
        "Mails and jobs that wait in the outbox, counted once a minute. Each server reports the same number.",
    OUTBOX_FAILED = Gauge "auth_outbox_failed" []:
        "Dead letters in the outbox, counted in the same way.",
    OUTBOX_AGE = Gauge "auth_outbox_oldest_age_seconds" []:
        "The age of the mail or job that has waited longest, counted in the same way; 0 if none waits.",
    MAILS = Counter "auth_mails_total" ["mail", "result"]:
        "Attempts to send a mail of a kind: `sent`, `postponed` to another attempt, or `given_up`.",
    JOBS_GIVEN_UP = Counter "auth_jobs_given_up_total" ["mail"]:
        "Jobs that were given up before they led to a mail, by the kind of that mail.",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_conventions() {
        for metric in METRICS {
            let Metric { name, kind, .. } = *metric;
            assert!(name.starts_with("auth_"), "{name}");
            assert_eq!(name.ends_with("_total"), kind == MetricKind::Counter, "{name}");
            assert!(kind != MetricKind::Histogram || name.ends_with("_seconds"), "{name}");
            assert_eq!(METRICS.iter().filter(|other| other.name == name).count(), 1, "{name}");
        }
    }
}
