//! What requests that queue a mail feel of a mail server that hangs: nothing, since they do not wait for it.

use std::time::Duration;

use super::queue;
use super::sink::{Manner, Sink};
use crate::Result;
use crate::database::Bench;
use crate::load::{Answers, Load};
use crate::routes;
use crate::server::Server;

/// Below what the worker can deliver, so that it keeps up.
const CONNECTIONS: usize = 4;
const PAUSE: Duration = Duration::from_millis(40);
const WARM_UP: Duration = Duration::from_millis(500);

/// Latencies of `POST /auth/forgot-password`, one value for each round.
#[derive(Default)]
pub(crate) struct Hanging {
    pub(crate) healthy: Vec<Answers>,
    pub(crate) hanging: Vec<Answers>,
}

pub(super) async fn measure(bench: &Bench, rounds: usize, duration: Duration) -> Result<Hanging> {
    let mut found = Hanging::default();
    for _ in 0..rounds {
        found.healthy.push(requests(bench, Manner::Healthy, duration).await?);
        found.hanging.push(requests(bench, Manner::Hanging, duration).await?);
    }
    Ok(found)
}

/// Requests to a server that has its workers, as apps do.
async fn requests(bench: &Bench, manner: Manner, duration: Duration) -> Result<Answers> {
    queue::clear(&bench.db).await?;
    let sink = Sink::start(manner)?;
    let server = Server::start_mailing("axum", &bench.url, &sink.url())?;
    let load = Load {
        address: server.address,
        requests: routes::forgotten_passwords().into(),
        expected: "202",
        connections: CONNECTIONS,
        pause: Some(PAUSE),
        warm_up: WARM_UP,
        duration,
    };
    let answers = load.run().await?;
    if manner == Manner::Healthy && sink.accepted() == 0 {
        return Err("the server did not deliver".into());
    }
    Ok(answers)
}
