//! Where a token goes among its siblings.

use auth_entity::one_time_token::Model;
use time::OffsetDateTime;
use uuid::Uuid;

/// How many tokens of one family live for one network, and for all of them.
const TURNS: i32 = 3;
const PLACES: i32 = 9;

/// The place of a new token in its family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seat {
    pub(super) family: [u8; 32],
    pub(super) origin: [u8; 32],
    pub(super) place: i32,
    pub(super) turn: i32,
    /// Who has to leave it.
    pub(super) occupants: Vec<Uuid>,
    /// How often the codes of the family were tried, which the new one goes on from.
    pub(super) attempts: i32,
}

/// Whether a token can still be redeemed, as far as the row alone tells.
pub(super) fn is_live(row: &Model, now: OffsetDateTime) -> bool {
    row.used_at.is_none() && row.expires_at.0 > now
}

impl Seat {
    /// The place of the token with this id: an empty one, or that of a token that is dead. When all are taken, or the network
    /// has its share, the oldest token leaves: of that network, or else of one that has most.
    pub(super) fn choose(
        siblings: &[Model],
        id: Uuid,
        family: [u8; 32],
        origin: [u8; 32],
        epoch: Option<i64>,
        now: OffsetDateTime,
    ) -> Self {
        let dies = |row: &&Model| !is_live(row, now) || row.sev.is_some_and(|sev| Some(sev) != epoch);
        let (dead, live): (Vec<&Model>, Vec<&Model>) = siblings.iter().partition(dies);
        let attempts = live.iter().map(|row| row.attempts).max().unwrap_or_default();
        let of = |origin: Option<&[u8]>| live.iter().filter(|row| row.origin.as_deref() == origin).count();
        let crowding = if of(Some(&origin)) >= TURNS as usize {
            Some(Some(origin.as_slice()))
        } else if live.len() >= PLACES as usize {
            live.iter().map(|row| row.origin.as_deref()).max_by_key(|origin| of(*origin))
        } else {
            None
        };
        let oldest = |rows: &mut dyn Iterator<Item = &&Model>| -> Option<Uuid> {
            rows.min_by_key(|row| (row.created_at.0, row.id)).map(|row| row.id)
        };
        let evicted =
            crowding.and_then(|origin| oldest(&mut live.iter().filter(|row| row.origin.as_deref() == origin)));
        // Somebody who opens a dead link may still learn that it was used, as long as its row is there and nobody needs the place.
        let mut occupants: Vec<Uuid> = evicted.into_iter().collect();
        let free = |occupants: &[Uuid], numbers: i32, number: &dyn Fn(&Model) -> Option<i32>| -> Vec<i32> {
            let stay = || siblings.iter().filter(|row| !occupants.contains(&row.id));
            (0..numbers).filter(|free| stay().all(|row| number(row) != Some(*free))).collect()
        };
        let turn = |row: &Model| row.turn.filter(|_| row.origin.as_deref() == Some(&origin));
        for (numbers, number) in [(TURNS, &turn as &dyn Fn(&Model) -> Option<i32>), (PLACES, &|row: &Model| row.place)]
        {
            if free(&occupants, numbers, number).is_empty() {
                occupants.extend(oldest(&mut dead.iter().filter(|row| number(row).is_some())));
            }
        }
        // Not always the first: others choose at the same moment.
        let pick = |free: Vec<i32>| free.get(id.as_u128() as usize % free.len().max(1)).copied().unwrap_or_default();
        let (turn, place) = (pick(free(&occupants, TURNS, &turn)), pick(free(&occupants, PLACES, &|row| row.place)));
        Self { family, origin, place, turn, occupants, attempts }
    }
}

#[cfg(test)]
mod tests {
    use auth_entity::Timestamp;
    use proptest::prelude::*;

    use super::*;

    const FAMILY: [u8; 32] = [1; 32];

    fn at(second: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_800_000_000 + second).unwrap()
    }

    /// A family in memory, as the database keeps it.
    #[derive(Default)]
    struct Siblings {
        rows: Vec<Model>,
        now: i64,
    }

    impl Siblings {
        /// Issues a token that lives for so many seconds, a second later, to a network.
        fn issue(&mut self, network: u8, lifetime: i64) -> Seat {
            self.now += 1;
            let id = Uuid::from_u128(self.now as u128 * 7);
            let seat = Seat::choose(&self.rows, id, FAMILY, [network; 32], None, at(self.now));
            self.rows.retain(|row| !seat.occupants.contains(&row.id));
            self.rows.push(Model {
                id,
                kind: "test".to_owned(),
                token_hash: [0; 32].into(),
                user_id: None,
                sev: None,
                family: Some(seat.family.to_vec()),
                place: Some(seat.place),
                origin: Some(seat.origin.to_vec()),
                turn: Some(seat.turn),
                code_hash: None,
                attempts: seat.attempts,
                binding_hash: None,
                address_hash: None,
                data: None,
                created_at: Timestamp(at(self.now)),
                expires_at: Timestamp(at(self.now + lifetime)),
                used_at: None,
            });
            seat
        }

        fn live(&self) -> Vec<&Model> {
            self.rows.iter().filter(|row| is_live(row, at(self.now))).collect()
        }

        fn live_of(&self, network: u8) -> usize {
            self.live().iter().filter(|row| row.origin.as_deref() == Some(&[network; 32])).count()
        }

        /// What the unique indexes of the table demand.
        fn check(&self) {
            for (n, row) in self.rows.iter().enumerate() {
                assert!((0..PLACES).contains(&row.place.unwrap()) && (0..TURNS).contains(&row.turn.unwrap()));
                for other in &self.rows[..n] {
                    assert_ne!(row.place, other.place);
                    assert_ne!((&row.origin, row.turn), (&other.origin, other.turn));
                }
            }
        }
    }

    #[test]
    fn a_network_has_three_and_loses_its_own_oldest() {
        let mut siblings = Siblings::default();
        siblings.issue(1, 100);
        for _ in 0..3 {
            siblings.issue(2, 100);
        }
        let oldest = siblings.rows[1].id;
        assert_eq!(siblings.issue(2, 100).occupants, [oldest]);
        assert_eq!((siblings.live_of(1), siblings.live_of(2)), (1, 3));
    }

    #[test]
    fn of_nine_one_leaves_that_belongs_to_a_network_with_most() {
        let mut siblings = Siblings::default();
        for network in [1, 2, 2, 3, 3, 4, 4, 4, 5] {
            assert!(siblings.issue(network, 100).occupants.is_empty());
        }
        siblings.issue(6, 100);
        assert_eq!((siblings.live().len(), siblings.live_of(4), siblings.live_of(1)), (9, 2, 1));
    }

    #[test]
    fn the_dead_give_way_when_their_place_is_needed() {
        let mut siblings = Siblings::default();
        siblings.issue(1, 1);
        assert!(siblings.issue(1, 100).occupants.is_empty(), "somebody may still open the dead link");
        siblings.issue(1, 100);
        assert_eq!(siblings.issue(1, 100).occupants.len(), 1);
        assert_eq!((siblings.rows.len(), siblings.live_of(1)), (3, 3));
    }

    #[test]
    fn a_new_code_does_not_buy_new_attempts() {
        let mut siblings = Siblings::default();
        siblings.issue(1, 100);
        siblings.rows[0].attempts = 4;
        assert_eq!(siblings.issue(2, 100).attempts, 4);
        siblings.now += 100;
        assert_eq!(siblings.issue(2, 100).attempts, 0, "those are dead");
    }

    #[test]
    fn a_sibling_of_another_epoch_is_dead() {
        let mut siblings = Siblings::default();
        siblings.issue(1, 100);
        (siblings.rows[0].sev, siblings.rows[0].attempts) = (Some(7), 4);
        let attempts =
            |epoch| Seat::choose(&siblings.rows, Uuid::nil(), FAMILY, [2; 32], epoch, at(siblings.now)).attempts;
        assert_eq!([attempts(Some(7)), attempts(Some(8)), attempts(None)], [4, 0, 0]);
    }

    proptest! {
        #[test]
        fn no_network_ends_more_than_it_may(issues in proptest::collection::vec((0_u8..12, 1_i64..40), 1..80)) {
            let mut siblings = Siblings::default();
            for (network, lifetime) in issues {
                let others = |siblings: &Siblings| siblings.live().len() - siblings.live_of(network);
                siblings.now += 1;
                let (before, own) = (others(&siblings), siblings.live_of(network));
                siblings.now -= 1;
                siblings.issue(network, lifetime);
                siblings.check();
                prop_assert!(siblings.live().len() <= PLACES as usize && siblings.live_of(network) <= TURNS as usize);
                // At most one of somebody else, and none while the network has its share.
                prop_assert!(others(&siblings) + 1 >= before);
                prop_assert!(own < TURNS as usize || others(&siblings) == before);
            }
        }
    }
}
