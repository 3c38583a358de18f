//! An attempt at a password, until it is said what became of it.

use super::limits::{PASSWORDS_BY_ACCOUNT, Taken};
use crate::account::Credentials;
use crate::client::Client;
use crate::device::{KnownDevice, ask_owner};
use crate::error::Result;
use crate::event::EventKind;
use crate::kernel::Kernel;
use crate::limit::Subject;
use crate::password::Verdict;
use crate::share::Place;

/// A password that was compared. The caller says what became of it: [`passed`](Self::passed), or
/// [`failed`](Self::failed). One of which nothing is said stays a failure without an event.
#[must_use = "say whether the attempt passed or failed"]
pub(crate) struct Checked<'a> {
    pub(super) kernel: &'a Kernel,
    pub(super) client: &'a Client,
    pub(super) subject: Subject,
    pub(super) taken: Taken,
    /// The account, if there is one of the name.
    pub(crate) found: Option<Credentials>,
    /// The device that asks, if the account knows it.
    pub(crate) device: Option<KnownDevice>,
    /// Whether the password is right.
    pub(crate) verdict: Verdict,
}

impl Checked<'_> {
    /// Whether the password is right.
    pub(crate) fn is_right(&self) -> bool {
        matches!(self.verdict, Verdict::Right { .. })
    }

    /// The password was right, and the account may be told so: the attempt is given back, and nothing is counted in a row
    /// any more.
    pub(crate) async fn passed(self) -> (Option<Credentials>, Option<KnownDevice>) {
        let Taken { returned, ended, .. } = &self.taken;
        if let Err(cause) = self.kernel.limiter().settle(returned, ended).await {
            tracing::warn!(%cause, "an attempt at a password could not be given back");
        }
        (self.found, self.device)
    }

    /// The attempt failed. Counts it for the account if it did not yet, and asks the owner when there were too many; both
    /// beside the answer, which must not wait for it.
    pub(crate) fn failed(self, kind: EventKind) {
        let Self { kernel, client, subject, taken, .. } = self;
        kernel.emit(client, kind);
        if client.is_remote() {
            count_beside(kernel, subject, taken.by_stranger, client);
        }
    }
}

/// Counts a failure of a known device, which takes of the account's limit without being bound by it. Word goes to the owner
/// once half of the limit is used.
async fn count(kernel: &Kernel, subject: &Subject, is_counted: bool) -> Result<()> {
    let bucket = PASSWORDS_BY_ACCOUNT.of(subject);
    let Some(times) = bucket.times(&kernel.configs().limits) else { return Ok(()) };
    if !is_counted {
        kernel.limiter().reserve(std::slice::from_ref(&bucket)).await?;
    }
    if kernel.limiter().used(&bucket).await?.saturating_mul(2) >= times {
        ask_owner(kernel, subject, &Client::default()).await?;
    }
    Ok(())
}

/// How many refused attempts may lead to questions to their owners at once, and how many of those of one client: a refusal costs
/// nothing, so that there may be any number of them.
pub(crate) const MAX_QUESTIONS: usize = 64;
pub(crate) const MAX_QUESTIONS_OF_CLIENT: usize = 4;

/// Asks the owner beside the answer that refuses a client, as far as not too many wait already.
pub(super) fn ask_beside(kernel: &Kernel, subject: &Subject, client: &Client) {
    let (subject, asked) = (subject.clone(), client.clone());
    let place = kernel.parts().pending_questions.enter(client);
    beside(kernel, place, move |kernel| async move { ask_owner(&kernel, &subject, &asked).await });
}

/// Does something beside the answer, if there is a place for it.
fn beside<F>(kernel: &Kernel, place: Option<Place>, work: impl FnOnce(Kernel) -> F)
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let Some(place) = place else { return };
    let work = work(kernel.clone());
    tokio::spawn(async move {
        if let Err(cause) = work.await {
            tracing::warn!(%cause, "a failed attempt at a password could not be looked at");
        }
        drop(place);
    });
}

/// Counts a failure beside the answer, as far as not too many wait already.
pub(super) fn count_beside(kernel: &Kernel, subject: Subject, is_counted: bool, client: &Client) {
    let place = kernel.parts().pending_events.enter(client);
    if place.is_none() {
        tracing::error!("too many failed attempts wait to be looked at; this one was not");
    }
    beside(kernel, place, move |kernel| async move { count(&kernel, &subject, is_counted).await });
}
