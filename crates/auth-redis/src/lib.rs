//! A token format whose tokens live in Redis or Valkey: `redis`.
//!
//! A token is opaque, as those of the database format are. Redis has a pointer under its digest, which expires with it, and
//! an index of each user's tokens. The session stays a row in the database, which every request still asks: so nothing that
//! Redis says, or has forgotten, or brings back from an older copy makes a token good that was revoked. Without the pointer a
//! token is refused. Anyone who can write to Redis can log people out, and nothing else.
//!
//! ```no_run
//! # async fn example(db: auth_core::sea_orm::DatabaseConnection) -> Result<(), Box<dyn std::error::Error>> {
//! use auth_core::{Auth, Backend, RootSecret};
//! use auth_redis::RedisStrategy;
//!
//! let redis = RedisStrategy::new("rediss://notes:p%40ss@redis.example.com")?.prefix("notes:");
//! let auth = Auth::builder(db)
//!     .public_url("https://notes.example.com")
//!     .secret(RootSecret::new(std::fs::read("auth.secret")?))
//!     .backend(Backend::bearer("redis").custom(redis))
//!     .build()?;
//! let workers = auth.spawn_workers(); // they delete from Redis what has ended
//! # Ok(()) }
//! ```
//!
//! Redis from version 6.2 on and Valkey will do, as a single server or as a primary with replicas. Clusters are not supported.

#[cfg(test)]
mod canary_tests;
mod examine;
mod link;
mod pointer;
mod store;
mod strategy;
#[cfg(test)]
mod tests;
mod tls;

pub use strategy::{RedisConfigError, RedisStrategy};

/// The crate that appears in this crate's own signatures.
pub use auth_core;
