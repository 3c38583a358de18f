//! Throwaway database servers for a test run: each in a temporary directory of its own, on a free loopback port, without any
//! of the guarantees that cost time. They end and their directories vanish when [`Servers`] is dropped.

mod mariadb;
mod postgres;
mod server;

use std::path::PathBuf;

use self::server::Server;
use crate::Result;

/// The kinds of server that the tests use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Postgres,
    Mariadb,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mariadb => "mariadb",
        }
    }

    /// The variable that tells the tests the URL of an account that may create databases.
    fn variable(self) -> &'static str {
        match self {
            Self::Postgres => "TEST_POSTGRES_URL",
            Self::Mariadb => "TEST_MARIADB_URL",
        }
    }

    /// The Debian package with the server.
    pub(crate) fn package(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql",
            Self::Mariadb => "mariadb-server",
        }
    }

    fn recipe(self) -> Option<Recipe> {
        match self {
            Self::Postgres => postgres::recipe(),
            Self::Mariadb => mariadb::recipe(),
        }
    }

    pub(crate) fn is_installed(self) -> bool {
        self.recipe().is_some()
    }
}

/// The arguments of a program, given the server's directory and port.
type Arguments = fn(&Place) -> Vec<String>;

/// How to make and start one server.
struct Recipe {
    kind: Kind,
    /// The account to run as when we are root, because the server refuses to.
    user: &'static str,
    /// The program that makes the data directory, where one is needed.
    installer: Option<(PathBuf, Arguments)>,
    /// SQL to run before the server takes connections, put into [`Place::init_file`].
    init: Option<&'static str>,
    /// The program that runs in the foreground.
    server: (PathBuf, Arguments),
    /// What the log says once connections are welcome.
    ready: &'static str,
    /// The signal for the fastest end; nobody reads the data again.
    stop: nix::sys::signal::Signal,
    url: fn(u16) -> String,
}

/// Where a server lives.
struct Place {
    directory: PathBuf,
    port: u16,
}

impl Place {
    fn path(&self, name: &str) -> String {
        self.directory.join(name).to_string_lossy().into_owned()
    }

    fn init_file(&self) -> String {
        self.path("init.sql")
    }
}

/// The servers of one run.
pub(crate) struct Servers {
    /// Environment variables for the tests.
    pub(crate) environment: Vec<(&'static str, String)>,
    /// One line for each server: what was started, given or skipped.
    pub(crate) notes: Vec<String>,
    /// The kinds that are not there.
    pub(crate) missing: Vec<Kind>,
    _running: Vec<Server>,
}

impl Servers {
    /// Starts the servers beside each other. A server that is not installed is skipped by name; one that is installed but
    /// does not start is an error.
    pub(crate) fn start(kinds: &[Kind]) -> Result<Self> {
        let outcomes: Vec<(Kind, Result<Outcome>)> = std::thread::scope(|scope| {
            let starting: Vec<_> = kinds.iter().map(|kind| (*kind, scope.spawn(|| provide(*kind)))).collect();
            let finish = |(kind, thread): (Kind, std::thread::ScopedJoinHandle<'_, Result<Outcome>>)| {
                (kind, thread.join().unwrap_or_else(|_| Err(format!("starting {} panicked", kind.name()))))
            };
            starting.into_iter().map(finish).collect()
        });
        let mut all = Self { environment: vec![], notes: vec![], missing: vec![], _running: vec![] };
        let mut failures = vec![];
        for (kind, outcome) in outcomes {
            match outcome {
                Ok(outcome) => all.add(kind, outcome),
                Err(failure) => failures.push(failure),
            }
        }
        if failures.is_empty() { Ok(all) } else { Err(failures.join("\n")) }
    }

    fn add(&mut self, kind: Kind, outcome: Outcome) {
        let name = kind.name();
        match outcome {
            Outcome::Given => self.notes.push(format!("given {name}: {} is set", kind.variable())),
            Outcome::Skipped(why) => {
                self.notes.push(format!("skipped {name}: {why}"));
                self.missing.push(kind);
            }
            Outcome::Started(server) => {
                self.notes.push(format!("started {name}: {}", server.url));
                self.environment.push((kind.variable(), server.url.clone()));
                self._running.push(server);
            }
        }
    }
}

enum Outcome {
    Given,
    Started(Server),
    Skipped(String),
}

fn provide(kind: Kind) -> Result<Outcome> {
    if std::env::var_os(kind.variable()).is_some_and(|url| !url.is_empty()) {
        return Ok(Outcome::Given);
    }
    let Some(recipe) = kind.recipe() else {
        let package = kind.package();
        return Ok(Outcome::Skipped(format!("no server binaries found; install with: apt-get install {package}")));
    };
    match server::Account::choose(recipe.user) {
        Ok(account) => Server::start(&recipe, &account).map(Outcome::Started),
        Err(why) => Ok(Outcome::Skipped(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Starts every server that is installed, and checks that it accepts connections and leaves nothing behind.
    #[test]
    fn installed_servers_start_and_vanish() {
        for kind in [Kind::Postgres, Kind::Mariadb] {
            let Some(recipe) = kind.recipe() else { continue };
            let Ok(account) = server::Account::choose(recipe.user) else {
                continue;
            };
            let server = Server::start(&recipe, &account).unwrap();
            let (directory, port) = (server.place.directory.clone(), server.place.port);
            assert!(directory.is_dir(), "{}", kind.name());
            std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
            drop(server);
            assert!(!directory.exists(), "{}", kind.name());
            assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "{}", kind.name());
        }
    }
}
