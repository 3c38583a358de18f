//! What runs beside the requests: sending mail, and forgetting what has expired.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::deliver::{BATCH, Courier};
use super::purge::Purge;
use crate::error::Result;
use crate::feature::Feature;
use crate::installation::Installation;
use crate::kernel::Kernel;
use crate::mail::store;
use crate::telemetry;

/// How often a worker looks for mail that another server put there, that waits, or that is to be tried again.
const LOOK: Duration = Duration::from_secs(1);

/// How long it waits when the database is away.
const PAUSE: Duration = Duration::from_secs(5);

/// How often it forgets what has expired.
const PURGE: Duration = Duration::from_secs(60 * 60);

/// How often it looks at what is measured and at what was seen.
const MINUTE: Duration = Duration::from_secs(60);

/// The background work of one server. It ends when this is dropped, after the mails that are being sent.
#[derive(Debug)]
#[must_use = "the workers end when this is dropped"]
pub struct Workers {
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

impl Workers {
    /// Ends the work and waits until what was begun is done.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        if let Some(task) = self.task.take() {
            // A panic in there was logged already, and there is nobody left to tell.
            let _ = task.await;
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// Begins the background work.
pub(crate) fn spawn(kernel: Kernel, features: Arc<[Feature]>) -> Workers {
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(async move {
        let courier = Courier { kernel: &kernel, features: &features };
        let (sending, maintaining) = (stopped.clone(), stopped.clone());
        tokio::join!(
            examine(&kernel),
            deliver(courier, sending),
            maintain(&kernel, &features, maintaining),
            observe(&kernel, stopped)
        );
    });
    Workers { stop, task: Some(task) }
}

/// Logs what an operator should know about the stores of token formats, and about what servers have seen before.
async fn examine(kernel: &Kernel) {
    match Installation::new(kernel).proxy_signs().await {
        Ok(signs) => signs.iter().for_each(|(sign, at)| tracing::warn!(%at, "seen before: {}", sign.advice())),
        Err(cause) => tracing::warn!(%cause, "the signs of proxies could not be read"),
    }
    for backend in kernel.backends().iter().filter(|backend| backend.has_store()) {
        let backend_name = backend.name.as_str();
        match backend.examine().await {
            Ok(notes) => notes.iter().for_each(|note| tracing::warn!(backend = backend_name, "{note}")),
            Err(cause) => {
                tracing::warn!(backend = backend_name, %cause, "the store of the tokens could not be examined")
            }
        }
    }
}

/// Sends what is due, until it is to stop, and then what it has claimed.
async fn deliver(courier: Courier<'_>, stopped: watch::Receiver<bool>) {
    let batches = stream::unfold((stopped, Duration::ZERO), |(mut stopped, mut wait)| async move {
        loop {
            rest(courier.kernel, &mut stopped, wait).await;
            if *stopped.borrow() {
                return None;
            }
            wait = match courier.claim_due().await {
                Ok(batch) if batch.is_empty() => LOOK,
                Ok(batch) => {
                    let is_full = batch.len() as u64 == BATCH;
                    return Some((batch, (stopped, if is_full { Duration::ZERO } else { LOOK })));
                }
                Err(cause) => {
                    tracing::warn!(%cause, "the outbox could not be read");
                    PAUSE
                }
            };
        }
    });
    courier.deliver(batches).await;
}

/// Waits, unless there is something to do before.
async fn rest(kernel: &Kernel, stopped: &mut watch::Receiver<bool>, wait: Duration) {
    if wait.is_zero() {
        return;
    }
    tokio::select! {
        _ = stopped.changed() => {}
        () = kernel.parts().bell.notified() => {}
        () = tokio::time::sleep(wait) => {}
    }
}

/// Forgets what has expired and does what is due, until it is to stop.
async fn maintain(kernel: &Kernel, features: &[Feature], mut stopped: watch::Receiver<bool>) {
    let purge = Purge::new(kernel, features);
    let mut hour = tokio::time::interval(PURGE);
    hour.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !*stopped.borrow() {
        tokio::select! {
            _ = stopped.changed() => {}
            _ = hour.tick() => {
                if let Err(cause) = purge.run().await {
                    tracing::warn!(%cause, "what has expired could not be deleted");
                }
                for feature in features {
                    let Some(upkeep) = feature.upkeep else { continue };
                    if let Err(cause) = upkeep(kernel).await {
                        tracing::warn!(%cause, feature = feature.name, "the upkeep failed");
                    }
                }
            }
        }
    }
}

/// Looks once a minute at what no request tells, until it is to stop.
async fn observe(kernel: &Kernel, mut stopped: watch::Receiver<bool>) {
    let mut minute = tokio::time::interval(MINUTE);
    minute.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !*stopped.borrow() {
        tokio::select! {
            _ = stopped.changed() => {}
            _ = minute.tick() => {
                if let Err(cause) = Installation::new(kernel).note_proxy_signs().await {
                    tracing::warn!(%cause, "the signs of proxies could not be written down");
                }
                if telemetry::IS_MEASURED && let Err(cause) = measure(kernel).await {
                    tracing::warn!(%cause, "the outbox could not be measured");
                }
            }
        }
    }
}

/// Measures the outbox, and how old what is known of changes is.
async fn measure(kernel: &Kernel) -> Result<()> {
    kernel.parts().changes.age(kernel.uptime()).into_iter().for_each(telemetry::change_age);
    let store::Counts { waiting, failed, oldest } = store::count(kernel.db()).await?;
    telemetry::outbox(waiting, failed, oldest, kernel.now());
    Ok(())
}
