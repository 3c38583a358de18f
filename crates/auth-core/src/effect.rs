//! One change of state: its transaction, the events that tell of it, and the mails that it causes.
//!
//! Whatever changes something does it through [`Kernel::effect`]. The rows, the audit log and the mails are committed
//! together or not at all; the app's hooks hear of it once that is done, and never of what was rolled back.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sea_orm::DatabaseTransaction;

use crate::hooks::Action;
use crate::kernel::Kernel;
use crate::mail::{Errand, Language, Mail, Order};
use crate::{Client, Error, Event, EventKind, Result, audit, db, db_error, mail};

/// Attempts per transaction after a deadlock or a serialization failure. Each round lets one contender through, so many
/// concurrent inserts of one unique value need several on MySQL.
const ATTEMPTS: u32 = 12;

/// By how much the wait grows with each attempt.
const BACK_OFF: Duration = Duration::from_millis(3);

/// A change of state under way: its transaction, to which it dereferences.
pub(crate) struct Effect {
    kernel: Kernel,
    client: Client,
    tx: DatabaseTransaction,
    events: Mutex<Vec<Event>>,
    errands: Mutex<Vec<Errand>>,
    language: Mutex<Option<Language>>,
}

impl Deref for Effect {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.tx
    }
}

impl Effect {
    /// The transaction, for a query.
    pub(crate) fn tx(&self) -> &DatabaseTransaction {
        &self.tx
    }

    /// The client that caused it.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The handle that it happens through.
    pub(crate) fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The mail language: the caller's, unless another one was set.
    pub(crate) fn language(&self) -> Language {
        let language = self.language.lock().unwrap_or_else(PoisonError::into_inner).clone();
        language.unwrap_or_else(|| self.kernel.language(&self.client))
    }

    /// Sets the mail language to the locale of the account that is acted upon, which is not the caller's.
    pub(crate) fn speak(&self, locale: Option<&str>) {
        let languages = self.kernel.parts().templates.languages();
        let language = locale.map_or(languages.default_language(), |locale| languages.choose(locale));
        *self.language.lock().unwrap_or_else(PoisonError::into_inner) = Some(language.clone());
    }

    /// Emits an event to the audit log and the app's hooks, once this is committed.
    pub(crate) fn record(&self, kind: EventKind) {
        let event = self.kernel.event(&self.client, kind);
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }

    /// Queues a mail, once this is committed.
    pub(crate) fn send(&self, mail: Option<Mail>) {
        self.errands.lock().unwrap_or_else(PoisonError::into_inner).extend(mail.map(|mail| Errand::Send { mail }));
    }

    /// Queues a mail to an unverified address, once this is committed, within the limits of unauthenticated requests.
    pub(crate) fn offer(&self, mail: Option<Mail>) {
        if let Some(mail) = mail {
            self.order(Order::Offer { mail: Box::new(mail) });
        }
    }

    /// Has a worker find out whether there is a mail to be sent, if this is committed.
    pub(crate) fn order(&self, order: Order) {
        let errand = Errand::Carry { order, client: self.client.clone() };
        self.errands.lock().unwrap_or_else(PoisonError::into_inner).push(errand);
    }

    /// Runs the app's `before` hook, which may refuse.
    pub(crate) async fn ask(&self, action: Action<'_>) -> Result<()> {
        self.kernel.parts().hooks.before(action, &self.tx).await
    }

    async fn commit(self) -> Result<()> {
        let Self { kernel, tx, events, errands, .. } = self;
        let events = events.into_inner().unwrap_or_else(PoisonError::into_inner);
        let errands = errands.into_inner().unwrap_or_else(PoisonError::into_inner);
        audit::store::insert(&tx, &events).await?;
        mail::outbox::put(&kernel, &tx, &errands).await?;
        tx.commit().await?;
        if !errands.is_empty() {
            kernel.parts().bell.notify_one();
        }
        events.into_iter().for_each(|event| kernel.parts().hooks.after(event));
        Ok(())
    }
}

impl Kernel {
    /// Runs `work` as one effect and commits it, or leaves nothing behind.
    ///
    /// On SQLite the transaction takes the write lock at its start, because a lock upgrade in the middle fails at once
    /// under load. A transaction that loses a deadlock or a serialisation conflict is run again, a dozen times in all.
    pub(crate) async fn effect<T, F>(&self, client: &Client, work: impl Fn(Arc<Effect>) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        let mut attempt = 1;
        loop {
            match self.try_effect(client, &work).await {
                Err(Error::Store(cause)) if attempt < ATTEMPTS && db_error::is_conflict(&cause) => {
                    tracing::debug!(attempt, %cause, "transaction lost a conflict, trying again");
                    tokio::time::sleep(BACK_OFF * attempt).await;
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    async fn try_effect<T, F>(&self, client: &Client, work: &impl Fn(Arc<Effect>) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        let effect = Arc::new(Effect {
            kernel: self.clone(),
            client: client.clone(),
            tx: db::begin(self.db()).await?,
            events: Mutex::default(),
            errands: Mutex::default(),
            language: Mutex::default(),
        });
        let result = work(effect.clone()).await;
        // The work is over and its clone dropped.
        let effect = Arc::into_inner(effect).ok_or_else(|| Error::internal("a transaction outlived its work"))?;
        match result {
            Ok(value) => effect.commit().await.map(|()| value),
            Err(error) => {
                // Dropping would only queue the rollback until the connection is used next, and its locks with it.
                if let Err(cause) = effect.tx.rollback().await {
                    tracing::warn!(%cause, "rollback failed");
                }
                Err(error)
            }
        }
    }
}
