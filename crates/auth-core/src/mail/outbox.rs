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
use uuid::Uuid;

use super::errand::{Errand, Order};
use super::{Mail, MailError, Service, store};
use crate::effect::Effect;
use crate::kernel::Kernel;
use crate::limit::Bucket;
use crate::{Client, Error, ErrorCode, EventKind, Result};

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

/// Puts errands into the outbox, within the transaction that causes them, with one statement.
pub(crate) async fn put(kernel: &Kernel, tx: &impl ConnectionTrait, errands: &[Errand]) -> Result<()> {
    if errands.is_empty() {
        return Ok(());
    }
    let now = kernel.now();
    let rows = errands.iter().map(|errand| new_row(kernel, errand, now)).collect::<Result<Vec<_>>>()?;
    store::insert(tx, rows).await
}

fn new_row(kernel: &Kernel, errand: &Errand, now: OffsetDateTime) -> Result<store::NewRow> {
    let (id, expires_at) = match errand {
        Errand::Send { mail } => (mail.id, expiry(mail)),
        Errand::Carry { .. } => (kernel.new_id(now)?, now + LIFETIME),
    };
    Ok(store::NewRow { id, body: seal(kernel, id, errand)?, now, expires_at })
}

/// When a mail expires: together with its link.
fn expiry(mail: &Mail) -> OffsetDateTime {
    mail.created_at + mail.kind.link().map_or(LIFETIME, super::MailLink::valid_for)
}

fn seal(kernel: &Kernel, id: Uuid, errand: &Errand) -> Result<Vec<u8>> {
    let body = serde_json::to_vec(errand).map_err(Error::internal)?;
    kernel.parts().sealer.seal(kernel.random(), &place(id), &body)
}

fn open(kernel: &Kernel, row: &Model) -> Option<Errand> {
    let body = kernel.parts().sealer.open(&place(row.id), &row.body)?;
    serde_json::from_slice(&body).ok()
}

fn place(id: Uuid) -> String {
    format!("auth_mail.body:{id}")
}

/// How many of the newest mails cannot be opened.
pub(super) async fn unreadable(kernel: &Kernel) -> Result<usize> {
    let rows = store::newest(kernel.db(), 100).await?;
    Ok(rows.iter().filter(|row| open(kernel, row).is_none()).count())
}

/// Claims what is due and does it. Returns how many errands that were.
pub(super) async fn deliver_due(kernel: &Kernel) -> Result<usize> {
    let rows = claim_due(kernel).await?;
    let count = rows.len();
    deliver(kernel, stream::iter([rows])).await;
    Ok(count)
}

/// Claims what is due, one batch at the most.
pub(crate) async fn claim_due(kernel: &Kernel) -> Result<Vec<Model>> {
    let (db, now) = (kernel.db(), kernel.now());
    let due = store::due(db, now, BATCH).await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let claim = kernel.new_id(now)?;
    store::claim(db, due, claim, now, now + LEASE).await?;
    store::claimed(db, claim).await
}

/// Does what was claimed, batch after batch. The next one is asked for when none of the last one waits any more, so that a
/// mailer that takes its time with some mails holds up no other, and no claim runs out while it waits.
pub(crate) async fn deliver(kernel: &Kernel, batches: impl Stream<Item = Vec<Model>>) {
    let rows = batches.flat_map(stream::iter);
    rows.for_each_concurrent(CONCURRENCY, |row| async move {
        let row = &row;
        let result = match process(kernel, row).await {
            Err(cause) => {
                tracing::warn!(mail = %row.id, %cause, "a mail could not be dealt with");
                try_later(kernel, row).await
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

async fn process(kernel: &Kernel, row: &Model) -> Result<()> {
    let Some(errand) = open(kernel, row) else {
        tracing::error!(mail = %row.id, "a mail cannot be opened: was the secret replaced without keeping the former one?");
        return give_up(kernel, row, "unreadable").await;
    };
    if row.expires_at.0 <= kernel.now() {
        return give_up(kernel, row, errand.name()).await;
    }
    let mail = match errand {
        Errand::Send { mail } => mail,
        Errand::Carry { order, client } => {
            let order = &order;
            let made = kernel.effect(&client, |effect| async move { make(kernel, &effect, row, order).await });
            match made.await {
                Ok(Some(mail)) => mail,
                Ok(None) => return Ok(()),
                Err(Error::Refused { code: ErrorCode::RateLimited, .. }) => {
                    return turn_down(kernel, row, order, &client).await;
                }
                Err(cause) => return Err(cause),
            }
        }
    };
    match send(kernel, &mail).await {
        Ok(()) => store::remove(kernel.db(), row.id).await,
        Err(failure) => {
            tracing::warn!(mail = %row.id, kind = mail.kind.name(), attempt = row.attempts + 1, %failure, "a mail was not accepted");
            if failure.is_permanent() {
                return give_up(kernel, row, mail.kind.name()).await;
            }
            try_later(kernel, row).await
        }
    }
}

/// Puts a claimed row back, to be tried again after a while.
async fn try_later(kernel: &Kernel, row: &Model) -> Result<()> {
    let due_at = kernel.now() + wait(kernel, row.attempts)?;
    store::postpone(kernel.db(), row, due_at).await
}

/// Carries out a job: replaces it with the mail, or removes it when there is nothing to send.
async fn make(kernel: &Kernel, effect: &Effect, row: &Model, order: &Order) -> Result<Option<Mail>> {
    let within_limit = is_within_limit(kernel, effect, Bucket::MailsByClient(effect.client())).await?;
    let mail = if within_limit { order.carry_out(kernel, effect).await? } else { None };
    let Some(mut mail) = mail else {
        store::remove(effect.tx(), row.id).await?;
        return Ok(None);
    };
    // An order that leads to no mail does not count for the address, or strangers could use its limit up unnoticed.
    let by_stranger = effect.client().is_remote();
    if by_stranger
        && kernel.limiter().take_within(effect.tx(), Bucket::MailsToAddress(&order.mailbox()?)).await?.is_some()
    {
        return Err(ErrorCode::RateLimited.into());
    }
    // The row stays what it is, whatever is in it.
    mail.id = row.id;
    let body = seal(kernel, row.id, &Errand::Send { mail: mail.clone() })?;
    if !store::replace(effect.tx(), row, body, expiry(&mail)).await? {
        return Err(Error::internal("another worker has taken the mail over"));
    }
    Ok(Some(mail))
}

/// Takes one of a limit in the same transaction, so that an order that is carried out again counts once. False when nothing
/// is left.
async fn is_within_limit(kernel: &Kernel, effect: &Effect, bucket: Bucket<'_>) -> Result<bool> {
    let Some(refusal) = kernel.limiter().take_within(effect.tx(), bucket).await? else { return Ok(true) };
    if refusal.first {
        effect.record(EventKind::Throttled { limit: bucket.name() });
    }
    Ok(false)
}

/// Removes an order whose address has got enough mail from strangers. What was made of it is rolled back already: the
/// link of the last mail that was sent goes on working.
async fn turn_down(kernel: &Kernel, row: &Model, order: &Order, client: &Client) -> Result<()> {
    let mailbox = &order.mailbox()?;
    kernel
        .effect(client, |effect| async move {
            if is_within_limit(kernel, &effect, Bucket::MailsToAddress(mailbox)).await? {
                return Err(Error::internal("there is room for the mail again"));
            }
            store::remove(effect.tx(), row.id).await
        })
        .await
}

async fn send(kernel: &Kernel, mail: &Mail) -> Result<(), MailError> {
    let service = Service { name: &kernel.settings().service_name, url: &kernel.settings().public_url };
    let content = kernel.parts().templates.render(mail, service)?;
    let sending = AssertUnwindSafe(kernel.parts().mailer.send(mail, &content)).catch_unwind();
    match tokio::time::timeout(SEND_LIMIT, sending).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(MailError::temporary("the mailer panicked")),
        Err(_) => Err(MailError::temporary(format!("the mailer took longer than {SEND_LIMIT:?}"))),
    }
}

/// Makes a dead letter of a mail, and tells of it.
async fn give_up(kernel: &Kernel, row: &Model, mail: &'static str) -> Result<()> {
    let now = kernel.now();
    kernel
        .effect(&Client::default(), |effect| async move {
            if store::give_up(effect.tx(), row, now).await? {
                effect.record(EventKind::MailFailed { mail_id: row.id, mail });
            }
            Ok(())
        })
        .await
}

/// How long to wait after so many attempts: twice as long each time, and not at the same moment as all others, so that a
/// mail server that comes back is not overrun.
fn wait(kernel: &Kernel, attempts: i32) -> Result<Duration> {
    let doubled = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(attempts.try_into().unwrap_or_default()));
    let mut noise = [0];
    kernel.random().fill(&mut noise).map_err(Error::internal)?;
    Ok(doubled.min(LONGEST_WAIT).mul_f64(1.0 + f64::from(noise[0]) / 512.0))
}
