//! What is counted together.

use std::fmt;

use super::{Counted, DeclaredLimit, Limit, Limits, Pace, Rate};

/// What is left of a limit for one of those it counts. `Debug` does not show for whom, which may be an address.
#[derive(Clone)]
pub struct Bucket {
    limit: DeclaredLimit,
    what: &'static str,
    whom: Vec<(Vec<String>, u32)>,
}

/// One row that has to have room, by the parts of its name.
pub(super) struct Quota {
    pub(super) key: Vec<String>,
    pub(super) rate: Rate,
    pub(super) pace: Pace,
}

impl<T: Counted> Limit<T> {
    /// What is left for one of those it counts.
    #[must_use]
    pub fn of(self, whom: &T) -> Bucket {
        Bucket { limit: self.declared(), what: "", whom: whom.counted_as() }
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("limit", &self.limit.name()).field("what", &self.what).finish_non_exhaustive()
    }
}

impl Bucket {
    /// Counts a part of what the limit covers by itself, such as the requests for one kind of mail.
    #[must_use]
    pub fn only(self, what: &'static str) -> Self {
        Self { what, ..self }
    }

    /// The name of the limit.
    pub(crate) fn name(&self) -> &'static str {
        self.limit.name()
    }

    /// How often something may be done by the first of the rates that count, and whether any does.
    pub(crate) fn times(&self, limits: &Limits) -> Option<u32> {
        limits.rates(&self.limit).first().map(|rate| rate.times)
    }

    /// The counters that an action consumes, in order.
    pub(super) fn quotas(&self, limits: &Limits) -> Vec<Quota> {
        let quota = |rate: &Rate, (who, factor): &(Vec<String>, u32)| {
            let limit = [self.limit.name().to_owned(), rate.per.as_secs().to_string(), self.what.to_owned()];
            let key = limit.into_iter().chain(who.iter().cloned()).collect();
            Quota { key, rate: rate.scaled(*factor), pace: self.limit.pace() }
        };
        let rates = limits.rates(&self.limit).iter();
        rates.flat_map(|rate| self.whom.iter().map(move |whom| quota(rate, whom))).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use uuid::Uuid;

    use super::*;
    use crate::Client;
    use crate::features::FEATURES;
    use crate::identifier::Email;

    #[test]
    fn what_is_counted_apart_has_another_key() {
        const BY_CLIENT: Limit<Client> = Limit::new("by_client", &[Rate::per_hour(1)]);
        const OTHER: Limit<Client> = Limit::new("other", &[Rate::per_hour(1)]);
        const BY_ADDRESS: Limit<Email> = Limit::new("by_address", &[Rate::per_hour(1), Rate::per_day(1)]);
        const BY_ACCOUNT: Limit<Uuid> = Limit::new("by_account", &[Rate::per_hour(1)]);
        let client = Client::new(Some(IpAddr::from([192, 0, 2, 7])), None);
        let email = Email::parse("ada@example.org").unwrap();
        let buckets = [
            BY_CLIENT.of(&client),
            BY_CLIENT.of(&client).only("verify_email"),
            BY_CLIENT.of(&client).only("reset_password"),
            OTHER.of(&client),
            BY_ADDRESS.of(&email),
            BY_ACCOUNT.of(&Uuid::nil()),
        ];
        let quotas = buckets.iter().flat_map(|bucket| bucket.quotas(&Limits::default()));
        let keys: std::collections::HashSet<_> = quotas.map(|quota| quota.key).collect();
        assert_eq!(keys.len(), 7, "{keys:?}");
    }

    #[test]
    fn the_limits_are_those_of_the_page() {
        let limits = FEATURES.iter().flat_map(|feature| feature.limits);
        let rates = |limit: &DeclaredLimit| -> Vec<(u32, u64)> {
            limit.rates().iter().map(|rate| (rate.times, rate.per.as_secs())).collect()
        };
        let mut limits: Vec<_> = limits.map(|limit| (limit.name(), limit.whom(), rates(limit))).collect();
        limits.sort_unstable();
        const HOUR: u64 = 60 * 60;
        let expected = [
            ("code_tries", "address", vec![(10, HOUR)]),
            ("codes_by_account", "account", vec![(20, 400 * 24 * HOUR)]),
            ("codes_by_name", "account", vec![(20, 24 * HOUR)]),
            ("device_mails", "account", vec![(1, HOUR), (3, 24 * HOUR)]),
            ("email_changes", "account", vec![(5, HOUR)]),
            ("exports", "account", vec![(1, 60)]),
            ("invitations", "account", vec![(5, HOUR)]),
            ("mail_requests", "client", vec![(5, HOUR)]),
            ("mails_by_client", "client", vec![(10, HOUR)]),
            ("mails_by_pair", "account and network", vec![(3, HOUR), (5, 24 * HOUR)]),
            ("mails_to_address", "address", vec![(6, HOUR), (10, 24 * HOUR)]),
            ("new_device_mails", "account", vec![(5, HOUR), (20, 24 * HOUR)]),
            ("notices", "address", vec![(1, 24 * HOUR)]),
            ("password_changes", "account", vec![(10, HOUR)]),
            ("passwords_by_account", "account", vec![(100, 60)]),
            ("passwords_by_client", "client", vec![(20, 120)]),
            ("passwords_by_device", "device", vec![(10, HOUR)]),
            ("passwords_by_pair", "account and network", vec![(5, HOUR / 4)]),
            ("profile_changes", "account", vec![(60, HOUR)]),
            ("registration_tries", "client", vec![(30, HOUR)]),
            ("registrations", "client", vec![(5, HOUR)]),
            ("token_tries", "client", vec![(30, HOUR)]),
            ("token_uses", "token", vec![(30, HOUR)]),
        ];
        assert_eq!(limits, expected);
    }
}
