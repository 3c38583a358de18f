//! What waits in the outbox: mails that are ready to be sent, and jobs for the workers.
//!
//! A request by somebody who has not proved anything yet, such as a forgotten password, only queues a job and is answered
//! at once: one `INSERT`, the same for every email address, so that neither the answer nor its time can tell whether there
//! is an account. Who gets which mail is found out when a worker carries the job out.

use std::time::Duration;

use auth_entity::mail::Model;
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Mail, MailLink, store};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::kernel::Kernel;

/// How long a job waits for a worker, and a mail without a link for a mail server.
const LIFETIME: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// Something that a worker has to do.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Queued {
    /// Send a mail.
    Send { mail: Mail },
    /// Send a mail to an unverified address, within the limit of that address. It may be a notice of a change.
    Offer { mail: Mail, client: Client, is_notice: bool },
    /// Carry a job of a feature out.
    Job(Job),
}

/// Work of a feature, which finds it by the name.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) name: String,
    pub(crate) body: Value,
    pub(crate) client: Client,
}

impl Job {
    pub(crate) fn new(name: &str, body: impl Serialize, client: &Client) -> Result<Self> {
        let body = serde_json::to_value(body).map_err(Error::internal)?;
        Ok(Self { name: name.to_owned(), body, client: client.clone() })
    }
}

/// Puts all of it into the outbox with one statement, within the transaction that causes it.
pub(crate) async fn put(kernel: &Kernel, tx: &impl ConnectionTrait, queue: &[Queued]) -> Result<()> {
    if queue.is_empty() {
        return Ok(());
    }
    let now = kernel.now();
    let rows = queue.iter().map(|queued| new_row(kernel, queued, now)).collect::<Result<Vec<_>>>()?;
    store::insert(tx, rows).await
}

fn new_row(kernel: &Kernel, queued: &Queued, now: OffsetDateTime) -> Result<store::NewRow> {
    let (id, due_at, expires_at) = match queued {
        Queued::Send { mail } => (mail.id, now, expiry(mail)),
        Queued::Offer { mail, .. } => (kernel.new_id(now)?, now, expiry(mail)),
        Queued::Job(_) => (kernel.new_id(now)?, now + kernel.part_of(kernel.configs().mail.job_delay)?, now + LIFETIME),
    };
    Ok(store::NewRow { id, body: seal(kernel, id, queued)?, now, due_at, expires_at })
}

/// When a mail expires: together with its link.
pub(crate) fn expiry(mail: &Mail) -> OffsetDateTime {
    mail.created_at + mail.link.as_ref().map_or(LIFETIME, MailLink::valid_for)
}

/// Encrypts what is stored, because it holds the tokens of links in the clear.
pub(crate) fn seal(kernel: &Kernel, id: Uuid, queued: &Queued) -> Result<Vec<u8>> {
    let body = serde_json::to_vec(queued).map_err(Error::internal)?;
    kernel.parts().sealer.seal(kernel.random(), kernel.now(), &place(id), &body)
}

/// What a row holds; `None` when it cannot be decrypted or read.
pub(crate) fn open(kernel: &Kernel, row: &Model) -> Option<Queued> {
    let body = kernel.parts().sealer.open(&place(row.id), &row.body)?;
    serde_json::from_slice(&body).ok()
}

fn place(id: Uuid) -> String {
    format!("authn_mail.body:{id}")
}
