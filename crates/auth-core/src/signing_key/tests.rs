//! The rule of the rotation as a state machine: two servers whose clocks differ, operators, the workers' purge, and another service
//! that caches what is published.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use time::OffsetDateTime;

use super::rule::{KEY_SET_MAX_AGE, KeyAge, MAX_AGE, PUBLISHED_FOR, Times, accepted_until, published_by};
use super::*;
use crate::jwt::{JwtAlgorithm, JwtKey, NewPair};

const LIFETIME: Duration = Duration::from_secs(600);
const START: OffsetDateTime = time::macros::datetime!(2026-11-28 12:00 UTC);

type Key = usize;

/// What is in the table.
type Table = Vec<(Key, Times)>;

/// A server: how far its clock is off, in seconds, and what it has read.
struct Server {
    skew: i64,
    table: Table,
    read_at: OffsetDateTime,
}

#[derive(Debug)]
struct Token {
    key: Key,
    until: OffsetDateTime,
}

struct World {
    now: OffsetDateTime,
    table: Table,
    servers: [Server; 2],
    tokens: Vec<Token>,
    /// When which key was dropped.
    dropped: Vec<(Key, OffsetDateTime)>,
    /// Until when which key is accepted.
    retired: Vec<(Key, OffsetDateTime)>,
    /// Keys that signed without having been published: those that took the place of a dropped one.
    hasty: BTreeSet<Key>,
    verifier: Option<(BTreeSet<Key>, OffsetDateTime)>,
    made: Key,
}

#[derive(Clone, Debug)]
enum Step {
    Pass(u16),
    Prepare(usize),
    Promote(usize),
    Drop(u8),
    Purge(usize),
    Sign(usize),
    Verify { server: usize, rereads: bool },
    Fetch { server: usize, rereads: bool },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let server = || 0..2_usize;
    let step = prop_oneof![
        8 => (1..200_u16).prop_map(Step::Pass),
        2 => server().prop_map(Step::Prepare),
        3 => server().prop_map(Step::Promote),
        1 => any::<u8>().prop_map(Step::Drop),
        1 => server().prop_map(Step::Purge),
        6 => server().prop_map(Step::Sign),
        6 => (server(), any::<bool>()).prop_map(|(server, rereads)| Step::Verify { server, rereads }),
        4 => (server(), any::<bool>()).prop_map(|(server, rereads)| Step::Fetch { server, rereads }),
    ];
    prop::collection::vec(step, 1..80)
}

fn current(table: &Table) -> Option<Key> {
    table.iter().find(|(_, times)| times.state() == SigningKeyState::Current).map(|(key, _)| *key)
}

impl World {
    fn new(skews: [i64; 2]) -> Self {
        let first = Times { created_at: START, promoted_at: Some(START), retired_at: None, expires_at: None };
        let servers = skews.map(|skew| Server { skew, table: Vec::new(), read_at: OffsetDateTime::UNIX_EPOCH });
        Self {
            now: START,
            table: vec![(0, first)],
            servers,
            tokens: Vec::new(),
            dropped: Vec::new(),
            retired: Vec::new(),
            hasty: BTreeSet::from([0]),
            verifier: None,
            made: 1,
        }
    }

    fn clock(&self, server: usize) -> OffsetDateTime {
        self.now + time::Duration::seconds(self.servers[server].skew)
    }

    fn reread(&mut self, server: usize) {
        self.servers[server].read_at = self.clock(server);
        self.servers[server].table = self.table.clone();
    }

    /// What a server knows when it needs the keys; while they are due, the task beside the requests is as fast as it likes.
    fn known(&mut self, server: usize, rereads: bool) -> &Table {
        let rereads = match KeyAge::of(self.servers[server].read_at, self.clock(server)) {
            KeyAge::Stale => true,
            KeyAge::Due => rereads,
            KeyAge::Fresh => false,
        };
        if rereads {
            self.reread(server);
        }
        &self.servers[server].table
    }

    fn accepted(&mut self, server: usize, rereads: bool) -> BTreeSet<Key> {
        let now = self.clock(server);
        let keys = self.known(server, rereads).iter().filter(|(_, times)| times.is_accepted(now));
        keys.map(|(key, _)| *key).collect()
    }

    fn add(&mut self, now: OffsetDateTime, signs: bool) {
        let times = Times { created_at: now, promoted_at: signs.then_some(now), retired_at: None, expires_at: None };
        self.table.push((self.made, times));
        if signs {
            self.hasty.insert(self.made);
        }
        self.made += 1;
    }

    fn next(&mut self) -> Option<&mut (Key, Times)> {
        self.table.iter_mut().find(|(_, times)| times.state() == SigningKeyState::Next)
    }

    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Pass(seconds) => self.now += Duration::from_secs(seconds.into()),
            Step::Prepare(operator) if self.next().is_none() => self.add(self.clock(operator), false),
            Step::Prepare(_) => {}
            Step::Promote(operator) => self.promote(operator),
            Step::Drop(which) => self.remove(usize::from(which) % self.table.len()),
            Step::Purge(server) => {
                let now = self.clock(server);
                self.table.retain(|(_, times)| times.is_accepted(now));
            }
            Step::Sign(server) => {
                let until = self.clock(server) + LIFETIME;
                if let Some(key) = current(self.known(server, false)) {
                    self.tokens.push(Token { key, until });
                }
            }
            Step::Verify { server, rereads } => self.verify(server, rereads)?,
            Step::Fetch { server, rereads } => self.verify_elsewhere(server, rereads)?,
        }
        let signing = self.table.iter().filter(|(_, times)| times.state() == SigningKeyState::Current).count();
        prop_assert_eq!(signing, 1);
        prop_assert!(self.table.iter().filter(|(_, times)| times.state() == SigningKeyState::Next).count() <= 1);
        Ok(())
    }

    fn promote(&mut self, operator: usize) {
        let now = self.clock(operator);
        let Some((next, times)) = self.next().filter(|(_, times)| times.created_at <= published_by(now)) else {
            return;
        };
        times.promoted_at = Some(now);
        let next = *next;
        for (key, times) in &mut self.table {
            if *key != next && times.state() == SigningKeyState::Current {
                times.retired_at = Some(now);
                let until = accepted_until(now, LIFETIME);
                times.expires_at = Some(until);
                self.retired.push((*key, until));
            }
        }
    }

    fn remove(&mut self, index: usize) {
        let (key, _) = self.table.remove(index);
        self.dropped.push((key, self.now));
        self.tokens.retain(|token| token.key != key);
        if current(&self.table).is_some() {
            return;
        }
        let now = self.now;
        match self.next() {
            Some((next, times)) => {
                times.promoted_at = Some(now);
                let next = *next;
                self.hasty.insert(next);
            }
            None => self.add(now, true),
        }
    }

    fn verify(&mut self, server: usize, rereads: bool) -> Result<(), TestCaseError> {
        let now = self.now;
        self.tokens.retain(|token| now < token.until - Duration::from_secs(30));
        let mut accepted = self.accepted(server, rereads);
        let signed: BTreeSet<Key> = self.tokens.iter().map(|token| token.key).collect();
        if !signed.is_subset(&accepted) {
            // A token that a server signs with a key that was dropped, before it knows that, may be refused, and no other.
            let dead: BTreeSet<Key> = self.dropped.iter().map(|(key, _)| *key).collect();
            let unknown: BTreeSet<Key> =
                signed.difference(&accepted).filter(|key| !dead.contains(key)).copied().collect();
            prop_assert!(unknown.is_subset(&self.hasty), "unknown: {:?}", unknown);
            self.reread(server);
            accepted = self.accepted(server, false);
            prop_assert!(unknown.is_subset(&accepted), "refused: {:?}", unknown);
        }
        for (key, at) in &self.dropped {
            prop_assert!(now - *at < MAX_AGE || !accepted.contains(key), "{} was dropped", key);
        }
        let clock = self.clock(server);
        for (key, until) in &self.retired {
            prop_assert!(clock < *until || !accepted.contains(key), "the time of {} is over", key);
        }
        Ok(())
    }

    /// Another service, which fetches the list when it is too old, and at no other time.
    fn verify_elsewhere(&mut self, server: usize, rereads: bool) -> Result<(), TestCaseError> {
        let now = self.now;
        self.tokens.retain(|token| now < token.until - Duration::from_secs(30));
        if self.verifier.as_ref().is_none_or(|(_, fetched_at)| now - *fetched_at >= KEY_SET_MAX_AGE) {
            self.verifier = Some((self.accepted(server, rereads), now));
        }
        let Some((known, _)) = &self.verifier else { return Ok(()) };
        let dead: BTreeSet<Key> = self.dropped.iter().map(|(key, _)| *key).collect();
        for Token { key, .. } in &self.tokens {
            let excused = self.hasty.contains(key) || dead.contains(key);
            prop_assert!(excused || known.contains(key), "{} is unknown", key);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn no_rotation_refuses_a_good_token(skews in (-15..=15_i64, -15..=15_i64), steps in steps()) {
        let mut world = World::new(skews.into());
        for step in steps {
            world.take(step)?;
        }
    }
}

#[test]
fn a_key_is_published_for_as_long_as_it_may_be_unknown() {
    let times = Times { created_at: START, promoted_at: None, retired_at: None, expires_at: None };
    assert_eq!(PUBLISHED_FOR, KEY_SET_MAX_AGE + MAX_AGE + Duration::from_secs(30));
    assert!(times.created_at > published_by(START + PUBLISHED_FOR - Duration::from_millis(1)));
    assert!(times.created_at <= published_by(START + PUBLISHED_FOR));
    for (promoted_at, retired_at, state) in [
        (None, None, SigningKeyState::Next),
        (Some(START), None, SigningKeyState::Current),
        (Some(START), Some(START), SigningKeyState::Retired),
    ] {
        assert_eq!(Times { promoted_at, retired_at, ..times }.state(), state);
    }
    let until = accepted_until(START, LIFETIME);
    assert_eq!(until - START, MAX_AGE + LIFETIME + Duration::from_secs(60));
    let retired = Times { expires_at: Some(until), ..times };
    assert!(retired.is_accepted(until - Duration::from_millis(1)) && !retired.is_accepted(until));
}

#[test]
fn what_was_read_is_good_for_a_minute() {
    for (age, freshness) in [
        (0, KeyAge::Fresh),
        (29, KeyAge::Fresh),
        (30, KeyAge::Due),
        (59, KeyAge::Due),
        (60, KeyAge::Stale),
        (-29, KeyAge::Fresh),
        (-60, KeyAge::Stale),
    ] {
        assert_eq!(KeyAge::of(START, START + time::Duration::seconds(age)), freshness, "{age}");
    }
}

#[test]
fn pairs_fit_and_differ() {
    for algorithm in [JwtAlgorithm::EdDsa, JwtAlgorithm::Es256] {
        let [one, two] = [(); 2].map(|()| NewPair::generate(algorithm).unwrap());
        assert_ne!(one.public, two.public);
        let public = |pair: &NewPair| JwtKey::from_public("a", algorithm, &pair.public).unwrap();
        let private = JwtKey::from_private("a", algorithm, &one.private).unwrap();
        assert_eq!(private.public_jwk(), public(&one).public_jwk());
        assert!(public(&one).is_fooled_by(&private) && !public(&two).is_fooled_by(&private));
        assert!(private.can_sign() && !public(&one).can_sign());
        assert!(JwtKey::from_private("a", algorithm, &one.private[1..]).is_err());
    }
    for algorithm in [JwtAlgorithm::Hs256, JwtAlgorithm::Rs256] {
        assert!(NewPair::generate(algorithm).is_err() && JwtKey::from_public("a", algorithm, &[1; 32]).is_err());
    }
}

#[test]
fn settings_are_checked() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    for (algorithm, rotate_every, good) in [
        (JwtAlgorithm::EdDsa, None, true),
        (JwtAlgorithm::Es256, Some(DAY), true),
        (JwtAlgorithm::EdDsa, Some(400 * DAY), true),
        (JwtAlgorithm::Hs256, None, false),
        (JwtAlgorithm::Rs256, None, false),
        (JwtAlgorithm::EdDsa, Some(DAY - Duration::from_secs(1)), false),
        (JwtAlgorithm::EdDsa, Some(401 * DAY), false),
    ] {
        let config = SigningKeyConfig { algorithm, rotate_every };
        assert_eq!(config.problems().is_empty(), good, "{config:?}");
    }
    assert!(SigningKeyConfig::default().problems().is_empty());
}
