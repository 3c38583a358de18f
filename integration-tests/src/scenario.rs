//! A scenario as a value, and the list that each feature keeps.

use futures_util::future::BoxFuture;

use auth_testkit::Engine;

use crate::{Cx, Target};

/// One behaviour, tested on every target and database that it does not exclude.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// The name of the function.
    pub name: &'static str,
    /// Runs it.
    pub run: fn(Cx) -> BoxFuture<'static, ()>,
    targets: Which,
    engines: Engines,
    /// Whether it needs a [`Sink`](crate::sink::Sink).
    pub(crate) mails: bool,
    /// Whether it needs a [`RedisServer`](crate::redis::RedisServer).
    pub(crate) redis: bool,
}

#[derive(Clone, Copy)]
enum Engines {
    All,
    Only(Engine),
    Servers,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    Direct,
    OneServer,
    Sockets,
    Hyper,
}

impl Scenario {
    /// A scenario for every target and database.
    #[must_use]
    pub const fn new(name: &'static str, run: fn(Cx) -> BoxFuture<'static, ()>) -> Self {
        Self { name, run, targets: Which::All, engines: Engines::All, mails: false, redis: false }
    }

    /// Only without a framework: for what no framework can change.
    #[must_use]
    pub const fn direct_only(self) -> Self {
        Self { targets: Which::Direct, ..self }
    }

    /// Only where one server answers every request: for what looks inside a process, such as its statements and its memory.
    #[must_use]
    pub const fn one_server(self) -> Self {
        Self { targets: Which::OneServer, ..self }
    }

    /// Only over a socket.
    #[must_use]
    pub const fn sockets_only(self) -> Self {
        Self { targets: Which::Sockets, ..self }
    }

    /// Only on servers that are hyper's: for HTTP/2. That of actix-web rests on h2 0.3, which RUSTSEC-2026-0258 is about, and which
    /// is therefore not built.
    #[must_use]
    pub const fn hyper_only(self) -> Self {
        Self { targets: Which::Hyper, ..self }
    }

    /// Only on SQLite: for what has nothing to do with the database.
    #[must_use]
    pub const fn sqlite_only(self) -> Self {
        Self { engines: Engines::Only(Engine::Sqlite), ..self }
    }

    /// Only on PostgreSQL.
    #[must_use]
    pub const fn postgres_only(self) -> Self {
        Self { engines: Engines::Only(Engine::Postgres), ..self }
    }

    /// Only on MariaDB.
    #[must_use]
    pub const fn mariadb_only(self) -> Self {
        Self { engines: Engines::Only(Engine::Mariadb), ..self }
    }

    /// Only on databases that are a server of their own.
    #[must_use]
    pub const fn servers_only(self) -> Self {
        Self { engines: Engines::Servers, ..self }
    }

    /// Only where there is a mail server to be had.
    #[must_use]
    pub const fn by_mail(self) -> Self {
        Self { mails: true, ..self }
    }

    /// Only where there is a Redis or a Valkey server to be had, and with each of them.
    #[must_use]
    pub const fn by_redis(self) -> Self {
        Self { redis: true, ..self }
    }

    /// Whether it runs there.
    #[must_use]
    pub fn runs_on(&self, target: Target, engine: Engine) -> bool {
        let target = match self.targets {
            Which::All => true,
            Which::Direct => target == Target::Direct,
            Which::OneServer => target != Target::Pair,
            Which::Sockets => target.has_host(),
            Which::Hyper => matches!(target, Target::Axum | Target::Poem),
        };
        let engine = match self.engines {
            Engines::All => true,
            Engines::Only(only) => only == engine,
            Engines::Servers => engine != Engine::Sqlite,
        };
        target && engine
    }
}

/// The scenarios of a feature: names of async functions that take a [`Cx`], each with its restrictions, if any.
///
/// `scenarios![register, races: direct_only, framing: sockets_only sqlite_only]`
macro_rules! scenarios {
    ($($name:ident $(: $($only:ident)+)?),* $(,)?) => {
        &[$($crate::Scenario::new(stringify!($name), |cx| Box::pin($name(cx))) $($(.$only())+)?),*]
    };
}
pub(crate) use scenarios;
