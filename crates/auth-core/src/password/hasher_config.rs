//! How expensive a hash is, and how many run at once.

use super::bounds::{MAX_ITERATIONS, MAX_MEMORY_KIB, MAX_PARALLELISM};
use super::cost::ARGON2;
use super::signer_key::FirebaseSignerKey;
use std::time::Duration;

/// Cost of an Argon2id hash and bounds on concurrent hashing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HasherConfig {
    /// Memory of one hash in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes. They are computed one after the other on one thread, so more than one makes nothing faster here.
    pub parallelism: u32,
    /// Memory in MiB that all running hashes may take together. At most `min(cores, budget / memory)` hashes run at
    /// once, and at least one.
    pub memory_budget_mib: u32,
    /// How many callers may wait for their turn; the next one is turned away at once. At most half as many of one network
    /// wait for its share.
    pub queue: usize,
    /// How many hashes of one network, an IPv4 address or an IPv6 network of 64 bits, may run at once; eight times as many
    /// of an IPv6 network of 48 bits. Without rate
    /// limits ([`Limits::off`](crate::Limits::off)) a network may have all of them.
    pub per_network: usize,
    /// How long a caller waits at most before it is turned away.
    pub wait: Duration,
    /// The key of the Firebase project whose password hashes were imported, without which they cannot be verified. Keep
    /// it where the root secret is kept, not in the database.
    pub firebase_signer_key: Option<FirebaseSignerKey>,
    /// Accepts parameters below the OWASP minimum. Only tests should.
    pub insecure: bool,
}

impl Default for HasherConfig {
    /// 19 MiB, two passes, one lane: the second OWASP row. 256 MiB in all, 64 callers waiting up to two seconds, two hashes
    /// for one network.
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            iterations: 2,
            parallelism: 1,
            memory_budget_mib: 256,
            queue: 64,
            per_network: 2,
            wait: Duration::from_secs(2),
            firebase_signer_key: None,
            insecure: false,
        }
    }
}

impl HasherConfig {
    /// The cheapest hash that Argon2 has (8 KiB, one pass), for test suites that log in thousands of times. It
    /// protects nothing, and is exempt from the OWASP minimum of [`Self::problems`].
    #[must_use]
    pub fn insecure_for_tests() -> Self {
        Self { memory_kib: 8, iterations: 1, insecure: true, ..Self::default() }
    }

    /// Everything that is wrong with this configuration, for the report at start; empty when it can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let Self { memory_kib, iterations, parallelism, memory_budget_mib, .. } = *self;
        let above_floor = ARGON2.iter().any(|&(memory, passes)| memory_kib >= memory && iterations >= passes);
        let checks = [
            (
                !self.insecure && !above_floor,
                format!(
                    "{memory_kib} KiB and {iterations} iterations are below the OWASP minimum for Argon2id, \
                     such as 19456 KiB and 2 iterations"
                ),
            ),
            (memory_kib > MAX_MEMORY_KIB, format!("{memory_kib} KiB of memory are more than {MAX_MEMORY_KIB}")),
            (
                !(1..=MAX_ITERATIONS).contains(&iterations),
                format!("{iterations} iterations are not between 1 and {MAX_ITERATIONS}"),
            ),
            (
                !(1..=MAX_PARALLELISM).contains(&parallelism),
                format!("a parallelism of {parallelism} is not between 1 and {MAX_PARALLELISM}"),
            ),
            (
                memory_kib < parallelism.saturating_mul(8),
                format!("{memory_kib} KiB are less than 8 for each of {parallelism} lanes"),
            ),
            (
                u64::from(memory_budget_mib) * 1024 < u64::from(memory_kib),
                format!("a memory budget of {memory_budget_mib} MiB does not hold one hash of {memory_kib} KiB"),
            ),
        ];
        checks.into_iter().filter_map(|(wrong, text)| wrong.then_some(text)).collect()
    }

    /// How many hashes may run at once on a machine with this many cores.
    pub(super) fn permits(&self, cores: usize) -> usize {
        let in_budget = u64::from(self.memory_budget_mib) * 1024 / u64::from(self.memory_kib.max(1));
        cores.min(usize::try_from(in_budget).unwrap_or(usize::MAX)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(memory_kib: u32, iterations: u32, parallelism: u32) -> HasherConfig {
        HasherConfig { memory_kib, iterations, parallelism, ..HasherConfig::default() }
    }

    #[test]
    #[rustfmt::skip]
    fn the_owasp_rows_are_the_floor() {
        for (memory_kib, iterations, fine) in [
            (47_104, 1, true), (47_103, 1, false), (19_456, 2, true), (19_455, 2, false), (19_456, 1, false),
            (12_288, 3, true), (12_287, 3, false), (9_216, 4, true), (9_215, 4, false), (7_168, 5, true),
            (7_167, 5, false), (7_167, 64, false), (65_536, 3, true), (8, 1, false),
        ] {
            assert_eq!(
                config(memory_kib, iterations, 1).problems().is_empty(),
                fine,
                "{memory_kib} KiB, {iterations}"
            );
        }
        assert!(HasherConfig::default().problems().is_empty());
        assert!(HasherConfig::insecure_for_tests().problems().is_empty());
    }

    #[test]
    fn unusable_values_are_problems_even_for_tests() {
        let base = HasherConfig::insecure_for_tests;
        let cases = [
            HasherConfig { memory_kib: 7, ..base() },
            HasherConfig { memory_kib: MAX_MEMORY_KIB + 1, memory_budget_mib: 4096, ..base() },
            HasherConfig { iterations: 0, ..base() },
            HasherConfig { iterations: 65, ..base() },
            HasherConfig { parallelism: 0, ..base() },
            HasherConfig { parallelism: 2, ..base() },
            HasherConfig { parallelism: 65, memory_kib: 8 * 65, ..base() },
            HasherConfig { memory_budget_mib: 0, ..base() },
        ];
        for config in cases {
            assert_eq!(config.problems().len(), 1, "{config:?}: {:?}", config.problems());
        }
    }

    #[test]
    fn permits_are_bounded_by_cores_and_memory() {
        for (memory_kib, budget, cores, permits) in [
            (19_456, 256, 2, 2),
            (19_456, 256, 64, 13),
            (19_456, 19, 8, 1),
            (19_456, 18, 8, 1),
            (65_536, 128, 8, 2),
            (65_536, 128, 1, 1),
            (8, 256, 0, 1),
            (0, 256, 4, 4),
            (8, u32::MAX, 16, 16),
        ] {
            let config = HasherConfig { memory_kib, memory_budget_mib: budget, ..HasherConfig::default() };
            assert_eq!(config.permits(cores), permits, "{memory_kib} KiB of {budget} MiB on {cores} cores");
        }
    }
}
