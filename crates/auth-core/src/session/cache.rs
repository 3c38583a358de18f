//! What a server remembers of sessions, so that most requests ask the database nothing.

use std::time::Duration;

use moka::sync::Cache;

use crate::change::{ChangeFeed, MEMORY, Moment};
use crate::principal::Principal;
use crate::token::TokenRef;

/// Sessions by what their tokens point to.
pub(crate) struct SessionCache {
    entries: Cache<TokenRef, Remembered>,
}

/// A session as the database had it.
#[derive(Clone)]
struct Remembered {
    principal: Box<Principal>,
    /// What the server had learned when it asked.
    asked: Moment,
    /// When that was, in the time that the program has run.
    at: Duration,
}

impl SessionCache {
    /// A cache of so many sessions, or none.
    pub(crate) fn new(capacity: u64) -> Option<Self> {
        (capacity > 0).then(|| Self { entries: Cache::builder().max_capacity(capacity).time_to_live(MEMORY).build() })
    }

    /// A session that is remembered, unless something was learned about its account since it was read. The caller makes sure
    /// that [what changed is known](ChangeFeed::are_known).
    pub(super) fn find(&self, token: TokenRef, changes: &ChangeFeed, uptime: Duration) -> Option<Box<Principal>> {
        let found = self.entries.get(&token)?;
        let holds = uptime.saturating_sub(found.at) < MEMORY && changes.unchanged(found.principal.user.id, found.asked);
        holds.then_some(found.principal)
    }

    /// Remembers a session that was asked for at `asked`. Whatever was learned in the meantime makes it void.
    pub(super) fn keep(&self, token: TokenRef, principal: &Principal, asked: Moment, at: Duration) {
        let principal = Box::new(Principal { is_remembered: true, ..principal.clone() });
        self.entries.insert(token, Remembered { principal, asked, at });
    }

    /// Forgets a session whose row has just changed in a way that concerns nobody else.
    pub(super) fn forget(&self, token: TokenRef) {
        self.entries.invalidate(&token);
    }
}
