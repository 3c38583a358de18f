//! Mails on their way out: claimed by a worker, tried until they are accepted.
//!
//! A mail of a committed change is sent at least once, one of a change that was rolled back never. Workers of several
//! servers share the table: each claims what is due for a while, so that in the normal case nobody sends twice. When a
//! worker dies in the middle, its claim runs out, and the very same mail with the same token is sent again.

use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use auth_entity::mail::Model;
use futures_util::{FutureExt, Stream, StreamExt, stream};

use crate::client::Client;
use crate::effect::Effect;
use crate::error::{Error, ErrorCode, Result};
use crate::event::EventKind;
use crate::feature::{Feature, JobHandler};
use crate::identifier::Email;
use crate::kernel::Kernel;
use crate::limit::Bucket;
use crate::mail::message::CONCURRENCY;
use crate::mail::queue::{Queued, expiry, open, seal};
use crate::mail::{MAILS_TO_ADDRESS, MailKind, NOTICES, of_client};
use crate::mail::{Mail, MailError, Service, store};
use crate::telemetry::{self, Attempt};

/// How many rows a worker claims at once.
pub(crate) const BATCH: u64 = 64;

/// What mails and jobs count as whose kind this version does not have.
const UNKNOWN: &str = "unknown";

/// How long a mailer may take, and how long a claim lasts: longer than a whole batch of mailers that take their time.
const SEND_LIMIT: Duration = Duration::from_secs(30);
const LEASE: Duration = Duration::from_secs(600);

/// The first wait before another try, and the longest.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// Works off the outbox.
#[derive(Clone, Copy)]
pub(crate) struct Courier<'a> {
    pub(crate) kernel: &'a Kernel,
    pub(crate) features: &'a [Feature],
}

impl Courier<'_> {
    /// Claims what is due and does it. Returns how many rows that were.
    pub(crate) async fn deliver_due(self) -> Result<usize> {
        let rows = self.claim_due().await?;
        let count = rows.len();
        self.deliver(stream::iter([rows])).await;
        Ok(count)
    }

    /// Claims what is due, one batch at the most.
    pub(crate) async fn claim_due(self) -> Result<Vec<Model>> {
        let (db, now) = (self.kernel.db(), self.kernel.now());
        let due = store::due(db, self.kernel.parts().sealer.prefixes(), now, BATCH).await?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let claim = self.kernel.new_id(now)?;
        store::claim(db, due, claim, now, now + LEASE).await?;
        store::claimed(db, claim).await
    }

    /// Does what was claimed, batch after batch. The next one is asked for when none of the last one waits any more, so
    /// that a mailer that takes its time with some mails holds up no other, and no claim runs out while it waits.
    pub(crate) async fn deliver(self, batches: impl Stream<Item = Vec<Model>>) {
        let rows = batches.flat_map(stream::iter);
        rows.for_each_concurrent(CONCURRENCY, |row| async move {
            let row = &row;
            let result = match self.process(row).await {
                Err(cause) => {
                    tracing::warn!(mail = %row.id, %cause, "a mail could not be dealt with");
                    self.try_later(row).await
                }
                done => done,
            };
            if let Err(cause) = result {
                // The claim runs out, and it is tried again.
                tracing::warn!(mail = %row.id, %cause, "a mail could not be put back");
            }
        })
        .await;
    }

    async fn process(self, row: &Model) -> Result<()> {
        let queued = open(self.kernel, row);
        if row.expires_at.0 <= self.kernel.now() {
            let name = queued.as_ref().map_or("unreadable", |queued| self.name(queued));
            if self.give_up(row, name).await? {
                match &queued {
                    Some(Queued::Job(job)) => telemetry::job_given_up(self.mail_of(&job.name)),
                    Some(Queued::Send { mail } | Queued::Offer { mail, .. }) => self.count(mail, Attempt::GivenUp),
                    None => telemetry::mail(UNKNOWN, Attempt::GivenUp),
                }
            }
            return Ok(());
        }
        let Some(queued) = queued else {
            tracing::error!(mail = %row.id, "a mail cannot be read: it is damaged, or waits for a newer version of the app");
            return self.try_later(row).await;
        };
        let mail = match queued {
            Queued::Send { mail } => mail,
            other => match self.carry_out(row, &other).await? {
                Some(mail) => mail,
                None => return Ok(()),
            },
        };
        match self.send(&mail).await {
            Ok(()) => {
                self.count(&mail, Attempt::Sent);
                store::remove(self.kernel.db(), row.id).await
            }
            Err(failure) => {
                tracing::warn!(mail = %row.id, kind = mail.kind, attempt = row.attempts + 1, %failure, "a mail was not accepted");
                if failure.is_permanent() {
                    if self.give_up(row, &mail.kind).await? {
                        self.count(&mail, Attempt::GivenUp);
                    }
                    return Ok(());
                }
                self.count(&mail, Attempt::Postponed);
                self.try_later(row).await
            }
        }
    }

    /// Counts an attempt to send a mail. What is stored is text, and only names that are declared count.
    fn count(self, mail: &Mail, attempt: Attempt) {
        telemetry::mail(self.kind(mail).map_or(UNKNOWN, MailKind::name), attempt);
    }

    /// Puts a claimed row back, to be tried again after a while.
    async fn try_later(self, row: &Model) -> Result<()> {
        let due_at = self.kernel.now() + wait(self.kernel, row.attempts)?;
        store::postpone(self.kernel.db(), row, due_at).await
    }

    /// Turns what was queued into a mail, which takes its place in the row; `None` when there is none to be sent, or no more
    /// may be sent to its address.
    async fn carry_out(self, row: &Model, queued: &Queued) -> Result<Option<Mail>> {
        let client = match queued {
            Queued::Job(job) => &job.client,
            Queued::Offer { client, .. } => client,
            Queued::Send { mail } => return Ok(Some(mail.clone())),
        };
        let refused: &Mutex<Option<Bucket>> = &Mutex::default();
        let made = self.kernel.effect(client, |effect| async move { self.make(&effect, row, queued, refused).await });
        match made.await {
            Err(Error::Refused { code: ErrorCode::RateLimited, .. }) => {
                let limit = refused.lock().unwrap_or_else(PoisonError::into_inner).take();
                let limit = limit.ok_or_else(|| Error::internal("a job was refused by a limit of its own"))?;
                self.turn_down(row, &limit, client).await.map(|()| None)
            }
            made => made,
        }
    }

    async fn make(
        self,
        effect: &Effect,
        row: &Model,
        queued: &Queued,
        refused: &Mutex<Option<Bucket>>,
    ) -> Result<Option<Mail>> {
        let always_leaves = self.is_first_notice(effect, queued).await?;
        let Some(mut mail) = self.compose(effect, queued).await? else {
            store::remove(effect.tx(), row.id).await?;
            return Ok(None);
        };
        // A job that leads to no mail does not count for the address, or strangers could use its limit up unnoticed.
        if !always_leaves && effect.client().is_remote() {
            for limit in self.limits(&mail, queued, effect.client())? {
                if self.kernel.limiter().take_within(effect.tx(), &limit).await?.is_some() {
                    *refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(limit);
                    return Err(ErrorCode::RateLimited.into());
                }
            }
        }
        // The row stays what it is, whatever is in it.
        mail.id = row.id;
        let body = seal(self.kernel, row.id, &Queued::Send { mail: mail.clone() })?;
        if !store::replace(effect.tx(), row, body, expiry(&mail)).await? {
            return Err(Error::internal("another worker has taken the mail over"));
        }
        Ok(Some(mail))
    }

    /// What a mail takes of. The client that asked for a job paid for it then: what it leads to may depend on an account, and
    /// the client would feel its own limits.
    fn limits(self, mail: &Mail, queued: &Queued, client: &Client) -> Result<Vec<Bucket>> {
        let address = Email::parse(mail.to.address()).map_err(Error::internal)?;
        let mut limits = match queued {
            Queued::Offer { .. } => of_client(client, &address).to_vec(),
            Queued::Job(_) | Queued::Send { .. } => Vec::new(),
        };
        let recovers = self.kind(mail).is_some_and(MailKind::recovers);
        limits.push(MAILS_TO_ADDRESS.of(&address).only(if recovers { "recovery" } else { "" }));
        Ok(limits)
    }

    fn kind(self, mail: &Mail) -> Option<MailKind> {
        self.features.iter().flat_map(|feature| feature.mails).find(|kind| kind.name() == mail.kind).copied()
    }

    /// Whether it tells an account of a change for the first time that day.
    async fn is_first_notice(self, effect: &Effect, queued: &Queued) -> Result<bool> {
        let Queued::Offer { mail, is_notice: true, .. } = queued else { return Ok(false) };
        let Some(kind) = self.kind(mail) else { return Ok(false) };
        let address = Email::parse(mail.to.address()).map_err(Error::internal)?;
        let notices = NOTICES.of(&address).only(kind.name());
        Ok(self.kernel.limiter().take_within(effect.tx(), &notices).await?.is_none())
    }

    async fn compose(self, effect: &Effect, queued: &Queued) -> Result<Option<Mail>> {
        match queued {
            Queued::Send { mail } | Queued::Offer { mail, .. } => Ok(Some(mail.clone())),
            Queued::Job(job) => {
                let handler = self.handler(&job.name);
                let handler =
                    handler.ok_or_else(|| Error::internal(format!("no feature has the job `{}`", job.name)))?;
                (handler.run)(effect, &job.body).await
            }
        }
    }

    fn handler(self, name: &str) -> Option<&'static JobHandler> {
        self.features.iter().flat_map(|feature| feature.jobs).find(|handler| handler.name == name)
    }

    /// The kind of mail that is sent, or would be.
    fn name(self, queued: &Queued) -> &str {
        match queued {
            Queued::Send { mail } | Queued::Offer { mail, .. } => &mail.kind,
            Queued::Job(job) => self.mail_of(&job.name),
        }
    }

    /// The kind of mail that a job leads to.
    fn mail_of(self, job: &str) -> &'static str {
        self.handler(job).map_or(UNKNOWN, |handler| handler.mail)
    }

    /// Removes a job of which enough was sent. What was made of it is rolled back already: the links of the mails that were
    /// sent go on working.
    async fn turn_down(self, row: &Model, limit: &Bucket, client: &Client) -> Result<()> {
        self.kernel
            .effect(client, |effect| async move {
                // In the same transaction, so that a job that is carried out again counts once.
                if self.kernel.limiter().take_or_tell(&effect, limit).await? {
                    return Err(Error::internal("there is room for the mail again"));
                }
                store::remove(effect.tx(), row.id).await
            })
            .await?;
        telemetry::limit_refused(limit.name());
        Ok(())
    }

    async fn send(self, mail: &Mail) -> Result<(), MailError> {
        let (settings, parts) = (self.kernel.settings(), self.kernel.parts());
        let service = Service { name: &settings.service_name, url: &settings.public_url };
        let content = parts.templates.render(mail, service)?;
        let sending = AssertUnwindSafe(self.kernel.configs().mail.mailer.send(mail, &content)).catch_unwind();
        match tokio::time::timeout(SEND_LIMIT, sending).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(MailError::temporary("the mailer panicked")),
            Err(_) => Err(MailError::temporary(format!("the mailer took longer than {SEND_LIMIT:?}"))),
        }
    }

    /// Makes a dead letter of a mail, and emits an event about it; false where another worker has taken it over.
    async fn give_up(self, row: &Model, mail: &str) -> Result<bool> {
        let now = self.kernel.now();
        self.kernel
            .effect(&Client::default(), |effect| async move {
                let is_given_up = store::give_up(effect.tx(), row, now).await?;
                if is_given_up {
                    effect.emit(EventKind::MailFailed { mail_id: row.id, mail: mail.to_owned() });
                }
                Ok(is_given_up)
            })
            .await
    }
}

/// How long to wait after so many attempts: twice as long each time, and not at the same moment as all others, so that a
/// mail server that comes back is not overrun.
fn wait(kernel: &Kernel, attempts: i32) -> Result<Duration> {
    let doubled = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(attempts.try_into().unwrap_or_default()));
    let mut noise = [0];
    kernel.random().fill(&mut noise).map_err(Error::internal)?;
    Ok(doubled.min(LONGEST_WAIT).mul_f64(1.0 + f64::from(noise[0]) / 512.0))
}
