//! Hashing with a bounded number of hashes at once.

use super::cost::HashConcern;
use super::foreign::UnreadableHash;
use super::hasher_config::HasherConfig;
use super::policy::{PasswordPolicy, PolicyContext};
use super::secret::Password;
use super::verdict::{HasherError, Verdict};
use super::work::Worker;
use crate::client::{Client, Network};
use crate::share::{Share, Shares};
use crate::telemetry::{self, Ongoing, Stopwatch};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, oneshot};

/// Argon2id (RFC 9106) on threads of low priority, with bounded concurrency, memory and queue. A cheap handle; clones share
/// the bounds.
#[derive(Clone)]
pub struct PasswordHasher {
    inner: Arc<Inner>,
    /// The networks whose shares the work counts against, the narrower first.
    networks: Vec<Network>,
}

struct Inner {
    worker: Worker,
    permits: usize,
    running: Arc<Semaphore>,
    queue_length: usize,
    queue: Semaphore,
    shares: Arc<Shares>,
    wait: Duration,
}

/// The right to run one hash.
struct Permit {
    _running: OwnedSemaphorePermit,
    _shares: Vec<Share>,
}

impl PasswordHasher {
    /// A hasher with these costs and bounds, after one trial hash that shows that the machine can bear them.
    ///
    /// # Errors
    /// Fails with [`HasherError::Internal`] with the [`problems`](HasherConfig::problems) of `config`, or when the
    /// memory is not there.
    pub fn new(config: HasherConfig) -> Result<Self, HasherError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::with_cores(config, cores)
    }

    pub(super) fn with_cores(config: HasherConfig, cores: usize) -> Result<Self, HasherError> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(HasherError::Internal(problems.join("; ")));
        }
        let worker = Worker::new(&config)?;
        worker.hash(b"")?;
        let permits = config.permits(cores).min(Semaphore::MAX_PERMITS);
        let queue_length = config.queue.min(Semaphore::MAX_PERMITS);
        let inner = Inner {
            worker,
            permits,
            running: Arc::new(Semaphore::new(permits)),
            queue_length,
            queue: Semaphore::new(queue_length),
            shares: Arc::new(Shares::new(config.per_network, queue_length / 2)),
            wait: config.wait,
        };
        Ok(Self { inner: Arc::new(inner), networks: Vec::new() })
    }

    /// The same hasher on behalf of a client, whose network may have at most
    /// [`per_network`](HasherConfig::per_network) hashes running at once. Clients whose address is unknown share one; the
    /// app itself is not bound by any.
    #[must_use]
    pub fn on_behalf_of(&self, client: &Client) -> Self {
        Self { inner: Arc::clone(&self.inner), networks: client.networks() }
    }

    /// Hashes a password that needs no judging, with a random salt, into a PHC string.
    ///
    /// # Errors
    /// Fails with [`HasherError::Saturated`] or [`HasherError::Internal`].
    pub async fn hash(&self, password: Password) -> Result<String, HasherError> {
        self.run(move |worker| worker.hash(password.expose().as_bytes())).await
    }

    /// Verifies a password against the stored string, if there is one: a PHC string of Argon2, or a hash of another
    /// scheme, which counts as outdated.
    ///
    /// A hash of another system is compared with the password in normal form C, as received, and in normal form KC.
    ///
    /// Every path does the work of one hash with the present parameters at least, for each of these spellings that is another
    /// text: no account (`None`), a corrupt string, a wrong password, a right one, and a hash with older, cheaper parameters (OWASP ASVS 6.3.8). Stored
    /// parameters beyond 1 GiB, 64 iterations or 64 lanes count as corrupt. A foreign hash costs what its scheme costs,
    /// a few seconds at most, and one present hash on top.
    ///
    /// # Errors
    /// Fails with [`HasherError::Saturated`] or [`HasherError::Internal`].
    pub async fn verify(&self, password: Password, stored: Option<String>) -> Result<Verdict, HasherError> {
        self.run(move |worker| worker.verify(&password, stored.as_deref())).await
    }

    /// Judges a new password, waits for `between`, and hashes the password, all under one permit: a request that was
    /// let in is not turned away in the middle. A strength estimate is too slow for an async worker.
    ///
    /// # Errors
    /// Fails when `between` does; the inner result fails with [`HasherError::Refused`] and the reason of the policy,
    /// Fails with [`HasherError::Saturated`] or [`HasherError::Internal`].
    pub(crate) async fn check_wait_and_hash<E>(
        &self,
        password: Password,
        policy: Arc<dyn PasswordPolicy>,
        context: PolicyContext,
        between: impl Future<Output = Result<(), E>>,
    ) -> Result<Result<String, HasherError>, E> {
        let judge = move |_: &Worker, permit| {
            policy.check(&password, &context)?;
            Ok((password, permit))
        };
        // Nothing runs while the caller has the permit, and one that goes away gives it back.
        let judged = match self.permit().await {
            Ok(permit) => self.run_on(permit, judge).await,
            Err(error) => Err(error),
        };
        let (password, permit) = match judged {
            Ok(judged) => judged,
            Err(error) => return Ok(Err(error)),
        };
        between.await?;
        let hash = move |worker: &Worker, permit| {
            let _permit = permit;
            worker.hash(password.expose().as_bytes())
        };
        Ok(self.run_on(permit, hash).await)
    }

    /// Judges a new password and hashes it, under one permit, because a strength estimate is too slow for an async
    /// worker.
    ///
    /// # Errors
    /// Fails with [`HasherError::Refused`] with the reason of the policy, [`HasherError::Saturated`] or
    /// [`HasherError::Internal`].
    pub async fn check_and_hash(
        &self,
        password: Password,
        policy: Arc<dyn PasswordPolicy>,
        context: PolicyContext,
    ) -> Result<String, HasherError> {
        let judge_and_hash = move |worker: &Worker| {
            policy.check(&password, &context)?;
            worker.hash(password.expose().as_bytes())
        };
        self.run(judge_and_hash).await
    }

    /// The form in which a hash that another system exported is stored, so that [`verify`](Self::verify) can find it right;
    /// without computing anything.
    ///
    /// # Errors
    /// Fails with [`UnreadableHash`], which names the supported schemes.
    pub fn adopt(&self, exported: &str) -> Result<String, UnreadableHash> {
        self.inner.worker.adopt(exported)
    }

    /// What is wrong with the cost of a stored hash that can be verified, without computing anything; `None` for one of a
    /// good cost, and for one that [`verify`](Self::verify) finds corrupt.
    #[must_use]
    pub fn concern(&self, stored: &str) -> Option<HashConcern> {
        self.inner.worker.concern(stored)
    }

    /// What every hash that it makes begins with.
    pub(crate) fn current_prefix(&self) -> String {
        self.inner.worker.current_prefix()
    }

    /// What all hashes since the start have cost: the blocks of 1 KiB that were computed, to which time is proportional.
    #[must_use]
    pub fn work_done(&self) -> u64 {
        self.inner.worker.done()
    }

    /// How many hashes are running now.
    #[must_use]
    pub fn running(&self) -> usize {
        self.inner.permits.saturating_sub(self.inner.running.available_permits())
    }

    /// How many hashes may run at once.
    #[must_use]
    pub fn permits(&self) -> usize {
        self.inner.permits
    }

    /// How many callers are waiting for their turn now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.inner.queue_length.saturating_sub(self.inner.queue.available_permits()) + self.inner.shares.waiting()
    }

    /// Runs `work` on a thread of its own, once there is a permit.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Worker) -> Result<T, HasherError> + Send + 'static,
    ) -> Result<T, HasherError> {
        let work = move |worker: &Worker, permit| {
            // It is given back before the answer, whether `work` returns or panics.
            let _permit: Permit = permit;
            work(worker)
        };
        self.run_on(self.permit().await?, work).await
    }

    /// The same with a permit that is there. It lives in `work`, and not in the caller: a caller that goes away ends its
    /// future, but never the thread.
    async fn run_on<T: Send + 'static>(
        &self,
        permit: Permit,
        work: impl FnOnce(&Worker, Permit) -> Result<T, HasherError> + Send + 'static,
    ) -> Result<T, HasherError> {
        let inner = Arc::clone(&self.inner);
        let (answer, answered) = oneshot::channel();
        let hash = move || {
            give_way();
            let (_running, watch) = (Ongoing::hash_runs(), Stopwatch::start());
            let result = work(&inner.worker, permit);
            telemetry::hash_took(&watch);
            // A caller that went away wants no answer.
            let _ = answer.send(result);
        };
        let thread = std::thread::Builder::new().name("auth-hash".to_owned()).spawn(hash);
        thread.map_err(|error| HasherError::Internal(format!("no thread to hash on: {error}")))?;
        // The text of a panic in a policy could hold the password, so it is not passed on.
        answered.await.map_err(|_| HasherError::Internal("the hashing thread did not finish".to_owned()))?
    }

    /// Waits for a permit: for one of the network first, which takes no place from the callers of others.
    async fn permit(&self) -> Result<Permit, HasherError> {
        let turn = async {
            let mut shares = Vec::with_capacity(self.networks.len());
            for network in &self.networks {
                shares.push(self.inner.shares.take(network).await.ok_or(HasherError::Saturated)?);
            }
            Ok(Permit { _running: self.turn().await?, _shares: shares })
        };
        let (waiting, watch) = (Ongoing::hash_waits(), Stopwatch::start());
        let permit = tokio::time::timeout(self.inner.wait, turn).await.unwrap_or(Err(HasherError::Saturated));
        drop(waiting);
        match &permit {
            Ok(_) => telemetry::hash_waited(&watch),
            Err(HasherError::Saturated) => telemetry::hash_refused(),
            Err(_) => {}
        }
        permit
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, HasherError> {
        let running = Arc::clone(&self.inner.running);
        match Arc::clone(&running).try_acquire_owned() {
            Ok(permit) => return Ok(permit),
            Err(TryAcquireError::NoPermits) => {}
            Err(TryAcquireError::Closed) => return Err(closed()),
        }
        // A place in the queue is itself a permit, so a caller that goes away gives it back.
        let _place = self.inner.queue.try_acquire().map_err(|_| HasherError::Saturated)?;
        running.acquire_owned().await.map_err(|_| closed())
    }
}

fn closed() -> HasherError {
    HasherError::Internal("the hasher is closed".to_owned())
}

/// How much lower than its server a thread that hashes stands, in steps of `nice(2)`: a tenth of the share of time.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Lets the threads that answer requests go before this one. On Linux alone, where niceness is a thread's own: elsewhere
/// it would slow the whole process down.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!(%error, "a hashing thread keeps its priority");
    }
}
