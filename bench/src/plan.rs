//! One run: databases and servers, then rounds in which everything that is compared takes its turn.
//!
//! The turns alternate within a round, so that whatever else the machine does hits both sides of a comparison; ratios
//! are taken within a round, and the median over the rounds is what counts.

use std::time::Duration;

use auth_core::password::HasherConfig;

use crate::database::Bench;
use crate::load::Load;
use crate::logins::{Flood, Logins};
use crate::routes::{self, Route};
use crate::server::Server;
use crate::{Result, crowd, logins, machine, networks, outbox, report, seed, timing};

const FRAMEWORKS: [&str; 3] = ["axum", "actix", "poem"];

/// What a run consists of.
const PARTS: [&str; 6] = ["routes", "logins", "crowd", "timing", "networks", "outbox"];

/// Keep-alive connections of the load.
pub(crate) const CONNECTIONS: usize = 32;

/// What to run.
#[derive(Debug, Default)]
pub(crate) struct Options {
    quick: bool,
    write: bool,
    only: Vec<String>,
}

impl Options {
    pub(crate) fn parse(words: &[&str]) -> Result<Self> {
        let mut names = [&FRAMEWORKS[..], &["sqlite", "postgres"], &PARTS].concat();
        names.extend(Route::ALL.map(Route::name));
        let mut options = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--quick" => options.quick = true,
                "--write" => options.write = true,
                "--only" => match words.next().filter(|name| names.contains(name)) {
                    Some(name) => options.only.push((*name).to_owned()),
                    None => return Err(format!("--only takes one of {}", names.join(", ")).into()),
                },
                other => return Err(format!("unknown option `{other}`\n\n{}", crate::USAGE).into()),
            }
        }
        Ok(options)
    }

    /// Whether to run one of several alternatives.
    fn wants(&self, name: &str, alternatives: &[&str]) -> bool {
        let chosen = |name: &str| self.only.iter().any(|only| only == name);
        chosen(name) || !alternatives.iter().any(|name| chosen(name))
    }

    fn wants_part(&self, name: &str) -> bool {
        self.wants(name, &PARTS)
    }

    fn pace(&self) -> Pace {
        let seconds = Duration::from_secs_f64;
        if self.quick {
            Pace { rounds: 3, warm_up: seconds(0.2), duration: seconds(0.5), login_rounds: 2, login: seconds(0.8) }
        } else {
            Pace { rounds: 5, warm_up: seconds(0.5), duration: seconds(2.0), login_rounds: 3, login: seconds(2.0) }
        }
    }
}

/// How long everything takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) rounds: usize,
    pub(crate) warm_up: Duration,
    pub(crate) duration: Duration,
    pub(crate) login_rounds: usize,
    pub(crate) login: Duration,
}

/// A framework on a database.
pub(crate) struct Target<'a> {
    pub(crate) framework: &'static str,
    pub(crate) bench: &'a Bench,
    pub(crate) server: Server,
}

/// What was measured of one route of one target in one round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) per_second: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// Processor time of the server for one request, in microseconds.
    pub(crate) cpu: f64,
}

/// A route of a target, with one sample for each round.
pub(crate) struct Series {
    pub(crate) framework: &'static str,
    pub(crate) database: &'static str,
    pub(crate) route: Route,
    pub(crate) samples: Vec<Sample>,
}

/// The statements of one request.
pub(crate) struct Statements {
    pub(crate) framework: &'static str,
    pub(crate) database: &'static str,
    pub(crate) session: u64,
    pub(crate) jwt: u64,
    pub(crate) claims: u64,
    pub(crate) once_a_minute: u64,
}

/// Everything that a run found out.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) series: Vec<Series>,
    pub(crate) statements: Vec<Statements>,
    pub(crate) logins: Logins,
    pub(crate) floods: Vec<Flood>,
    pub(crate) crowds: Vec<crowd::Finding>,
    pub(crate) timing: Vec<timing::Finding>,
    pub(crate) networks: Vec<networks::Finding>,
    pub(crate) outbox: Vec<outbox::Finding>,
    pub(crate) skipped: Option<String>,
    pub(crate) load_average: Option<String>,
}

pub(crate) fn run(options: &Options) -> Result {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let findings = runtime.block_on(find(options))?;
    report::publish(&findings, options.pace(), options.write)
}

async fn find(options: &Options) -> Result<Findings> {
    let mut findings = Findings { load_average: machine::load_average(), ..Findings::default() };
    let mut benches = Vec::new();
    if options.wants("sqlite", &["postgres"]) {
        benches.push(Bench::sqlite(HasherConfig::default()).await?);
    }
    if options.wants("postgres", &["sqlite"]) {
        match Bench::postgres().await? {
            Ok(bench) => benches.push(bench),
            Err(why) => findings.skipped = Some(why),
        }
    }
    let result = measure_all(options, &benches, &mut findings).await;
    for bench in benches {
        bench.remove().await?;
    }
    result.map(|()| findings)
}

async fn measure_all(options: &Options, benches: &[Bench], findings: &mut Findings) -> Result {
    if options.wants_part("routes") || options.wants_part("logins") {
        measure_servers(options, benches, findings).await?;
    }
    if options.wants_part("crowd") {
        let frameworks = FRAMEWORKS.into_iter().filter(|name| options.wants(name, &FRAMEWORKS));
        let targets: Vec<_> = frameworks.flat_map(|name| benches.iter().map(move |bench| (name, bench))).collect();
        findings.crowds = crowd::measure(&targets).await?;
    }
    if options.wants_part("timing") {
        let pace = if options.quick { timing::Pace::QUICK } else { timing::Pace::FULL };
        for bench in benches {
            findings.timing.extend(timing::measure(bench, pace).await?);
        }
    }
    if options.wants_part("networks") {
        let count = if options.quick { networks::QUICK } else { networks::FULL };
        for bench in benches {
            eprintln!("networks in {}", bench.name);
            findings.networks.push(networks::measure(bench, count)?);
        }
    }
    if options.wants_part("outbox") {
        // The very last, because it deletes users.
        let pace = if options.quick { outbox::Pace::QUICK } else { outbox::Pace::FULL };
        for bench in benches {
            findings.outbox.push(outbox::measure(bench, pace).await?);
        }
    }
    Ok(())
}

async fn measure_servers(options: &Options, benches: &[Bench], findings: &mut Findings) -> Result {
    let pace = options.pace();
    let mut targets = Vec::new();
    for framework in FRAMEWORKS.into_iter().filter(|name| options.wants(name, &FRAMEWORKS)) {
        for bench in benches {
            targets.push(Target { framework, bench, server: Server::start(framework, &bench.url)? });
        }
    }
    if options.wants_part("routes") {
        findings.series = rounds(&targets, options).await?;
    }
    if options.wants_part("logins") {
        findings.logins = logins::compare(&targets, pace).await?;
        findings.floods = logins::floods(&targets, pace).await?;
    }
    // After all that is timed, because it makes every session write down its last use.
    for target in &targets {
        findings.statements.push(count_statements(target).await?);
    }
    Ok(())
}

async fn rounds(targets: &[Target<'_>], options: &Options) -> Result<Vec<Series>> {
    let pace = options.pace();
    let mut series = Vec::new();
    for target in targets {
        let (framework, database) = (target.framework, target.bench.name);
        // What asks no database is measured once for each framework.
        let first = targets.iter().find(|other| other.framework == framework);
        let is_first = first.is_some_and(|first| first.bench.name == database);
        let wanted = |route: &Route| options.wants(route.name(), &Route::ALL.map(Route::name));
        for route in Route::ALL.into_iter().filter(|route| wanted(route) && (is_first || route.asks_database())) {
            series.push(Series { framework, database, route, samples: Vec::new() });
        }
    }
    for round in 1..=pace.rounds {
        eprintln!("round {round} of {}", pace.rounds);
        // There and back again: a drift within a round favours neither side over all rounds.
        let mut turns: Vec<&mut Series> = series.iter_mut().collect();
        if round % 2 == 0 {
            turns.reverse();
        }
        for turn in turns {
            let same = |target: &&Target<'_>| target.framework == turn.framework && target.bench.name == turn.database;
            let target = targets.iter().find(same).ok_or("a target is missing")?;
            turn.samples.push(sample(target, turn.route, pace).await?);
        }
    }
    Ok(series)
}

async fn sample(target: &Target<'_>, route: Route, pace: Pace) -> Result<Sample> {
    let load = Load {
        address: target.server.address,
        requests: route.requests(&target.bench.tokens).into(),
        expected: "200",
        connections: CONNECTIONS,
        pause: None,
        warm_up: pace.warm_up,
        duration: pace.duration,
    };
    let before = target.server.cpu_seconds();
    let answers = load.run().await?;
    let after = target.server.cpu_seconds();
    let cpu = after.zip(before).map_or(f64::NAN, |(after, before)| after - before);
    // The processor time is that of the warm-up, too.
    let measured = pace.duration.as_secs_f64() / (pace.warm_up + pace.duration).as_secs_f64();
    Ok(Sample {
        per_second: answers.per_second(),
        p50: answers.percentile(0.5),
        p99: answers.percentile(0.99),
        cpu: cpu * measured / answers.count() as f64 * 1e6,
    })
}

/// Counts on a server of its own, whose log of statements would slow the others down.
async fn count_statements(target: &Target<'_>) -> Result<Statements> {
    let Target { framework, bench, .. } = *target;
    let server = Server::start_counting(framework, &bench.url)?;
    let counted = async |route: Route| -> Result<u64> {
        let request = route.requests(&bench.tokens).pop().ok_or("there is no token")?;
        let mut wire = crate::load::Wire::connect(server.address).await?;
        let before = server.statements().await?;
        wire.exchange(&request, "200").await?;
        Ok(server.statements().await? - before)
    };
    let (session, jwt, claims) =
        (counted(Route::Session).await?, counted(Route::Jwt).await?, counted(Route::Claims).await?);
    seed::date_back(&bench.db).await?;
    let once_a_minute = counted(Route::Session).await?;
    // The second request of the minute is as cheap as ever.
    if counted(Route::Session).await? != session {
        return Err("the use of a session is written down too often".into());
    }
    seed::date_ahead(&bench.db).await?;
    Ok(Statements { framework, database: bench.name, session, jwt, claims, once_a_minute })
}

/// The load of logins, with `connections` at a time.
pub(crate) fn login_load(target: &Target<'_>, connections: usize, pace: Pace) -> Load {
    press(target, (routes::logins(), "204"), connections, None, pace)
}

/// The load of wrong passwords, which one network sends as often whatever the answers are.
pub(crate) fn guess_load(target: &Target<'_>, connections: usize, pause: Duration, pace: Pace) -> Load {
    press(target, (routes::guesses(), "4"), connections, Some(pause), pace)
}

fn press(
    target: &Target<'_>,
    (requests, expected): (Vec<Vec<u8>>, &'static str),
    connections: usize,
    pause: Option<Duration>,
    pace: Pace,
) -> Load {
    Load {
        address: target.server.address,
        requests: requests.into(),
        expected,
        connections,
        pause,
        warm_up: pace.warm_up,
        duration: pace.login,
    }
}
