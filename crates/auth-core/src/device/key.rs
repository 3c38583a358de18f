//! What a device is recognised by.

use crate::backend::{BuiltBackend, Transport};
use crate::client::Client;
use crate::kernel::Kernel;
use crate::secret::keyed_digest;

/// The digests by which the device of a request may be known: of the cookie that it carries, and of its network where the
/// client has no cookies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct DeviceKeys {
    pub(super) cookie: Option<[u8; 32]>,
    pub(super) network: Option<[u8; 32]>,
}

impl DeviceKeys {
    pub(crate) fn of(kernel: &Kernel, backend: &BuiltBackend, client: &Client) -> Self {
        let network = client.network().filter(|_| backend.transport == Transport::Bearer);
        // Not the bare digest: there are few networks.
        let digest = |network: std::net::IpAddr| {
            keyed_digest(&kernel.parts().limit_key, &["device".to_owned(), network.to_string()])
        };
        Self { cookie: client.device(), network: network.map(digest) }
    }

    /// The digests to look for.
    pub(crate) fn all(&self) -> Vec<Vec<u8>> {
        [self.cookie, self.network].into_iter().flatten().map(Vec::from).collect()
    }
}
