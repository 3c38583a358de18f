//! What holds for the installation as a whole: which keys its database was used with, and since when its rows count.
//!
//! A database outlives the servers, and may come back from a backup. It knows the keys that its rows were sealed with, so
//! that a server with another secret does not start to work on it; and it has one moment up to which sessions, single-use
//! tokens and waiting mails are dead, so that [`after_restore`](Installation::after_restore) ends them all.

pub(crate) mod epoch;
mod keys;
mod restore;
mod service;
mod store;

pub(crate) use keys::present_since;
pub use keys::{KeyError, KeyState, UnknownKey};
pub use restore::Restored;
pub use service::{Installation, is_unused};
