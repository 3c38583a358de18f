//! Who waits for news of an account.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use time::OffsetDateTime;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use uuid::Uuid;

/// Everybody who waits.
#[derive(Default)]
pub(crate) struct Watchers(Mutex<State>);

#[derive(Default)]
struct State {
    accounts: HashMap<Uuid, Account>,
    /// Whether somebody looks for news on behalf of all.
    has_lookout: bool,
}

/// Those who wait for one account.
#[derive(Default)]
struct Account {
    bell: Arc<Notify>,
    watches: usize,
    /// When they want to be woken without news.
    due: Option<OffsetDateTime>,
}

/// One who waits; until it is dropped.
pub(crate) struct Watch<'a> {
    watchers: &'a Watchers,
    user_id: Uuid,
    bell: Arc<Notify>,
}

impl Watchers {
    pub(super) fn watch(&self, user_id: Uuid) -> Watch<'_> {
        let mut state = self.state();
        let account = state.accounts.entry(user_id).or_default();
        account.watches += 1;
        Watch { watchers: self, user_id, bell: account.bell.clone() }
    }

    /// Wakes those who wait for an account, or everybody.
    pub(super) fn wake(&self, user_id: Option<Uuid>) {
        let state = self.state();
        match user_id {
            Some(user_id) => state.accounts.get(&user_id).into_iter().for_each(|account| account.bell.notify_waiters()),
            None => state.accounts.values().for_each(|account| account.bell.notify_waiters()),
        }
    }

    /// Wakes those whose time has come.
    pub(crate) fn wake_due(&self, now: OffsetDateTime) {
        for account in self.state().accounts.values_mut().filter(|account| account.due.is_some_and(|due| due <= now)) {
            account.due = None;
            account.bell.notify_waiters();
        }
    }

    /// Wakes everybody.
    pub(crate) fn wake_all(&self) {
        self.wake(None);
    }

    /// Whether the caller is to look for news on behalf of all from now on, until [`is_deserted`](Self::is_deserted).
    pub(crate) fn needs_lookout(&self) -> bool {
        !std::mem::replace(&mut self.state().has_lookout, true)
    }

    /// Whether nobody waits any more. The lookout goes home then, and the next one who waits sends another.
    pub(crate) fn is_deserted(&self) -> bool {
        let mut state = self.state();
        state.has_lookout = !state.accounts.is_empty();
        !state.has_lookout
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch<'_> {
    /// The next news. Counts from when it is called, so that nothing is missed between a look and the wait.
    pub(crate) fn news(&self) -> Notified<'_> {
        self.bell.notified()
    }

    /// Wants to be woken at a moment, news or not.
    pub(crate) fn wake_at(&self, moment: OffsetDateTime) {
        if let Some(account) = self.watchers.state().accounts.get_mut(&self.user_id) {
            account.due = Some(account.due.map_or(moment, |due| due.min(moment)));
        }
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let Entry::Occupied(mut entry) = self.watchers.state().accounts.entry(self.user_id) {
            entry.get_mut().watches -= 1;
            if entry.get().watches == 0 {
                entry.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_remembered_who_does_not_wait() {
        let watchers = Watchers::default();
        let user_id = Uuid::from_u128(1);
        assert!(watchers.needs_lookout());
        let (first, second) = (watchers.watch(user_id), watchers.watch(user_id));
        assert!(!watchers.needs_lookout(), "there is one");
        assert!(!watchers.is_deserted());
        drop(first);
        assert!(!watchers.is_deserted());
        drop(second);
        assert!(watchers.is_deserted());
        assert!(watchers.needs_lookout(), "it went home");
    }
}
