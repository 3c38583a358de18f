//! What one network may have of something that is bounded for all, so that a flood from one place leaves the rest to others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::client::{Client, Network};

/// The shares of all networks that want something now. No network stays once its last caller is gone.
pub(crate) struct Shares {
    running: usize,
    waiting: usize,
    networks: Mutex<HashMap<Network, Portion>>,
}

struct Portion {
    size: usize,
    permits: Arc<Semaphore>,
    callers: usize,
}

/// A caller of a network, who waits or has a share.
struct Caller {
    shares: Arc<Shares>,
    network: Network,
}

/// One of what a network may have. The permit is given back before the caller is gone.
pub(crate) struct Share {
    _permit: OwnedSemaphorePermit,
    _caller: Caller,
}

impl Shares {
    /// So much at once for one client, for which so many callers of one network wait.
    pub(crate) fn new(running: usize, waiting: usize) -> Self {
        Self { running: running.clamp(1, Semaphore::MAX_PERMITS), waiting, networks: Mutex::default() }
    }

    /// Waits for one of what the network may have; `None` when too many callers wait already.
    pub(crate) async fn take(self: &Arc<Self>, network: &Network) -> Option<Share> {
        let (permits, caller) = self.enter(network)?;
        // The semaphore is never closed.
        let permit = permits.acquire_owned().await.ok()?;
        Some(Share { _permit: permit, _caller: caller })
    }

    /// One of what the network may have, if nobody has to wait for it.
    fn try_take(self: &Arc<Self>, network: &Network) -> Option<Share> {
        let (permits, caller) = self.enter(network)?;
        let permit = permits.try_acquire_owned().ok()?;
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

    /// How many callers wait for one of what their network may have.
    pub(crate) fn waiting(&self) -> usize {
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

/// The places of what is done beside the answers: so many in all, and so many of one client.
pub(crate) struct Places {
    all: Arc<Semaphore>,
    shares: Arc<Shares>,
}

/// One of these places.
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
    _shares: Vec<Share>,
}

impl Places {
    pub(crate) fn new(all: usize, of_client: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), shares: Arc::new(Shares::new(of_client, 0)) }
    }

    /// A place for what a client caused, if there is one; its network has to have room as well.
    pub(crate) fn enter(&self, client: &Client) -> Option<Place> {
        let shares = client.networks().iter().map(|network| self.shares.try_take(network)).collect::<Option<_>>()?;
        Some(Place { _permit: Arc::clone(&self.all).try_acquire_owned().ok()?, _shares: shares })
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

    #[test]
    fn a_flood_leaves_places_to_others() {
        let (places, client) = (Places::new(4, 2), |ip: [u8; 4]| Client::new(Some(ip.into()), None));
        let (flooder, other) = (client([192, 0, 2, 1]), client([192, 0, 2, 2]));
        let held = [places.enter(&flooder), places.enter(&flooder)];
        assert!(held.iter().all(Option::is_some) && places.enter(&flooder).is_none());
        let all = [places.enter(&other), places.enter(&Client::default())];
        assert!(all.iter().all(Option::is_some) && places.enter(&Client::default()).is_none());
        drop(held);
        assert!(places.enter(&flooder).is_some());
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
