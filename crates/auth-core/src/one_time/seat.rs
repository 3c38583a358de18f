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
