//! Token formats: how a string stands for a session.
//!
//! A strategy only turns a session into a string and back into a pointer to it. The session itself, with the user's
//! epoch, is always looked up in the database by one query, so that no strategy can keep a session alive that was
//! revoked.

mod database;
mod ended;
mod jwt;
mod opaque;
mod strategy;

pub(crate) use self::database::DatabaseStrategy;
pub use self::ended::Ended;
pub use self::jwt::{CustomClaims, JwtKeys, JwtOptions};
pub(crate) use self::jwt::{JwtStrategy, StrategyKeys};
pub use self::opaque::opaque_digest;
pub use self::strategy::{NewToken, TokenRef, TokenStrategy, TokenSubject};
