//! The signs of proxies that are not configured, as facts that the next start and the doctor can read.

use std::net::IpAddr;
use std::time::Duration;

use time::OffsetDateTime;

use super::watch::ProxySign;
use super::{Installation, store};
use crate::error::Result;
use crate::kernel::Kernel;
use crate::secret::digest;

/// How long a sign counts that was not seen again.
const MEMORY: Duration = Duration::from_secs(7 * 24 * 60 * 60);

impl Installation<'_> {
    /// The signs that servers with the present list of trusted proxies have seen in the last week that a proxy is missing in
    /// it, and when each was last written down, in UTC. [Workers](crate::Auth::spawn_workers) write a sign down within a
    /// minute, and again each day on which it is seen.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "installation.proxy_signs", target = "auth::service", level = "debug", skip_all)]
    pub async fn proxy_signs(&self) -> Result<Vec<(ProxySign, OffsetDateTime)>> {
        let (now, trusted) = (self.kernel.now(), trusted(self.kernel));
        let facts = store::named_like(self.kernel.db(), "proxy:").await?;
        let signs = facts.into_iter().filter(|fact| fact.data.as_deref() == Some(&trusted) && fact.at.0 + MEMORY > now);
        let sign = |name: &str| ProxySign::ALL.into_iter().find(|sign| sign.fact() == name);
        Ok(signs.filter_map(|fact| Some((sign(&fact.name)?, fact.at.0))).collect())
    }

    /// Writes down what was seen. [Workers](crate::Auth::spawn_workers) do so once a minute; for apps that would rather call it
    /// from a scheduler of their own. It costs a statement for each sign that was seen and not written down that day.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "installation.note_proxy_signs", target = "auth::service", level = "debug", skip_all)]
    pub async fn note_proxy_signs(&self) -> Result<()> {
        let (kernel, watch) = (self.kernel, &self.kernel.parts().peers);
        let uptime = kernel.uptime();
        for sign in watch.due(uptime) {
            store::write(kernel.db(), sign.fact(), trusted(kernel), kernel.now()).await?;
            watch.written(sign, uptime);
        }
        Ok(())
    }
}

impl Kernel {
    /// For the wire: a peer that is not trusted has sent the header of a proxy.
    #[doc(hidden)]
    pub fn peer_forwarded(&self, peer: IpAddr) {
        self.parts().peers.forwarded(peer);
    }

    /// For the wire: a request of a client came.
    #[doc(hidden)]
    pub fn client_came(&self, client: Option<IpAddr>) {
        self.parts().peers.count(client);
    }
}

/// The list of trusted proxies as a digest: what was seen with another one says nothing about the present one.
fn trusted(kernel: &Kernel) -> [u8; 32] {
    let settings = kernel.settings();
    digest(&format!("{:?} {}", settings.trusted_proxies, settings.trusts_unix_socket))
}
