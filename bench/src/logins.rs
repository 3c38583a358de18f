//! Logins beside raw hashing, and requests beside a flood of logins.

use std::time::Duration;

use crate::load::{Answers, Load};
use crate::plan::{Pace, Target, guess_load, login_load};
use crate::routes::Route;
use crate::{Result, raw};

/// Logins that wait or run at a time: enough to keep every hash slot busy.
const WAITING: usize = 8;

/// Logins that press into the server during a flood.
const FLOOD: usize = 32;

/// The pause of each guesser after an answer: some 300 guesses a second come, where ten a minute are compared.
const GUESS_PAUSE: Duration = Duration::from_millis(100);

/// The authenticated requests meanwhile: about 800 a second, a small part of what the server can do.
const MODERATE: usize = 8;
const PAUSE: Duration = Duration::from_millis(8);

/// Logins per second, one value for each round.
#[derive(Default)]
pub(crate) struct Logins {
    pub(crate) permits: usize,
    pub(crate) raw: Vec<f64>,
    pub(crate) targets: Vec<LoginSeries>,
}

pub(crate) struct LoginSeries {
    pub(crate) framework: &'static str,
    pub(crate) database: &'static str,
    pub(crate) per_second: Vec<f64>,
}

/// Latencies of `GET /users/me` by session, one value for each round.
pub(crate) struct Flood {
    pub(crate) framework: &'static str,
    pub(crate) database: &'static str,
    pub(crate) quiet: Vec<Answers>,
    /// Beside logins from many networks.
    pub(crate) logins: Pressed,
    /// Beside wrong passwords from one.
    pub(crate) guesses: Pressed,
}

/// The latencies beside a flood, and how many requests of that were answered in a second.
#[derive(Default)]
pub(crate) struct Pressed {
    pub(crate) requests: Vec<Answers>,
    pub(crate) flood_per_second: Vec<f64>,
}

impl Pressed {
    async fn measure(&mut self, requests: &Load, flood: &Load) -> Result {
        let (requests, flood) = tokio::try_join!(requests.run(), flood.run())?;
        self.requests.push(requests);
        self.flood_per_second.push(flood.per_second());
        Ok(())
    }
}

/// Measures logins of every target beside raw hashing with as many hashes at a time.
pub(crate) async fn compare(targets: &[Target<'_>], pace: Pace) -> Result<Logins> {
    // As the library decides: one hash for each core.
    let permits = std::thread::available_parallelism().map_or(1, usize::from);
    let series = targets.iter().map(|target| LoginSeries {
        framework: target.framework,
        database: target.bench.name,
        per_second: Vec::new(),
    });
    let mut logins = Logins { permits, raw: Vec::new(), targets: series.collect() };
    for round in 1..=pace.login_rounds {
        eprintln!("logins: round {round} of {}", pace.login_rounds);
        logins.raw.push(raw::hashes_per_second(permits, pace.login).await?);
        for (target, series) in targets.iter().zip(&mut logins.targets) {
            series.per_second.push(login_load(target, WAITING, pace).run().await?.per_second());
        }
    }
    Ok(logins)
}

/// Measures a moderate load of authenticated requests, alone and during floods of logins and of guesses.
pub(crate) async fn floods(targets: &[Target<'_>], pace: Pace) -> Result<Vec<Flood>> {
    let mut floods: Vec<Flood> = targets
        .iter()
        .map(|target| Flood {
            framework: target.framework,
            database: target.bench.name,
            quiet: Vec::new(),
            logins: Pressed::default(),
            guesses: Pressed::default(),
        })
        .collect();
    for round in 1..=pace.login_rounds {
        eprintln!("flood: round {round} of {}", pace.login_rounds);
        for (target, flood) in targets.iter().zip(&mut floods) {
            let requests = requests(target, pace);
            flood.quiet.push(requests.run().await?);
            flood.logins.measure(&requests, &login_load(target, FLOOD, pace)).await?;
            flood.guesses.measure(&requests, &guess_load(target, FLOOD, GUESS_PAUSE, pace)).await?;
        }
    }
    Ok(floods)
}

fn requests(target: &Target<'_>, pace: Pace) -> Load {
    Load {
        address: target.server.address,
        requests: Route::Session.requests(&target.bench.tokens).into(),
        expected: "200",
        connections: MODERATE,
        pause: Some(PAUSE),
        warm_up: pace.warm_up,
        duration: pace.login,
    }
}
