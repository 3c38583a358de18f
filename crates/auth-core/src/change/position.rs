//! How far a list was read whose numbers become visible out of order.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use super::model::{Change, Concerned};

/// How long a number that is missing may still turn up. A transaction that was given a number and is not committed by then was
/// rolled back, or its server stood still for that long.
const PATIENCE: Duration = Duration::from_secs(60);

/// How far back the numbers begin that may be missing when a server begins to read.
const BACKLOG: i64 = 1_000;

/// A place in the list: everything up to the floor was read or will never come, and above it some was read.
#[derive(Debug)]
pub(super) struct Position {
    floor: i64,
    seen: BTreeSet<i64>,
    newest: i64,
    /// How far the list had grown at these times.
    grown: VecDeque<(Duration, i64)>,
}

impl Position {
    /// The place of a reader who begins while the list is this long.
    pub(super) fn at(newest: i64, now: Duration) -> Self {
        let floor = newest.saturating_sub(BACKLOG).max(0);
        Self { floor, seen: BTreeSet::new(), newest, grown: VecDeque::from([(now, newest)]) }
    }

    /// The number after which there may be something new.
    pub(super) fn floor(&self) -> i64 {
        self.floor
    }

    /// Takes what was found above the floor, and the newest change of all, and returns what of it is news. `None` where the list is
    /// shorter than it was: it is another one, from a backup.
    pub(super) fn advance(&mut self, found: &[Change], now: Duration) -> Option<Vec<Concerned>> {
        let newest = found.iter().map(|change| change.number).max().unwrap_or_default();
        if newest < self.newest {
            return None;
        }
        let is_news = |change: &&Change| change.number > self.floor && self.seen.insert(change.number);
        let news = found.iter().filter(is_news).map(|change| change.concerned).collect();
        if newest > self.newest {
            self.newest = newest;
            self.grown.push_back((now, newest));
        }
        while let Some((at, newest)) = self.grown.front().filter(|(at, _)| *at + PATIENCE <= now) {
            tracing::trace!(?at, newest, "what is missing will not come");
            self.floor = self.floor.max(*newest);
            self.grown.pop_front();
        }
        self.seen = self.seen.split_off(&(self.floor + 1));
        while self.seen.remove(&(self.floor + 1)) {
            self.floor += 1;
        }
        Some(news)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn change(number: i64) -> Change {
        Change { number, concerned: Concerned(Some(Uuid::from_u128(number.unsigned_abs().into()))) }
    }

    fn changes(numbers: impl IntoIterator<Item = i64>) -> Vec<Change> {
        numbers.into_iter().map(change).collect()
    }

    fn numbers(news: Option<Vec<Concerned>>) -> Vec<u128> {
        news.expect("the same list").into_iter().filter_map(|whom| Some(whom.0?.as_u128())).collect()
    }

    #[test]
    fn a_number_that_turns_up_late_is_news() {
        let mut position = Position::at(0, SECOND);
        assert_eq!(numbers(position.advance(&changes([1, 3]), SECOND)), [1, 3]);
        assert_eq!(position.floor(), 1);
        assert_eq!(numbers(position.advance(&changes([3]), 2 * SECOND)), []);
        assert_eq!(numbers(position.advance(&changes([2, 3]), 3 * SECOND)), [2]);
        assert_eq!(position.floor(), 3);
    }

    #[test]
    fn a_number_that_never_turns_up_is_given_up() {
        let mut position = Position::at(0, SECOND);
        position.advance(&changes([1, 3]), SECOND);
        position.advance(&changes([3, 4]), 30 * SECOND);
        assert_eq!(position.floor(), 1);
        position.advance(&changes([3, 4]), 61 * SECOND);
        assert_eq!(position.floor(), 4, "what follows the hole was read");
    }

    #[test]
    fn what_was_under_way_at_the_beginning_is_news() {
        let mut position = Position::at(5_000, SECOND);
        assert_eq!(position.floor(), 4_000);
        assert_eq!(numbers(position.advance(&changes([4_998, 5_000]), 2 * SECOND)), [4_998, 5_000]);
        assert_eq!(numbers(position.advance(&changes([4_998, 4_999, 5_000]), 3 * SECOND)), [4_999]);
    }

    #[test]
    fn a_shorter_list_is_another_one() {
        let mut position = Position::at(0, SECOND);
        position.advance(&changes([1, 2]), SECOND);
        assert_eq!(position.advance(&changes([1]), SECOND), None);
        assert_eq!(position.advance(&[], SECOND), None);
    }

    proptest! {
        /// Whatever the order in which numbers are committed: each is news once, as long as it comes within the patience.
        #[test]
        fn everything_is_news_once(
            delays in proptest::collection::vec(0_usize..50, 1..60),
            reads in proptest::collection::btree_set(0_usize..120, 0..40),
        ) {
            let mut position = Position::at(0, Duration::ZERO);
            let mut news = Vec::new();
            for at in reads.into_iter().chain([120]) {
                let now = SECOND * u32::try_from(at).unwrap();
                let committed = delays.iter().enumerate().filter(|(given, delay)| given + *delay <= at);
                let committed: Vec<i64> = committed.map(|(given, _)| i64::try_from(given).unwrap() + 1).collect();
                let newest = committed.iter().copied().max();
                let found = committed.into_iter().filter(|number| *number > position.floor() || Some(*number) == newest);
                news.extend(numbers(position.advance(&changes(found), now)));
            }
            news.sort_unstable();
            prop_assert_eq!(news, (1..=delays.len() as u128).collect::<Vec<_>>());
        }
    }
}
