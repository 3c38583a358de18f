//! What holds for the installation as a whole: which keys its database was used with, and since when its rows count.
//!
//! A database outlives the servers, and may come back from a backup. It knows the keys that its rows were sealed with, so
//! that a server with another secret does not start to work on it; and it has one moment up to which sessions, single-use
//! tokens and waiting mails are dead, so that [`after_restore`](Installation::after_restore) ends them all. Servers also
//! write down that their clients seem to come through a [proxy that is not configured](ProxySign).

pub(crate) mod epoch;
mod keys;
mod proxies;
mod restore;
mod service;
mod store;
mod watch;

pub(crate) use keys::present_since;
pub use keys::{KeyError, KeyState, UnknownKey};
pub use restore::Restored;
pub use service::{Installation, is_unused};
pub(crate) use watch::PeerWatch;
pub use watch::ProxySign;
