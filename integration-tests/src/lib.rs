//! The contract suite: one set of scenarios over every framework and every database.
//!
//! `tests/contract.rs` runs it; `README.md` beside this crate tells how to write a scenario.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a scenario fails by panicking")]

/// Compiles the snippets of the project's front page.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct FrontPage;

#[macro_use]
mod events;

mod answer;
mod app;
pub mod audit;
mod child;
mod coverage;
mod cx;
mod document;
mod interleaving;
mod key_pair;
mod login;
pub mod logs;
mod mails;
pub mod metrics;
pub mod redis;
mod request;
mod route;
mod runner;
mod samples;
mod scenario;
mod scenarios;
mod sink;
mod statuses;
mod tables;
mod targets;
mod vectors;
pub mod victim;
mod witness;

pub use answer::Answer;
pub use app::{App, race, until};
pub use cx::{Cx, Setup};
pub use login::{Jar, Login, PASSWORD};
pub(crate) use request::FIREFOX;
pub use request::Request;
pub use runner::{Environment, run};
pub use scenario::Scenario;
pub use scenarios::add_features;
pub use targets::Target;
