//! Hooks that record what they see, and misbehave on demand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use auth_core::sea_orm::{ConnectionTrait, DatabaseTransaction};
use auth_core::{Action, Event, EventKind, Hooks, Veto};
use tokio::sync::Notify;

/// How long an event may take to arrive. Generous, because it only matters when the event is missing.
const PATIENCE: Duration = Duration::from_secs(10);

/// When a hook is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Before an account is committed.
    Register,
    /// Before a session is committed.
    Login,
    /// Before a change of an account is committed.
    UpdateUser,
    /// Before the removal of an account is committed.
    DeleteUser,
    /// After anything was committed.
    After,
}

/// What a hook does.
#[derive(Clone, Debug)]
pub enum Reaction {
    /// Refuses with a reason for the client. After the commit there is nothing to refuse: does nothing.
    Refuse(String),
    /// Fails with a cause for the log. After the commit: does nothing.
    Fail(String),
    /// Panics.
    Panic,
    /// Never returns.
    Hang,
    /// Takes its time.
    Wait(Duration),
    /// Runs a statement within the transaction. After the commit: does nothing.
    Run(String),
}

/// Hooks for tests. Clones share everything.
#[derive(Clone, Debug, Default)]
pub struct TestHooks(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    reactions: Mutex<BTreeMap<Moment, Reaction>>,
    befores: Mutex<Vec<Moment>>,
    events: Mutex<Vec<Event>>,
    arrived: Notify,
}

impl TestHooks {
    /// From now on, does this at that moment.
    pub fn react(&self, moment: Moment, reaction: Reaction) {
        lock(&self.0.reactions).insert(moment, reaction);
    }

    /// Behaves well again.
    pub fn behave(&self) {
        lock(&self.0.reactions).clear();
    }

    /// The calls before a commit so far, in order.
    #[must_use]
    pub fn befores(&self) -> Vec<Moment> {
        lock(&self.0.befores).clone()
    }

    /// The events so far. Hooks run beside the answer, so that the newest may be missing: see [`Self::event`].
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        lock(&self.0.events).clone()
    }

    /// Forgets what was recorded.
    pub fn forget(&self) {
        lock(&self.0.befores).clear();
        lock(&self.0.events).clear();
    }

    /// Waits for an event of a kind and takes it out of the record; `None` when it never comes.
    pub async fn event(&self, wanted: impl Fn(&EventKind) -> bool) -> Option<Event> {
        let arrival = async {
            loop {
                // Listening begins before looking, so that nothing can arrive unnoticed in between.
                let arrived = self.0.arrived.notified();
                if let Some(event) = self.take(&wanted) {
                    return event;
                }
                arrived.await;
            }
        };
        tokio::time::timeout(PATIENCE, arrival).await.ok()
    }

    fn take(&self, wanted: impl Fn(&EventKind) -> bool) -> Option<Event> {
        let mut events = lock(&self.0.events);
        let index = events.iter().position(|event| wanted(&event.kind))?;
        Some(events.remove(index))
    }

    async fn perform(&self, moment: Moment, tx: Option<&DatabaseTransaction>) -> Result<(), Veto> {
        let reaction = lock(&self.0.reactions).get(&moment).cloned();
        match reaction {
            None => Ok(()),
            Some(Reaction::Refuse(reason)) => Err(Veto::refuse(reason)),
            Some(Reaction::Fail(cause)) => Err(Veto::fail(cause)),
            #[allow(clippy::panic, reason = "the library has to live with hooks that do")]
            Some(Reaction::Panic) => panic!("deliberate panic of a hook"),
            Some(Reaction::Hang) => std::future::pending().await,
            Some(Reaction::Wait(time)) => {
                tokio::time::sleep(time).await;
                Ok(())
            }
            Some(Reaction::Run(sql)) => match tx {
                Some(tx) => Ok(tx.execute_unprepared(&sql).await.map(drop)?),
                None => Ok(()),
            },
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait::async_trait]
impl Hooks for TestHooks {
    async fn before(&self, action: &Action<'_>, tx: &DatabaseTransaction) -> Result<(), Veto> {
        let moment = match action {
            Action::Register { .. } => Moment::Register,
            Action::Login { .. } => Moment::Login,
            Action::UpdateUser { .. } => Moment::UpdateUser,
            Action::DeleteUser { .. } => Moment::DeleteUser,
            _ => return Ok(()),
        };
        lock(&self.0.befores).push(moment);
        self.perform(moment, Some(tx)).await
    }

    async fn after(&self, event: &Event) {
        lock(&self.0.events).push(event.clone());
        self.0.arrived.notify_waiters();
        // There is nobody to tell of a refusal any more.
        let _ = self.perform(Moment::After, None).await;
    }
}
