//! What changed about accounts and sessions, so that no server goes on believing what it remembers.
//!
//! Every effect that changes an account writes a row about it, in its own transaction. A server that remembers something, or waits
//! for the end of a session, reads the rows that are new. It needs no message that could be lost: a server that cannot read
//! them knows that, and does not rely on its memory.

mod feed;
mod model;
mod position;
mod store;
mod watch;

pub(crate) use self::feed::{ChangeFeed, Moment};
pub(crate) use self::model::{Concerned, MEMORY};
pub(crate) use self::store::purge;
