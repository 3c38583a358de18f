//! What a server holds in memory while a crowd waits: kept connections that all ask at the same moment.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::Result;
use crate::database::Bench;
use crate::load::Wire;
use crate::routes::{self, Route};
use crate::server::Server;

/// How many ask at once.
pub(crate) const CONNECTIONS: usize = 1000;

/// What one connection sends before, so that everything is there that the first request makes.
const WARM_UP: usize = 64;

/// How long after the crowd has gone the process is looked at again.
pub(crate) const LATER: Duration = Duration::from_secs(60);

/// What the crowd asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Nothing that takes time: what the framework takes for its connections.
    Health,
    Session,
    Login,
}

impl Asked {
    const ALL: [Self; 3] = [Self::Health, Self::Session, Self::Login];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Health => "`GET /healthz`",
            Self::Session => "`GET /users/me`",
            Self::Login => "`POST /auth/login`",
        }
    }

    /// KiB that each connection may take.
    pub(crate) fn aim(self) -> Option<f64> {
        match self {
            Self::Health => None,
            Self::Session => Some(40.0),
            Self::Login => Some(80.0),
        }
    }

    fn messages(self, bench: &Bench) -> Vec<Vec<u8>> {
        match self {
            Self::Health => vec![routes::get("/healthz", "")],
            Self::Session => Route::Session.requests(&bench.tokens),
            Self::Login => routes::logins(),
        }
    }
}

/// What was found of one server.
pub(crate) struct Finding {
    pub(crate) framework: &'static str,
    pub(crate) database: &'static str,
    pub(crate) asked: Asked,
    /// KiB for each connection, at the most.
    pub(crate) each: f64,
    /// MiB of the process before the crowd came.
    pub(crate) quiet: f64,
    /// The same some time after it has gone.
    pub(crate) later: f64,
}

/// Measures each kind of crowd at a server of its own, because a process seldom gives memory back. Those servers are all looked at
/// again after one pause.
pub(crate) async fn measure(targets: &[(&'static str, &Bench)]) -> Result<Vec<Finding>> {
    let mut crowds = Vec::new();
    for (framework, bench) in targets {
        for asked in Asked::ALL {
            eprintln!("{CONNECTIONS} connections ask {framework} on {} for {}", bench.name, asked.title());
            let server = Server::start(framework, &bench.url)?;
            let (quiet, peak) = gather(&server, &asked.messages(bench)).await?;
            let each = (peak - quiet) * 1024.0 / CONNECTIONS as f64;
            crowds.push((server, Finding { framework, database: bench.name, asked, each, quiet, later: f64::NAN }));
        }
    }
    tokio::time::sleep(LATER).await;
    let settled = crowds.into_iter().map(|(server, finding)| Ok(Finding { later: server.memory()?.0, ..finding }));
    settled.collect()
}

/// The memory of a server in MiB before a crowd comes, and at its greatest.
async fn gather(server: &Server, messages: &[Vec<u8>]) -> Result<(f64, f64)> {
    let mut wire = Wire::connect(server.address).await?;
    for message in messages.iter().cycle().take(WARM_UP) {
        wire.exchange(message, "").await?;
    }
    let (quiet, _) = server.memory()?;
    server.forget_peak()?;
    let (mut waiting, all_there) = (JoinSet::new(), Arc::new(Barrier::new(CONNECTIONS)));
    for message in messages.iter().cycle().skip(WARM_UP).take(CONNECTIONS) {
        waiting.spawn(ask(server.address, message.clone(), all_there.clone()));
    }
    let mut wires = Vec::new();
    while let Some(answered) = waiting.join_next().await {
        wires.push(answered??);
    }
    let (_, peak) = server.memory()?;
    Ok((quiet, peak))
}

/// Sends a request once all are there to send theirs, and keeps the connection.
async fn ask(address: SocketAddr, message: Vec<u8>, all_there: Arc<Barrier>) -> Result<Wire> {
    let mut wire = Wire::connect(address).await?;
    all_there.wait().await;
    // Overloaded servers turn some away, which is an answer as well.
    wire.exchange(&message, "").await?;
    Ok(wire)
}
