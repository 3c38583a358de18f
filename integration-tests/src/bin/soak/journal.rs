//! What happened: the counts, and what must not happen.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many violations are printed one by one.
const PRINTED: usize = 40;

#[derive(Default)]
pub(crate) struct Journal(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    /// How many answers had each status; 0 stands for those that did not come.
    statuses: BTreeMap<u16, u64>,
    faults: BTreeMap<&'static str, u64>,
    notes: Vec<String>,
    violations: Vec<String>,
    checks: BTreeMap<&'static str, u64>,
    /// How long reads of the own account took, in milliseconds.
    reads: Vec<u128>,
    longest_recovery: Duration,
}

impl Journal {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn answered(&self, status: u16) {
        *self.inner().statuses.entry(status).or_default() += 1;
    }

    pub(crate) fn read_took(&self, time: Duration) {
        self.inner().reads.push(time.as_millis());
    }

    pub(crate) fn fault(&self, name: &'static str) {
        *self.inner().faults.entry(name).or_default() += 1;
    }

    pub(crate) fn recovered(&self, after: Duration) {
        let mut inner = self.inner();
        inner.longest_recovery = inner.longest_recovery.max(after);
    }

    pub(crate) fn note(&self, note: String) {
        println!("{note}");
        self.inner().notes.push(note);
    }

    /// Something that must not happen.
    pub(crate) fn violation(&self, invariant: &str, what: &str) {
        let mut inner = self.inner();
        if inner.violations.len() < PRINTED {
            println!("VIOLATED {invariant}: {what}");
        }
        inner.violations.push(invariant.to_owned());
    }

    /// One more look at an invariant, which holds or does not.
    pub(crate) fn check(&self, invariant: &'static str, holds: bool, what: impl FnOnce() -> String) {
        *self.inner().checks.entry(invariant).or_default() += 1;
        if !holds {
            self.violation(invariant, &what());
        }
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.inner().violations.is_empty()
    }

    pub(crate) fn print(&self) {
        let mut inner = self.inner();
        let requests: u64 = inner.statuses.values().sum();
        let unknown: u64 = [0, 503].iter().filter_map(|status| inner.statuses.get(status)).sum();
        let faults: u64 = inner.faults.values().sum();
        println!("\nsummary of the soak");
        println!("  answers by status (0: none came): {:?}", inner.statuses);
        println!("  faults: {:?}", inner.faults);
        println!("  checks: {:?}", inner.checks);
        inner.reads.sort_unstable();
        let at = |share: usize| inner.reads.get((inner.reads.len() * share / 100).saturating_sub(1)).copied();
        println!("  GET /users/me, in milliseconds: half within {:?}, 99 % within {:?}", at(50), at(99));
        println!("  longest recovery: {:.1} s", inner.longest_recovery.as_secs_f64());
        inner.notes.iter().for_each(|note| println!("  {note}"));
        let violated = inner.violations.len();
        println!("{requests} requests, {unknown} unknown outcomes, {faults} faults, {violated} violated invariants");
    }
}
