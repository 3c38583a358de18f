//! What the server withstands, with the routes of the library behind it on axum and on poem.
//!
//! The clocks are tokio's, which move on when everybody waits: connections are pipes in memory, so that nobody waits for
//! anything else. The binaries are attacked over sockets, in `process.rs`.

#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod app;
mod flood;
mod framing;
mod process;
mod slow;

use app::App;
