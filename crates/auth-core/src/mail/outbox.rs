//! Mails on their way out: put there by the transaction that causes them, taken by a worker, tried until they are
//! accepted.
//!
//! A mail of a committed change is sent at least once, one of a change that was rolled back never. Workers of several
//! servers share the table: each claims what is due for a while, so that in the normal case nobody sends twice. When a
//! worker dies in the middle, its claim runs out, and the very same mail with the same token is sent again.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use auth_entity::mail::Model;
use futures_util::{FutureExt, Stream, StreamExt, stream};
use sea_orm::ConnectionTrait;
use time::OffsetDateTime;
use tokio::sync::Notify;
use uuid::Uuid;

use super::errand::{Errand, Order};
use super::{Mail, MailError, Service, store};
use crate::effect::Effect;
use crate::limit::Bucket;
use crate::{Auth, Client, Error, ErrorCode, EventKind, Result};

/// How many mails a worker claims at once, and how many of them it sends at the same time.
pub(crate) const BATCH: u64 = 64;
pub(crate) const CONCURRENCY: usize = 8;

/// How long a mailer may take, and how long a claim lasts: longer than a whole batch of mailers that take their time.
const SEND_LIMIT: Duration = Duration::from_secs(30);
const LEASE: Duration = Duration::from_secs(600);

/// How long an order waits for a worker, and a mail without a link for a mail server.
const LIFETIME: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// The first wait before another try, and the longest.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// Tells the workers of this process that there is something to do.
#[derive(Default)]
pub(crate) struct Outbox {
    filled: Notify,
}

impl Outbox {
    pub(crate) fn wake(&self) {
        self.filled.notify_one();
    }

    pub(crate) async fn filled(&self) {
        self.filled.notified().await;
    }
}

/// Puts errands into the outbox, within the transaction that causes them, with one statement.
pub(crate) async fn put(auth: &Auth, tx: &impl ConnectionTrait, errands: &[Errand]) -> Result<()> {
    if errands.is_empty() {
        return Ok(());
    }
    let now = auth.now();
    let rows = errands.iter().map(|errand| new_row(auth, errand, now)).collect::<Result<Vec<_>>>()?;
    store::insert(tx, rows).await
}

fn new_row(auth: &Auth, errand: &Errand, now: OffsetDateTime) -> Result<store::NewRow> {
    let (id, expires_at) = match errand {
        Errand::Send { mail } => (mail.id, expiry(mail)),
        Errand::Carry { .. } => (auth.new_id(now)?, now + LIFETIME),
    };
    Ok(store::NewRow { id, body: seal(auth, id, errand)?, now, expires_at })
}

/// When a mail is worth nothing any more: with its link.
fn expiry(mail: &Mail) -> OffsetDateTime {
    mail.created_at + mail.kind.link().map_or(LIFETIME, super::MailLink::valid_for)
}

fn seal(auth: &Auth, id: Uuid, errand: &Errand) -> Result<Vec<u8>> {
    let body = serde_json::to_vec(errand).map_err(Error::internal)?;
    let inner = auth.inner();
    inner.sealer.seal(inner.random.as_ref(), &place(id), &body)
}

fn open(auth: &Auth, row: &Model) -> Option<Errand> {
    let body = auth.inner().sealer.open(&place(row.id), &row.body)?;
    serde_json::from_slice(&body).ok()
}

fn place(id: Uuid) -> String {
    format!("auth_mail.body:{id}")
}

/// How many of the newest mails cannot be opened.
pub(super) async fn unreadable(auth: &Auth) -> Result<usize> {
    let rows = store::newest(&auth.inner().db, 100).await?;
    Ok(rows.iter().filter(|row| open(auth, row).is_none()).count())
}

/// Claims what is due and does it. Returns how many errands that were.
pub(super) async fn deliver_due(auth: &Auth) -> Result<usize> {
    let rows = claim_due(auth).await?;
    let count = rows.len();
    deliver(auth, stream::iter([rows])).await;
    Ok(count)
}

/// Claims what is due, one batch at the most.
pub(crate) async fn claim_due(auth: &Auth) -> Result<Vec<Model>> {
    let (db, now) = (&auth.inner().db, auth.now());
    let due = store::due(db, now, BATCH).await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let claim = auth.new_id(now)?;
    store::claim(db, due, claim, now, now + LEASE).await?;
    store::claimed(db, claim).await
}

/// Does what was claimed, batch after batch. The next one is asked for when none of the last one waits any more, so that a
/// mailer that takes its time with some mails holds up no other, and no claim runs out while it waits.
pub(crate) async fn deliver(auth: &Auth, batches: impl Stream<Item = Vec<Model>>) {
    let rows = batches.flat_map(stream::iter);
    rows.for_each_concurrent(CONCURRENCY, |row| async move {
        let row = &row;
        let result = match process(auth, row).await {
            Err(cause) => {
                tracing::warn!(mail = %row.id, %cause, "a mail could not be dealt with");
                try_later(auth, row).await
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

async fn process(auth: &Auth, row: &Model) -> Result<()> {
    let Some(errand) = open(auth, row) else {
        tracing::error!(mail = %row.id, "a mail cannot be opened: was the secret replaced without keeping the former one?");
        return give_up(auth, row, "unreadable").await;
    };
    if row.expires_at.0 <= auth.now() {
        return give_up(auth, row, errand.name()).await;
    }
    let mail = match errand {
        Errand::Send { mail } => mail,
        Errand::Carry { order, client } => {
            let order = &order;
            let made = auth.effect(&client, |effect| async move { make(auth, &effect, row, order).await });
            match made.await {
                Ok(Some(mail)) => mail,
                Ok(None) => return Ok(()),
                Err(Error::Refused { code: ErrorCode::RateLimited, .. }) => {
                    return turn_down(auth, row, order, &client).await;
                }
                Err(cause) => return Err(cause),
            }
        }
    };
    match send(auth, &mail).await {
        Ok(()) => store::remove(&auth.inner().db, row.id).await,
        Err(failure) => {
            tracing::warn!(mail = %row.id, kind = mail.kind.name(), attempt = row.attempts + 1, %failure, "a mail was not accepted");
            if failure.is_permanent() {
                return give_up(auth, row, mail.kind.name()).await;
            }
            try_later(auth, row).await
        }
    }
}

/// Puts a claimed row back, to be tried again after a while.
async fn try_later(auth: &Auth, row: &Model) -> Result<()> {
    let due_at = auth.now() + wait(auth, row.attempts)?;
    store::postpone(&auth.inner().db, row, due_at).await
}

/// Carries an order out: puts the mail in its place, or removes it where there is none to be sent.
async fn make(auth: &Auth, effect: &Effect, row: &Model, order: &Order) -> Result<Option<Mail>> {
    let within_limit = is_within_limit(auth, effect, Bucket::MailsByClient(effect.client())).await?;
    let mail = if within_limit { order.carry_out(auth, effect).await? } else { None };
    let Some(mut mail) = mail else {
        store::remove(effect.tx(), row.id).await?;
        return Ok(None);
    };
    // An order that leads to no mail does not count for the address, or strangers could use its limit up unnoticed.
    let by_stranger = effect.client().is_remote();
    if by_stranger
        && auth.limiter().take_within(effect.tx(), Bucket::MailsToAddress(&order.mailbox()?)).await?.is_some()
    {
        return Err(ErrorCode::RateLimited.into());
    }
    // The row stays what it is, whatever is in it.
    mail.id = row.id;
    let body = seal(auth, row.id, &Errand::Send { mail: mail.clone() })?;
    if !store::replace(effect.tx(), row, body, expiry(&mail)).await? {
        return Err(Error::internal("another worker has taken the mail over"));
    }
    Ok(Some(mail))
}

/// Takes one of a limit in the same transaction, so that an order that is carried out again counts once. False when nothing
/// is left.
async fn is_within_limit(auth: &Auth, effect: &Effect, bucket: Bucket<'_>) -> Result<bool> {
    let Some(refusal) = auth.limiter().take_within(effect.tx(), bucket).await? else { return Ok(true) };
    if refusal.first {
        effect.record(EventKind::Throttled { limit: bucket.name() });
    }
    Ok(false)
}

/// Removes an order whose address has got enough mail from strangers. What was made of it is rolled back already: the
/// link of the last mail that was sent goes on working.
async fn turn_down(auth: &Auth, row: &Model, order: &Order, client: &Client) -> Result<()> {
    let mailbox = &order.mailbox()?;
    auth.effect(client, |effect| async move {
        if is_within_limit(auth, &effect, Bucket::MailsToAddress(mailbox)).await? {
            return Err(Error::internal("there is room for the mail again"));
        }
        store::remove(effect.tx(), row.id).await
    })
    .await
}

async fn send(auth: &Auth, mail: &Mail) -> Result<(), MailError> {
    let inner = auth.inner();
    let service = Service { name: &inner.settings.service_name, url: &inner.settings.public_url };
    let content = inner.mail_templates.render(mail, service)?;
    let sending = AssertUnwindSafe(inner.mailer.send(mail, &content)).catch_unwind();
    match tokio::time::timeout(SEND_LIMIT, sending).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(MailError::temporary("the mailer panicked")),
        Err(_) => Err(MailError::temporary(format!("the mailer took longer than {SEND_LIMIT:?}"))),
    }
}

/// Makes a dead letter of a mail, and tells of it.
async fn give_up(auth: &Auth, row: &Model, mail: &'static str) -> Result<()> {
    let now = auth.now();
    auth.effect(&Client::default(), |effect| async move {
        if store::give_up(effect.tx(), row, now).await? {
            effect.record(EventKind::MailFailed { mail_id: row.id, mail });
        }
        Ok(())
    })
    .await
}

/// How long to wait after so many attempts: twice as long each time, and not at the same moment as all others, so that a
/// mail server that comes back is not overrun.
fn wait(auth: &Auth, attempts: i32) -> Result<Duration> {
    let doubled = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(attempts.try_into().unwrap_or_default()));
    let mut noise = [0];
    auth.inner().random.fill(&mut noise).map_err(Error::internal)?;
    Ok(doubled.min(LONGEST_WAIT).mul_f64(1.0 + f64::from(noise[0]) / 512.0))
}
