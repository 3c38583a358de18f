//! What one network may have of the hasher, so that a flood from one place does not make everyone else wait.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The shares of all networks that want something now. No network stays once its last caller is gone.
pub(super) struct Shares {
    running: usize,
    waiting: usize,
    networks: Mutex<HashMap<IpAddr, Network>>,
}

struct Network {
    permits: Arc<Semaphore>,
    callers: usize,
}

/// A caller of a network, who waits or hashes.
struct Caller {
    shares: Arc<Shares>,
    network: IpAddr,
}

/// The right to one of the hashes of a network. The permit is given back before the caller is gone.
pub(super) struct Share {
    _permit: OwnedSemaphorePermit,
    _caller: Caller,
}

impl Shares {
    /// At most so many hashes of one network run at once, and so many callers wait for them.
    pub(super) fn new(running: usize, waiting: usize) -> Self {
        Self { running: running.clamp(1, Semaphore::MAX_PERMITS), waiting, networks: Mutex::default() }
    }

    /// Waits until a hash of the network may begin; `None` when too many callers wait already.
    pub(super) async fn take(self: &Arc<Self>, network: IpAddr) -> Option<Share> {
        let (permits, caller) = self.enter(network)?;
        // The semaphore is never closed.
        let permit = permits.acquire_owned().await.ok()?;
        Some(Share { _permit: permit, _caller: caller })
    }

    fn enter(self: &Arc<Self>, network: IpAddr) -> Option<(Arc<Semaphore>, Caller)> {
        let mut networks = self.networks();
        let new = || Network { permits: Arc::new(Semaphore::new(self.running)), callers: 0 };
        let entry = networks.entry(network).or_insert_with(new);
        if entry.callers >= self.running.saturating_add(self.waiting) {
            return None;
        }
        entry.callers += 1;
        Some((Arc::clone(&entry.permits), Caller { shares: Arc::clone(self), network }))
    }

    /// How many callers wait for a hash of their network.
    pub(super) fn waiting(&self) -> usize {
        let waiting = |network: &Network| {
            let running = self.running.saturating_sub(network.permits.available_permits());
            network.callers.saturating_sub(running)
        };
        self.networks().values().map(waiting).sum()
    }

    fn networks(&self) -> MutexGuard<'_, HashMap<IpAddr, Network>> {
        self.networks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        let mut networks = self.shares.networks();
        if let Some(network) = networks.get_mut(&self.network) {
            network.callers -= 1;
            if network.callers == 0 {
                networks.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_network_is_forgotten_with_its_last_caller() {
        let shares = Arc::new(Shares::new(2, 1));
        let [one, other] = [1, 2].map(|n| IpAddr::from([192, 0, 2, n]));
        let held = [shares.take(one).await, shares.take(one).await, shares.take(other).await];
        assert!(held.iter().all(Option::is_some));
        let waiting = tokio::spawn({
            let shares = Arc::clone(&shares);
            async move { shares.take(one).await.is_some() }
        });
        while shares.waiting() < 1 {
            tokio::task::yield_now().await;
        }
        assert!(shares.take(one).await.is_none(), "one waits already");
        drop(held);
        assert!(waiting.await.unwrap());
        assert_eq!((shares.waiting(), shares.networks().len()), (0, 0));
    }

    #[tokio::test]
    async fn a_caller_who_leaves_gives_the_place_back() {
        let shares = Arc::new(Shares::new(1, 1));
        let network = IpAddr::from([192, 0, 2, 1]);
        let held = shares.take(network).await;
        for _ in 0..3 {
            let leaving = tokio::time::timeout(std::time::Duration::from_millis(1), shares.take(network));
            assert!(leaving.await.is_err());
        }
        drop(held);
        assert!(shares.networks().is_empty());
    }
}
