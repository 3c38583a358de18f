//! Instructions of one request, counted by valgrind's callgrind in the server's process. The count hardly depends on
//! what else the machine does, and so tells a change of one percent, which times do not.
//!
//! The server writes its count down, and begins a new one, whenever it is asked for its number of statements: after N
//! requests that warm it up, and then after N more, eleven times. So nothing is counted of its start, which differs by
//! how much entropy its generators find. Threads that wait for each other now and then look twice, so the lower
//! quartile of the counts is what is told. Two servers, started one after the other, must agree on it.

pub(crate) mod judge;
mod table;

use std::path::Path;

use sea_orm::ConnectionTrait;

use crate::database::Bench;
use crate::load::Wire;
use crate::routes::{self, Route};
use crate::server::Server;
use crate::{Result, config};

/// The framework, whose server has one thread. What the others add to the same library is their own.
const FRAMEWORK: &str = "axum";

/// Tokens and users that take turns: few, so that the database keeps their pages.
const IN_TURN: usize = 20;

/// How often N requests are sent; those of the first round warm up.
const ROUNDS: usize = 12;

/// How far two servers may be apart, as a share of the lesser count.
const TOLERANCE: f64 = 0.01;

/// How many servers are started at most, until two in a row are that close.
const ATTEMPTS: usize = 6;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Route(Route),
    /// A login by cookie with the cheapest hash there is, so that the hash hides nothing.
    Login,
}

impl Work {
    const ALL: [Self; 4] =
        [Self::Route(Route::Handwritten), Self::Route(Route::Session), Self::Route(Route::Jwt), Self::Login];

    fn title(self) -> &'static str {
        match self {
            Self::Route(route) => route.title(),
            Self::Login => "`POST /auth/login`, 8 KiB and one pass",
        }
    }

    /// N.
    fn requests(self) -> usize {
        match self {
            Self::Route(_) => 200,
            Self::Login => 50,
        }
    }

    fn messages(self, bench: &Bench) -> (Vec<Vec<u8>>, &'static str) {
        let (mut messages, status) = match self {
            Self::Route(route) => (route.requests(&bench.tokens), "200"),
            Self::Login => (routes::logins(), "204"),
        };
        messages.truncate(IN_TURN);
        (messages, status)
    }
}

/// What was counted.
struct Finding {
    work: Work,
    /// Instructions of one request, as the last two servers have it.
    counts: [f64; 2],
}

impl Finding {
    fn mean(&self) -> f64 {
        self.counts.iter().sum::<f64>() / 2.0
    }

    /// How far the two are apart, as a share of the lesser.
    fn deviation(&self) -> f64 {
        let [a, b] = self.counts;
        (a - b).abs() / a.min(b)
    }
}

/// Counts, prints a table and puts it into the page when asked.
pub(crate) fn run(write: bool) -> Result {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let worst = judge::worst()?;
    let findings = runtime.block_on(find())?;
    table::publish(&findings, &worst, write)
}

async fn find() -> Result<Vec<Finding>> {
    let bench = Bench::sqlite(config::cheap_hashes()).await?;
    let findings = count_all(&bench).await;
    bench.remove().await?;
    findings
}

async fn count_all(bench: &Bench) -> Result<Vec<Finding>> {
    // All of it into the one file that is copied.
    bench.db.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
    let file = bench.file().ok_or("the database is not a file")?;
    let mut findings = Vec::new();
    for work in Work::ALL {
        let finding = agree(work, bench, &file).await?;
        eprintln!("{}: {:.0}", work.title(), finding.mean());
        findings.push(finding);
    }
    Ok(findings)
}

/// Starts servers until two in a row agree.
async fn agree(work: Work, bench: &Bench, file: &Path) -> Result<Finding> {
    let mut finding = Finding { work, counts: [0.0, count(work, bench, file).await?] };
    for _ in 1..ATTEMPTS {
        finding.counts = [finding.counts[1], count(work, bench, file).await?];
        if finding.deviation() <= TOLERANCE {
            return Ok(finding);
        }
    }
    Err(format!("{}: {:?} differ too much", work.title(), finding.counts).into())
}

/// What a server executes for one request.
async fn count(work: Work, bench: &Bench, file: &Path) -> Result<f64> {
    let copy = file.with_file_name("copy.db");
    std::fs::copy(file, &copy)?;
    let counts = file.with_file_name("callgrind.out");
    let server = Server::start_counted(FRAMEWORK, &format!("sqlite://{}", copy.display()), &counts)?;
    let (messages, status) = work.messages(bench);
    let mut wire = Wire::connect(server.address).await?;
    for _ in 0..ROUNDS {
        for message in messages.iter().cycle().take(work.requests()) {
            wire.exchange(message, status).await?;
        }
        wire.exchange(&routes::get("/statements", ""), "200").await?;
    }
    drop(server);
    for name in ["copy.db", "copy.db-wal", "copy.db-shm"] {
        // Not all of them need be there.
        let _ = std::fs::remove_file(file.with_file_name(name));
    }
    let mean = |round: usize| Ok(total(&counts, round)? / work.requests() as f64);
    // The first count is that of the start.
    let mut means = (2..=ROUNDS).map(mean).collect::<Result<Vec<f64>>>()?;
    means.sort_by(f64::total_cmp);
    means.get(means.len() / 4).copied().ok_or_else(|| "there is no round".into())
}

/// What was counted in one round.
fn total(counts: &Path, round: usize) -> Result<f64> {
    let counts = counts.with_extension(format!("out.{round}"));
    let text = std::fs::read_to_string(&counts).map_err(|cause| format!("{}: {cause}", counts.display()))?;
    let line = text.lines().rev().find_map(|line| line.strip_prefix("totals:"));
    Ok(line.ok_or("callgrind has counted nothing")?.trim().parse()?)
}
