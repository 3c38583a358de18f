//! What an attack from many networks leaves: one wrong password from each of them, with the cheapest hashes, in a process of
//! its own whose memory is looked at. A day later the counters are purged.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use auth_core::password::Password;
use auth_core::time::OffsetDateTime;
use auth_core::{Auth, Client, Clock, Limits};
use auth_entity::{event, limit};
use sea_orm::{DatabaseConnection, EntityTrait, PaginatorTrait};
use tokio::task::JoinSet;

use crate::database::Bench;
use crate::process::{self, Process};
use crate::{Result, config, routes, seed, serve};

/// How many networks there are.
pub(crate) const QUICK: usize = 10_000;
pub(crate) const FULL: usize = 100_000;

/// How many have guessed before anything is looked at.
const WARM_UP: usize = 1_000;

/// How many of them guess at a time.
const TASKS: usize = 8;

/// Every counter of an attempt is over by then.
const LATER: Duration = Duration::from_secs(25 * 60 * 60);

/// Failed attempts are written down beside the answers.
const AFTERMATH: Duration = Duration::from_secs(3);

/// What was found in one database.
pub(crate) struct Finding {
    pub(crate) database: &'static str,
    pub(crate) networks: f64,
    pub(crate) per_second: f64,
    /// Rows that were added.
    pub(crate) limits: f64,
    pub(crate) events: f64,
    /// MiB by which the process grew.
    pub(crate) growth: f64,
    /// Rows of limits that are there a day later.
    pub(crate) left: f64,
}

/// Has a process make that many guesses, and waits for what it says.
pub(crate) fn measure(bench: &Bench, networks: usize) -> Result<Finding> {
    let (_process, line) = Process::start(["attack", &bench.url, &networks.to_string()])?;
    let numbers = line.split(' ').map(str::parse).collect::<std::result::Result<Vec<f64>, _>>();
    let numbers = numbers.map_err(|_| format!("the attack says {line:?}"))?;
    let [per_second, limits, events, growth, left] = numbers[..] else { return Err("the attack ended early".into()) };
    Ok(Finding { database: bench.name, networks: networks as f64, per_second, limits, events, growth, left })
}

/// A clock that can be set ahead.
#[derive(Clone, Default)]
struct Ahead(Arc<AtomicI64>);

impl Clock for Ahead {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc() + Duration::from_secs(self.0.load(Ordering::SeqCst).unsigned_abs())
    }
}

/// The process that guesses.
pub(crate) fn run(database: &str, networks: &str) -> Result {
    let networks = networks.parse()?;
    serve::multi_threaded()?.block_on(attack(database, networks))
}

async fn attack(database: &str, networks: usize) -> Result {
    let db = config::connect(database, false).await?;
    let clock = Ahead::default();
    let auth = config::builder(db.clone(), None, config::cheap_hashes(), Limits::default())?.clock(clock.clone());
    let auth = auth.build()?;
    // What the process needs at all is there after the first ones.
    guess_all(&auth, 0..WARM_UP).await?;
    tokio::time::sleep(AFTERMATH).await;
    let rows = async || Ok::<_, sea_orm::DbErr>((rows_of_limits(&db).await?, event::Entity::find().count(&db).await?));
    let (limits, events) = rows().await?;
    let memory = || process::memory_of("self").ok_or("the system does not tell how much memory there is");
    let (before, _) = memory()?;
    let begin = Instant::now();
    guess_all(&auth, WARM_UP..WARM_UP + networks).await?;
    let per_second = networks as f64 / begin.elapsed().as_secs_f64();
    tokio::time::sleep(AFTERMATH).await;
    let (_, peak) = memory()?;
    let (more_limits, more_events) = rows().await?;
    clock.0.store(i64::try_from(LATER.as_secs())?, Ordering::SeqCst);
    auth.purge().run().await?;
    let left = rows_of_limits(&db).await?;
    println!("{per_second} {} {} {} {left}", more_limits - limits, more_events - events, peak - before);
    Ok(())
}

async fn guess_all(auth: &Auth, networks: Range<usize>) -> Result {
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (auth, networks) = (auth.clone(), networks.clone());
        tasks.spawn(async move {
            for number in networks.skip(task).step_by(TASKS) {
                guess(&auth, number).await?;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        });
    }
    while let Some(finished) = tasks.join_next().await {
        finished??;
    }
    Ok(())
}

async fn rows_of_limits(db: &DatabaseConnection) -> std::result::Result<u64, sea_orm::DbErr> {
    limit::Entity::find().count(db).await
}

async fn guess(auth: &Auth, number: usize) -> Result {
    let client = Client::new(Some(routes::network(number).into()), None);
    let backend = auth.sessions().backend("db")?;
    // Names that no account has cost a hash of the present parameters, and leave the same rows.
    let name = format!("nobody{}@example.com", number % seed::USERS);
    match auth.login().login(&name, Password::new(seed::WRONG), backend, &client).await {
        Err(auth_core::Error::Refused { code: auth_core::ErrorCode::LoginBadCredentials, .. }) => Ok(()),
        other => Err(format!("a guess came to {other:?}").into()),
    }
}
