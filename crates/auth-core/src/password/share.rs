//! What one network may have of the hasher, so that a flood from one place does not make everyone else wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::client::Network;

/// The shares of all networks that want something now. No network stays once its last caller is gone.
pub(super) struct Shares {
    running: usize,
    waiting: usize,
    networks: Mutex<HashMap<Network, Portion>>,
}

struct Portion {
    size: usize,
    permits: Arc<Semaphore>,
    callers: usize,
}

/// A caller of a network, who waits or hashes.
struct Caller {
    shares: Arc<Shares>,
    network: Network,
}

/// The right to one of the hashes of a network. The permit is given back before the caller is gone.
pub(super) struct Share {
    _permit: OwnedSemaphorePermit,
    _caller: Caller,
}

impl Shares {
    /// At most so many hashes of one client run at once, and so many callers of one network wait for them.
    pub(super) fn new(running: usize, waiting: usize) -> Self {
        Self { running: running.clamp(1, Semaphore::MAX_PERMITS), waiting, networks: Mutex::default() }
    }

    /// Waits until a hash of the network may begin; `None` when too many callers wait already.
    pub(super) async fn take(self: &Arc<Self>, network: &Network) -> Option<Share> {
        let (permits, caller) = self.enter(network)?;
        // The semaphore is never closed.
        let permit = permits.acquire_owned().await.ok()?;
        Some(Share { _permit: permit, _caller: caller })
    }

    fn enter(self: &Arc<Self>, network: &Network) -> Option<(Arc<Semaphore>, Caller)> {
        let mut networks = self.networks();
        let size = self.running.saturating_mul(network.factor as usize).min(Semaphore::MAX_PERMITS);
        let new = || Portion { size, permits: Arc::new(Semaphore::new(size)), callers: 0 };
        let entry = networks.entry(network.clone()).or_insert_with(new);
        if entry.callers >= size.saturating_add(self.waiting) {
            return None;
        }
        entry.callers += 1;
        Some((Arc::clone(&entry.permits), Caller { shares: Arc::clone(self), network: network.clone() }))
    }

    /// How many callers wait for a hash of their network.
    pub(super) fn waiting(&self) -> usize {
        let waiting = |portion: &Portion| {
            let running = portion.size.saturating_sub(portion.permits.available_permits());
            portion.callers.saturating_sub(running)
        };
        self.networks().values().map(waiting).sum()
    }

    fn networks(&self) -> MutexGuard<'_, HashMap<Network, Portion>> {
        self.networks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        let mut networks = self.shares.networks();
        if let Some(portion) = networks.get_mut(&self.network) {
            portion.callers -= 1;
            if portion.callers == 0 {
                networks.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Client;

    fn network(number: u8) -> Network {
        Client::new(Some([192, 0, 2, number].into()), None).networks().remove(0)
    }

    #[tokio::test]
    async fn a_network_is_forgotten_with_its_last_caller() {
        let shares = Arc::new(Shares::new(2, 1));
        let [one, other] = [1, 2].map(network);
        let held = [shares.take(&one).await, shares.take(&one).await, shares.take(&other).await];
        assert!(held.iter().all(Option::is_some));
        let waiting = tokio::spawn({
            let (shares, one) = (Arc::clone(&shares), one.clone());
            async move { shares.take(&one).await.is_some() }
        });
        while shares.waiting() < 1 {
            tokio::task::yield_now().await;
        }
        assert!(shares.take(&one).await.is_none(), "one waits already");
        drop(held);
        assert!(waiting.await.unwrap());
        assert_eq!((shares.waiting(), shares.networks().len()), (0, 0));
    }

    #[tokio::test]
    async fn a_caller_who_leaves_gives_the_place_back() {
        let shares = Arc::new(Shares::new(1, 1));
        let network = network(1);
        let held = shares.take(&network).await;
        for _ in 0..3 {
            let leaving = tokio::time::timeout(std::time::Duration::from_millis(1), shares.take(&network));
            assert!(leaving.await.is_err());
        }
        drop(held);
        assert!(shares.networks().is_empty());
    }
}
