//! The paces against plain models of them, on a real database.

use std::time::Duration;

use proptest::prelude::*;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use uuid::Uuid;

use super::claim::Claim;
use super::{Pace, Rate, store, take};

const START: i64 = 1_800_000_000_000;
const SECOND: i64 = 1000;
const HOUR: i64 = 3600 * SECOND;

async fn table() -> DatabaseConnection {
    let db = Database::connect(ConnectOptions::new("sqlite::memory:").max_connections(1).to_owned()).await.unwrap();
    let columns = "id BLOB NOT NULL, realm TEXT NOT NULL, used INTEGER NOT NULL, next_at BIGINT NOT NULL, \
        ends_at BIGINT NOT NULL, PRIMARY KEY (id, realm)";
    db.execute_unprepared(&format!("CREATE TABLE authn_limit ({columns})")).await.unwrap();
    db
}

fn claim(pace: Pace, times: u32, seconds: u64) -> Claim {
    Claim { id: Uuid::from_u128(times.into()), rate: Rate { times, per: Duration::from_secs(seconds) }, pace }
}

/// Takes one, and compares that with what a look at the row said before.
async fn take(db: &DatabaseConnection, claim: &Claim, now: i64) -> bool {
    let rows = store::find(db, std::slice::from_ref(claim)).await.unwrap();
    let has_room = claim.has_room(claim.row(&rows), now);
    let taken = !take::take(db, std::slice::from_ref(claim), now).await.unwrap().is_empty();
    assert_eq!(has_room, taken, "{claim:?} {rows:?} at {now}");
    taken
}

/// How many of so many can be taken at once.
async fn burst(db: &DatabaseConnection, claim: &Claim, tries: usize, now: i64) -> usize {
    let mut taken = 0;
    for _ in 0..tries {
        taken += usize::from(take(db, claim, now).await);
    }
    taken
}

async fn retry_after(db: &DatabaseConnection, claim: &Claim, now: i64) -> u64 {
    let rows = store::find(db, std::slice::from_ref(claim)).await.unwrap();
    claim.retry_after(claim.row(&rows), now).as_secs()
}

#[tokio::test]
async fn an_even_pace_gives_a_burst_and_then_one_after_the_other() {
    let (db, even) = (table().await, claim(Pace::Even, 20, 120));
    assert_eq!(burst(&db, &even, 40, START).await, 20);
    assert_eq!(retry_after(&db, &even, START).await, 6);
    assert_eq!(burst(&db, &even, 5, START + 6 * SECOND - 1).await, 0);
    assert_eq!(burst(&db, &even, 5, START + 6 * SECOND).await, 1);
    assert_eq!(burst(&db, &even, 5, START + 18 * SECOND).await, 2);
    // The one that is given back is the only one.
    store::settle(&db, std::slice::from_ref(&even), &[], START + 18 * SECOND).await.unwrap();
    assert_eq!(burst(&db, &even, 5, START + 18 * SECOND).await, 1);
    assert_eq!(burst(&db, &even, 40, START + HOUR).await, 20);
}

#[tokio::test]
async fn waits_double_until_a_success() {
    let (db, doubling) = (table().await, claim(Pace::Doubling, 5, 900));
    let mut now = START;
    assert_eq!(burst(&db, &doubling, 9, now).await, 5);
    for wait in [30, 60, 120, 240, 480, 900, 900, 900] {
        assert_eq!(retry_after(&db, &doubling, now).await, wait);
        now += i64::try_from(wait).unwrap() * SECOND;
        assert_eq!(burst(&db, &doubling, 3, now - 1).await, 0);
        assert_eq!(burst(&db, &doubling, 3, now).await, 1);
    }
    store::settle(&db, &[], std::slice::from_ref(&doubling), now).await.unwrap();
    assert_eq!(burst(&db, &doubling, 9, now).await, 5);
    // A day without any is as good as a success.
    assert_eq!(burst(&db, &doubling, 9, now + 24 * HOUR).await, 5);
}

#[tokio::test]
async fn what_is_given_back_takes_its_wait_along() {
    let (db, spaced) = (table().await, claim(Pace::Spaced, 3, 60));
    assert_eq!(burst(&db, &spaced, 9, START).await, 3);
    store::settle(&db, std::slice::from_ref(&spaced), &[], START).await.unwrap();
    assert_eq!(burst(&db, &spaced, 9, START).await, 1);
    assert_eq!(burst(&db, &spaced, 9, START + 60 * SECOND).await, 1);
    assert_eq!(retry_after(&db, &spaced, START + 60 * SECOND).await, 60);
}

#[tokio::test]
async fn a_clock_that_was_set_back_locks_nobody_out() {
    for pace in [Pace::Window, Pace::Even, Pace::Doubling, Pace::Spaced] {
        let (db, claim) = (table().await, claim(pace, 4, 600));
        assert_eq!(burst(&db, &claim, 9, START + 1000 * HOUR).await, 4, "{pace:?}");
        assert_eq!(burst(&db, &claim, 9, START).await, 4, "{pace:?}");
        // Clocks of two servers differ by some seconds, and nothing begins anew.
        assert_eq!(burst(&db, &claim, 9, START - 5 * SECOND).await, 0, "{pace:?}");
    }
}

#[tokio::test]
async fn a_look_says_the_same_at_every_bound() {
    for pace in [Pace::Window, Pace::Even, Pace::Doubling, Pace::Spaced] {
        // As far back as a window and a row in use may lie ahead, and between them, where a wait is too long.
        for (back, has_room) in [(600 * SECOND, false), (10 * HOUR, true), (24 * HOUR, true)] {
            let (db, claim) = (table().await, claim(pace, 4, 600));
            assert_eq!(burst(&db, &claim, 9, START).await, 4, "{pace:?}");
            assert_eq!(take(&db, &claim, START - back).await, has_room, "{pace:?}, {back} ms back");
        }
    }
}

#[tokio::test]
async fn servers_whose_clocks_differ_give_no_more_than_each_would_alone() {
    for pace in [Pace::Window, Pace::Even, Pace::Doubling, Pace::Spaced] {
        for apart in [5 * SECOND, 30 * SECOND, 59 * SECOND] {
            let (db, claim) = (table().await, claim(pace, 4, 60));
            let mut taken = 0;
            for _ in 0..10 {
                taken += burst(&db, &claim, 9, START).await + burst(&db, &claim, 9, START + apart).await;
            }
            assert!(taken <= 8, "{pace:?}, {apart} ms apart: {taken}");
        }
    }
}

#[tokio::test]
async fn the_first_refusal_is_told_once() {
    for (pace, expected) in [(Pace::Window, 1), (Pace::Even, 1), (Pace::Doubling, 5)] {
        let (db, claim) = (table().await, claim(pace, 2, 600));
        burst(&db, &claim, 2, START).await;
        let mut told = 0;
        for _ in 0..5 {
            assert!(!take(&db, &claim, START).await);
            let rows = store::find(&db, std::slice::from_ref(&claim)).await.unwrap();
            told += usize::from(store::mark_refused(&db, &claim, &rows[0]).await.unwrap());
        }
        assert_eq!(told, expected, "{pace:?}");
    }
}

#[tokio::test]
async fn where_one_has_no_room_none_is_taken() {
    let (db, scarce, plenty) = (table().await, claim(Pace::Window, 1, 60), claim(Pace::Even, 20, 120));
    let both = [plenty.clone(), scarce.clone()];
    assert_eq!(take::take(&db, &both, START).await.unwrap().len(), 2);
    for _ in 0..40 {
        assert!(take::take(&db, &both, START).await.unwrap().is_empty());
    }
    let unused = claim(Pace::Doubling, 5, 900);
    assert!(take::take(&db, &[scarce, unused.clone()], START).await.unwrap().is_empty());
    assert!(store::find(&db, &[unused]).await.unwrap().is_empty(), "a refusal inserts nothing");
    assert_eq!(burst(&db, &plenty, 40, START).await, 19);
}

/// A host may give them to a limit that shall never be reached, or never be left.
#[tokio::test]
async fn the_largest_rates_are_counted_as_well() {
    let often = Rate { times: u32::MAX, per: Duration::from_secs(900) };
    let rarely = Rate { times: 2, per: Duration::MAX };
    for pace in [Pace::Window, Pace::Even, Pace::Doubling, Pace::Spaced] {
        for (rate, taken) in [(often, 5), (rarely, 2)] {
            let (db, claim) = (table().await, Claim { id: Uuid::nil(), rate, pace });
            assert_eq!(burst(&db, &claim, 5, START).await, taken, "{pace:?} {rate:?}");
            let rows = store::find(&db, std::slice::from_ref(&claim)).await.unwrap();
            store::mark_refused(&db, &claim, &rows[0]).await.unwrap();
        }
    }
}

/// What happens to a row.
#[derive(Clone, Copy, Debug)]
enum Step {
    Take,
    GiveBack,
    Empty,
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => Just(Step::Take),
        1 => Just(Step::GiveBack),
        1 => Just(Step::Empty),
        4 => (1_i64..200).prop_map(|seconds| Step::Wait(seconds * SECOND)),
        1 => (1_i64..30).prop_map(|hours| Step::Wait(hours * HOUR)),
    ];
    proptest::collection::vec(step, 1..60)
}

/// A row as one would keep it in memory.
#[derive(Default)]
struct Model {
    /// The moments of uses that count.
    uses: Vec<i64>,
    /// Until when an even pace is ahead of the clock.
    ahead: i64,
    blocked_until: i64,
}

impl Model {
    fn take(&mut self, claim: &Claim, now: i64) -> bool {
        let (times, per) =
            (usize::try_from(claim.rate.times).unwrap(), i64::try_from(claim.rate.per.as_millis()).unwrap());
        let life = if claim.pace == Pace::Window { per } else { 24 * HOUR };
        let since = if claim.pace == Pace::Window { self.uses.first() } else { self.uses.last() };
        if since.is_some_and(|since| since + life <= now) {
            self.uses.clear();
            self.blocked_until = 0;
        }
        let allowed = match claim.pace {
            Pace::Window => self.uses.len() < times,
            Pace::Even => {
                let ahead = self.ahead.max(now) + per / i64::try_from(times).unwrap();
                let allowed = ahead <= now + per;
                self.ahead = if allowed { ahead } else { self.ahead };
                return allowed;
            }
            Pace::Doubling | Pace::Spaced => self.blocked_until <= now,
        };
        if allowed {
            self.uses.push(now);
            if let Some(beyond) = self.uses.len().checked_sub(times) {
                let doubled = (30 * SECOND) << beyond.min(20);
                self.blocked_until = now + if claim.pace == Pace::Doubling { doubled.min(per) } else { per };
            }
        }
        allowed
    }

    fn give_back(&mut self, claim: &Claim) {
        if claim.pace == Pace::Even {
            self.ahead -= i64::try_from(claim.rate.per.as_millis()).unwrap() / i64::from(claim.rate.times);
        } else if self.uses.len() > 1 {
            // When it began, and when it was last used, are what they were.
            self.uses.remove(1);
            self.blocked_until = 0;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn each_pace_does_what_its_model_does(
        steps in steps(),
        pace in prop_oneof![Just(Pace::Window), Just(Pace::Even), Just(Pace::Doubling), Just(Pace::Spaced)],
        times in 2_u32..8,
        seconds in 60_u64..1000,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (db, claim) = (table().await, claim(pace, times, seconds));
            let (mut model, mut now, mut taken) = (Model::default(), START, 0);
            for step in &steps {
                match step {
                    Step::Take => {
                        let expected = model.take(&claim, now);
                        taken += usize::from(expected);
                        assert_eq!(take(&db, &claim, now).await, expected, "{pace:?} at {}", now - START);
                    }
                    // Only what was taken just now is given back.
                    Step::GiveBack if taken > 1 => {
                        model.give_back(&claim);
                        store::settle(&db, std::slice::from_ref(&claim), &[], now).await.unwrap();
                        taken = 0;
                    }
                    Step::GiveBack => {}
                    Step::Empty => {
                        model = Model::default();
                        taken = 0;
                        store::settle(&db, &[], std::slice::from_ref(&claim), now).await.unwrap();
                    }
                    Step::Wait(time) => {
                        now += time;
                        taken = 0;
                    }
                }
            }
        });
    }
}
