//! What goes wrong, one thing after the other.

use std::sync::atomic::Ordering;
use std::time::Duration;

use auth_testkit::{Cut, SeededRandom};
use rustix::process::{Pid, Signal, kill_process};
use sea_orm::{ConnectionTrait, Statement};
use tokio::time::{Instant, sleep};

use crate::cluster::{Cluster, SERVERS};

/// One of them lasts at most twelve seconds, which is longer than the deadline of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// A server is killed, and another app takes its place.
    Kill,
    /// A server stands still for a while (F-19).
    Freeze,
    /// The connections of a server to the database break (F-06).
    Cut,
    /// A commit is made whose answer is lost (F-05).
    LostAnswer,
    /// The database falls silent for one server (F-07).
    Stall,
    /// The same for both.
    StallAll,
    /// The database crashes and recovers (F-06).
    Crash,
    /// Everybody's connection is ended by the database (F-06).
    Terminate,
    /// Somebody holds a lock on all accounts (F-08).
    Lock,
    /// Redis is restarted, and is empty (F-12).
    Redis,
}

impl Fault {
    const ALL: [Self; 10] = [
        Self::Kill,
        Self::Cut,
        Self::Stall,
        Self::LostAnswer,
        Self::Crash,
        Self::Freeze,
        Self::Terminate,
        Self::Redis,
        Self::Lock,
        Self::StallAll,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Freeze => "freeze",
            Self::Cut => "cut",
            Self::LostAnswer => "lost-answer",
            Self::Stall => "stall",
            Self::StallAll => "stall-all",
            Self::Crash => "crash",
            Self::Terminate => "terminate",
            Self::Lock => "lock",
            Self::Redis => "redis",
        }
    }
}

/// How long the users are left alone between two faults.
fn pause(left: Duration) -> Duration {
    if left > Duration::from_secs(120) { Duration::from_secs(8) } else { Duration::from_secs(1) }
}

/// Lets faults come until the time is over, each kind before the second of any.
pub(crate) async fn visit(cluster: &Cluster, random: &SeededRandom, end: Instant) {
    let mut waiting = Vec::new();
    cluster.recovers().await;
    loop {
        sleep(pause(end.saturating_duration_since(Instant::now()))).await;
        if Instant::now() >= end {
            return;
        }
        if waiting.is_empty() {
            waiting = Fault::ALL.to_vec();
        }
        let fault = waiting.swap_remove(usize::try_from(random.below(waiting.len() as u64)).unwrap_or_default());
        let slot = usize::try_from(random.below(SERVERS as u64)).unwrap_or_default();
        let lasts = Duration::from_millis(500 + random.below(4_000));
        cluster.journal.fault(fault.name());
        let begun = Instant::now();
        happen(cluster, fault, slot, lasts, random).await;
        let lasted = begun.elapsed().as_secs_f64();
        let recovery = cluster.recovers().await.as_secs_f64();
        println!("{} at server {slot}: {lasted:.1} s, and {recovery:.1} s to recover", fault.name());
    }
}

async fn happen(cluster: &Cluster, fault: Fault, slot: usize, lasts: Duration, random: &SeededRandom) {
    match fault {
        Fault::Kill => {
            if let Some(instance) = cluster.instances[slot].lock().await.as_mut() {
                instance.kill();
            }
            sleep(lasts / 4).await;
            cluster.start_server(slot).await;
        }
        Fault::Freeze => {
            let instance = cluster.instances[slot].lock().await;
            if let Some(instance) = instance.as_ref() {
                instance.freeze();
                sleep(lasts).await;
                instance.thaw();
            }
        }
        Fault::Cut => {
            cluster.proxies[slot].cut();
            sleep(lasts).await;
            cluster.proxies[slot].open();
        }
        Fault::LostAnswer => {
            for _ in 0..10 {
                let packets = usize::try_from(random.below(30)).unwrap_or_default();
                cluster.proxies[slot].cut_after(packets, Cut::BeforeAnswer);
                sleep(Duration::from_millis(300)).await;
            }
            cluster.proxies[slot].open();
        }
        Fault::Stall | Fault::StallAll => {
            let stalled = if fault == Fault::Stall { &cluster.proxies[slot..=slot] } else { &cluster.proxies[..] };
            stalled.iter().for_each(auth_testkit::Proxy::stall);
            // Now and then beyond the deadline of a request.
            sleep(if random.below(2) == 0 { Duration::from_secs(12) } else { lasts }).await;
            stalled.iter().for_each(auth_testkit::Proxy::open);
        }
        Fault::Crash => crash(cluster).await,
        Fault::Terminate => {
            let all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                WHERE datname = current_database() AND pid <> pg_backend_pid()";
            let _ = cluster.sql().await.execute_unprepared(all).await;
        }
        Fault::Lock => {
            let lock = format!(
                "BEGIN; LOCK TABLE authn_user IN EXCLUSIVE MODE; SELECT pg_sleep({}); COMMIT",
                lasts.as_secs_f64()
            );
            let _ = cluster.sql().await.execute_unprepared(&lock).await;
        }
        Fault::Redis => {
            if let Some(redis) = &cluster.redis {
                cluster.redis_losses.fetch_add(1, Ordering::SeqCst);
                let mut redis = redis.lock().await;
                redis.stop();
                sleep(lasts / 2).await;
                redis.restart().await;
                cluster.redis_losses.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
}

/// Kills the process of our own connection: the server then ends all others, and recovers from its log.
async fn crash(cluster: &Cluster) {
    let db = cluster.sql().await;
    let statement = Statement::from_string(db.get_database_backend(), "SELECT pg_backend_pid()");
    let row = db.query_one_raw(statement).await.expect("the database answers").expect("a row");
    let id: i32 = row.try_get_by_index(0).expect("a process");
    // Of a server on another machine it would be somebody else's.
    let name = std::fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
    if let (true, Some(process)) = (name.starts_with("postgres"), Pid::from_raw(id)) {
        let _ = kill_process(process, Signal::KILL);
        // It takes its time to read its own log.
        drop(cluster.sql().await);
    }
}
