//! The requests, one after the other on one connection.
//!
//! The server has its workers, as apps do, because what they do for an address differs with its kind. Each request is
//! followed by a probe, the same for both kinds, which shows whether that work can be felt from outside; and then by a
//! pause in which the workers finish, so that no request pays for the one before.

use std::time::{Duration, Instant};

use super::comparison::{Comparison, Route, nobody};
use super::order;
use crate::Result;
use crate::database::Bench;
use crate::load::Wire;
use crate::outbox::{self, Manner, Sink};
use crate::server::Server;

/// When the probe is sent: about then the workers have claimed the order, and do what its kind demands. At once it
/// would be answered before.
const PROBE_DELAY: Duration = Duration::from_micros(1_500);
/// More than a mail takes as a rule. A request that comes too early makes its time less regular, and favours neither
/// kind.
const PAUSE: Duration = Duration::from_millis(6);
/// Mails may still be under way when the last answer is there.
const AFTERMATH: Duration = Duration::from_millis(300);
/// Requests of each kind that are not counted, for each that is.
const WARM_UP: f64 = 0.05;
/// Where the addresses of the probes begin: nothing else asks for them.
const PROBES: usize = 50_000;

/// Microseconds of each kind.
#[derive(Default)]
pub(super) struct Times {
    pub(super) own: [Vec<f64>; 2],
    pub(super) next: [Vec<f64>; 2],
}

/// Makes `count` requests of each kind.
pub(super) async fn run(bench: &Bench, framework: &str, comparison: Comparison, count: usize) -> Result<Times> {
    outbox::clear(&bench.db).await?;
    let mut sink = Sink::start(Manner::Healthy)?;
    let server = Server::start_mailing(framework, &bench.url, &sink.url())?;
    let mut asker = Asker { wire: Wire::connect(server.address).await?, comparison, asked: [0; 2] };
    let warm_up = (count as f64 * WARM_UP) as usize;
    for turn in order::shuffled("warm-up", warm_up) {
        asker.ask(turn).await?;
    }
    let mut times = Times::default();
    for turn in order::shuffled(&comparison.title(), count) {
        let [own, next] = asker.ask(turn).await?;
        times.own[turn].push(own);
        times.next[turn].push(next);
    }
    has_mailed(&mut sink, comparison, warm_up + count).await?;
    Ok(times)
}

struct Asker {
    wire: Wire,
    comparison: Comparison,
    /// How often for each kind.
    asked: [usize; 2],
}

impl Asker {
    /// Makes a request of a kind, and a probe. Answers how long each took.
    async fn ask(&mut self, turn: usize) -> Result<[f64; 2]> {
        const PROBE: Route = Route::ForgotPassword;
        let Comparison { route, kinds } = self.comparison;
        let request = route.request(&kinds[turn].email(self.asked[turn]));
        let probe = PROBE.request(&nobody(PROBES + self.asked.iter().sum::<usize>()));
        self.asked[turn] += 1;
        let own = self.time(&request, route.status()).await?;
        // Blocking, because timers of the runtime are exact to a millisecond; nothing else runs on this thread.
        std::thread::sleep(PROBE_DELAY);
        let next = self.time(&probe, PROBE.status()).await?;
        tokio::time::sleep(PAUSE).await;
        Ok([own, next])
    }

    async fn time(&mut self, request: &[u8], status: &str) -> Result<f64> {
        let sent = Instant::now();
        self.wire.exchange(request, status).await?;
        Ok(sent.elapsed().as_secs_f64() * 1e6)
    }
}

/// Checks that just those got a mail who should: the addresses are of the kinds that they are said to be.
async fn has_mailed(sink: &mut Sink, Comparison { route, kinds }: Comparison, each: usize) -> Result {
    let expected = each * kinds.iter().filter(|kind| route.mails_to(**kind)).count();
    sink.has_accepted(expected).await?;
    tokio::time::sleep(AFTERMATH).await;
    let accepted = sink.accepted();
    if accepted == expected { Ok(()) } else { Err(format!("{accepted} mails were sent instead of {expected}").into()) }
}
