//! One change of state: its transaction, the events that tell of it, and the mails that it causes.
//!
//! Whatever changes something does it through [`Kernel::effect`]. The rows, the audit log and the mails are committed
//! together or not at all; the app's hooks hear of it once that is done, and never of what was rolled back.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use auth_entity::user;
use sea_orm::DatabaseTransaction;
use serde::Serialize;
use uuid::Uuid;

use crate::change::{ChangeFeed, Concerned};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::event::{Event, EventKind};
use crate::hooks::Action;
use crate::kernel::Kernel;
use crate::mail::queue::{Job, Queued, put};
use crate::mail::{Language, Mail, Message, Recipient};
use crate::user::User;
use crate::{audit, db};

/// A change of state under way: its transaction, to which it dereferences.
pub struct Effect {
    kernel: Kernel,
    client: Client,
    tx: DatabaseTransaction,
    events: Mutex<Vec<Event>>,
    queue: Mutex<Vec<Queued>>,
    language: Mutex<Option<Language>>,
    actor_id: Mutex<Option<Uuid>>,
    changed: Mutex<BTreeSet<Concerned>>,
}

impl Deref for Effect {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.tx
    }
}

impl std::fmt::Debug for Effect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Effect").finish_non_exhaustive()
    }
}

impl Effect {
    /// The transaction, for a query.
    pub fn tx(&self) -> &DatabaseTransaction {
        &self.tx
    }

    /// The client that caused it.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The kernel that it happens through.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// Writes an event to the audit log and hands it to the app's hooks, if this is committed.
    pub fn emit(&self, kind: EventKind) {
        let event = self.kernel.event(&self.client, kind);
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }

    /// Says that an account or its sessions change without an event that tells of it.
    pub(crate) fn changes(&self, user_id: Uuid) {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).insert(Concerned(Some(user_id)));
    }

    /// Names the account that does all of this, events that were emitted before included, where the client has no session:
    /// its owner has just logged in or opened a mailed link.
    pub(crate) fn act_as(&self, user_id: Uuid) {
        self.actor_id.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(user_id);
    }

    /// Runs the app's hooks, which may refuse.
    pub(crate) async fn run_hook(&self, action: Action<'_>) -> Result<()> {
        self.kernel.parts().hooks.before(action, &self.tx).await
    }

    /// Leaves a job with the workers, if this is committed.
    ///
    /// # Errors
    /// Fails when the body cannot be written as JSON.
    pub fn queue_job(&self, name: &'static str, body: impl Serialize) -> Result<()> {
        let job = Job::new(name, body, &self.client)?;
        self.queue(Some(Queued::Job(job)));
        Ok(())
    }

    /// Sends a mail, if there is one and this is committed.
    pub fn queue_mail(&self, mail: Option<Mail>) {
        self.queue(mail.map(|mail| Queued::Send { mail }));
    }

    /// Sends a mail to an unverified address, if there is one and this is committed. It counts against the limit of the
    /// address, which may belong to someone else.
    pub(crate) fn queue_limited_mail(&self, mail: Option<Mail>) {
        self.offer(mail, false);
    }

    /// Sends a mail to an unverified address, if there is one and this is committed. The first of its kind in a day always leaves.
    pub(crate) fn queue_notice(&self, mail: Option<Mail>) {
        self.offer(mail, true);
    }

    fn offer(&self, mail: Option<Mail>, is_notice: bool) {
        self.queue(mail.map(|mail| Queued::Offer { mail, client: self.client.clone(), is_notice }));
    }

    /// Tells an account of a change, if it has an email address and this is committed. The first notice of each kind in a day
    /// always leaves; further ones to an unverified address count against the limits of mail.
    ///
    /// # Errors
    /// Fails with an internal error when the message lacks what its kind carries.
    pub fn queue_mail_to(&self, user: &User, message: impl Into<Message>) -> Result<()> {
        self.queue_mail_in(user, message.into(), self.language())
    }

    /// The same to an account that this is not about, in the language of its user.
    pub(crate) fn queue_mail_by_locale(&self, row: user::Model, message: Message) -> Result<()> {
        let language = self.language_of(row.locale.as_deref());
        self.queue_mail_in(&row.into(), message, language)
    }

    fn queue_mail_in(&self, user: &User, message: Message, language: Language) -> Result<()> {
        let mail = Recipient::of(user).map(|to| self.mail_in(to, message, language)).transpose()?;
        if user.is_verified {
            self.queue_mail(mail);
        } else {
            self.offer(mail, true);
        }
        Ok(())
    }

    fn queue(&self, queued: Option<Queued>) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).extend(queued);
    }

    /// A mail to an account, if it has an email address: to the stored one, whatever was typed.
    pub(crate) fn mail_to(&self, user: &User, message: impl Into<Message>) -> Result<Option<Mail>> {
        Recipient::of(user).map(|to| self.mail(to, message)).transpose()
    }

    /// A mail to a recipient.
    ///
    /// # Errors
    /// Fails with an internal error when the message lacks what its kind carries.
    pub fn mail(&self, to: Recipient, message: impl Into<Message>) -> Result<Mail> {
        self.mail_in(to, message.into(), self.language())
    }

    fn mail_in(&self, to: Recipient, message: Message, language: Language) -> Result<Mail> {
        message.check()?;
        let created_at = self.kernel.now();
        Ok(Mail::new(self.kernel.new_id(created_at)?, to, message, language, created_at))
    }

    /// The language of mails: the client's, unless [`use_locale_of`](Self::use_locale_of) has set another.
    fn language(&self) -> Language {
        let language = self.language.lock().unwrap_or_else(PoisonError::into_inner).clone();
        language.unwrap_or_else(|| self.kernel.language(&self.client))
    }

    /// Writes mails in the language of the account that is acted upon, because somebody else asks.
    pub(crate) fn use_locale_of(&self, locale: Option<&str>) {
        *self.language.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.language_of(locale));
    }

    fn language_of(&self, locale: Option<&str>) -> Language {
        let languages = self.kernel.parts().templates.languages();
        locale.map_or(languages.default_language(), |locale| languages.choose(locale)).clone()
    }

    async fn commit(self) -> Result<()> {
        let Self { kernel, tx, events, queue, actor_id, changed, .. } = self;
        let mut events = events.into_inner().unwrap_or_else(PoisonError::into_inner);
        let actor_id = actor_id.into_inner().unwrap_or_else(PoisonError::into_inner);
        events.iter_mut().for_each(|event| event.actor_id = event.actor_id.or(actor_id));
        let queue = queue.into_inner().unwrap_or_else(PoisonError::into_inner);
        audit::store::insert(&tx, &events).await?;
        put(&kernel, &tx, &queue).await?;
        let mut changed = changed.into_inner().unwrap_or_else(PoisonError::into_inner);
        let telling = events.iter().filter(|event| event.kind.changes_accounts());
        changed.extend(telling.map(|event| Concerned(event.kind.describe().subject_id)));
        let changed = Vec::from_iter(changed);
        ChangeFeed::write(&tx, &changed, kernel.now()).await?;
        let committed = tx.commit().await;
        // Also when it failed: an answer that was lost may have been a good one.
        kernel.parts().changes.learn(&changed);
        committed?;
        if !queue.is_empty() {
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
    ///
    /// # Errors
    /// Fails as `work` does, or when the database does.
    pub async fn effect<T, F>(&self, client: &Client, work: impl Fn(Arc<Effect>) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        db::retried(|| self.try_effect(client, &work, Effect::commit)).await
    }

    /// Runs `work` as an effect that is rolled back: it returns what it would have, and leaves nothing behind.
    ///
    /// # Errors
    /// Fails as `work` does, or when the database does.
    pub(crate) async fn rehearse<T, F>(&self, client: &Client, work: impl Fn(Arc<Effect>) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        db::retried(|| self.try_effect(client, &work, async |effect| Ok(effect.tx.rollback().await?))).await
    }

    /// Leaves a job with the workers: one statement, the same whatever the body is. Take the limits of the client before: a
    /// worker takes none that the client could feel, because what a job leads to may depend on an account.
    ///
    /// # Errors
    /// Fails when the body cannot be written as JSON, or when the database does.
    pub async fn queue_job(&self, name: &'static str, body: impl Serialize, client: &Client) -> Result<()> {
        let job = &Job::new(name, body, client)?;
        self.effect(client, |effect| async move {
            effect.queue(Some(Queued::Job(job.clone())));
            Ok(())
        })
        .await
    }

    async fn try_effect<T, F>(
        &self,
        client: &Client,
        work: &impl Fn(Arc<Effect>) -> F,
        end: impl AsyncFn(Effect) -> Result<()>,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        let effect = Arc::new(Effect {
            kernel: self.clone(),
            client: client.clone(),
            tx: db::begin(self.db()).await?,
            events: Mutex::default(),
            queue: Mutex::default(),
            language: Mutex::default(),
            actor_id: Mutex::new(client.actor_id()),
            changed: Mutex::default(),
        });
        let result = work(effect.clone()).await;
        // The work is over and its clone dropped.
        let effect = Arc::into_inner(effect).ok_or_else(|| Error::internal("a transaction outlived its work"))?;
        match result {
            Ok(value) => end(effect).await.map(|()| value),
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
