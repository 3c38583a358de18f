//! What tests of the authentication library are made of: throwaway databases, a clock that moves when it is told to,
//! repeatable randomness, hooks that record and misbehave on demand, and a log of SQL statements.

mod clock;
mod conformance;
mod database;
mod hooks;
mod mailer;
mod parts;
mod proxy;
mod random;
mod statements;

pub use clock::MockClock;
pub use conformance::check_token_format;
pub use database::{Engine, Template, TestDb, connect};
pub use hooks::{Moment, Reaction, TestHooks};
pub use mailer::{MailFault, MemoryMailer};
pub use parts::{ALLOWED_ORIGIN, PUBLIC_URL, ROLE, SECRET, TestParts, backends};
pub use proxy::{Cut, Proxy};
pub use random::SeededRandom;
pub use statements::StatementLog;
