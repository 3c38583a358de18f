//! Everything that runs: the database behind proxies, Redis, two servers, the balancer.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use auth_testkit::{Engine, Proxy, Template, TestDb};
use http::Method;
use integration_tests::redis::RedisServer;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use crate::balancer::{Balancer, Servers};
use crate::client::{Answer, Client, Credential};
use crate::instance::{APPS, Instance, Site};
use crate::journal::Journal;
use crate::mail::Mails;

/// How many servers run beside each other.
pub(crate) const SERVERS: usize = 2;

/// How long something that must come may take: only a defect makes that long.
pub(crate) const GUARD: Duration = Duration::from_secs(120);

/// The first superuser, who bans.
pub(crate) const ROOT: [&str; 2] = ["root@example.com", "granite-Lantern-55-orbit"];

/// What all keys are derived from.
pub(crate) const SECRET: &str = "one-secret-of-two-servers-4b1f09";

pub(crate) struct Cluster {
    pub(crate) journal: Arc<Journal>,
    pub(crate) mails: Arc<Mails>,
    pub(crate) client: Client,
    pub(crate) site: Site,
    pub(crate) instances: [Mutex<Option<Instance>>; SERVERS],
    /// One before the database for each server.
    pub(crate) proxies: [Proxy; SERVERS],
    pub(crate) redis: Option<Mutex<RedisServer>>,
    /// How often Redis has lost what it held.
    pub(crate) redis_losses: AtomicU64,
    root: Mutex<String>,
    next_app: AtomicU64,
    servers: Servers,
    _balancer: Balancer,
    database: TestDb,
}

impl Cluster {
    pub(crate) async fn start(postgres: &str, redis: Option<&str>, journal: &Arc<Journal>, first: u64) -> Arc<Self> {
        let template = Template::prepare(Engine::Postgres, Some(postgres)).await.expect("a database server");
        let database = template.copy().await.expect("a database");
        let proxies = [database.proxy().await.expect("a port"), database.proxy().await.expect("a port")];
        let redis = match redis {
            Some(program) => Some(RedisServer::start(program).await),
            None => {
                journal.note("skipped redis: redis-server is not installed".to_owned());
                None
            }
        };
        let servers = Servers::default();
        let balancer = Balancer::start(&servers).await;
        let port = balancer.address.port();
        let directory = std::env::temp_dir().join(format!("auth-soak-{}", std::process::id()));
        std::fs::create_dir(&directory).expect("a directory");
        let mut environment = vec![
            ("AUTH_SECRET", SECRET.to_owned()),
            ("PUBLIC_URL", format!("http://localhost:{port}")),
            ("ADMIN_EMAIL", ROOT[0].to_owned()),
            ("ADMIN_PASSWORD", ROOT[1].to_owned()),
            ("SESSION_CACHE", "on".to_owned()),
            ("RATE_LIMITS", "off".to_owned()),
            ("TRUSTED_PROXIES", "127.0.0.0/8".to_owned()),
            ("NO_COLOR", "1".to_owned()),
            // Otherwise glibc keeps some memory for each of many threads, and the numbers say little.
            ("MALLOC_ARENA_MAX", "2".to_owned()),
        ];
        environment.extend(redis.as_ref().map(|redis| ("REDIS_URL", redis.url())));
        let site = Site { programs: programs(), directory, environment };
        let cluster = Arc::new(Self {
            journal: Arc::clone(journal),
            mails: Arc::default(),
            client: Client::new(balancer.address, journal),
            site,
            instances: Default::default(),
            proxies,
            redis: redis.map(Mutex::new),
            redis_losses: AtomicU64::new(0),
            root: Mutex::default(),
            next_app: AtomicU64::new(first),
            servers,
            _balancer: balancer,
            database,
        });
        // What was committed survives the crash of the database, as it does by default.
        let durable = format!("ALTER DATABASE {} SET synchronous_commit = on", cluster.database_name().await);
        cluster.sql().await.execute_unprepared(&durable).await.expect("a setting");
        for slot in 0..SERVERS {
            cluster.start_server(slot).await;
        }
        cluster
    }

    /// A connection of our own, past the proxies. It does not outlive a crash of the database.
    pub(crate) async fn sql(&self) -> DatabaseConnection {
        let start = Instant::now();
        loop {
            match auth_testkit::connect(self.database.url(), 1).await {
                Ok(db) if db.execute_unprepared("SELECT 1").await.is_ok() => return db,
                _ => assert!(start.elapsed() < GUARD, "the database does not come back"),
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// How many rows there are.
    pub(crate) async fn count(&self, rows: &str) -> i64 {
        let db = self.sql().await;
        let statement = Statement::from_string(db.get_database_backend(), format!("SELECT COUNT(*) FROM {rows}"));
        let row = db.query_one_raw(statement).await.expect("the statement is right").expect("a row");
        row.try_get_by_index(0).expect("a number")
    }

    async fn database_name(&self) -> String {
        let db = self.sql().await;
        let statement = Statement::from_string(db.get_database_backend(), "SELECT current_database()");
        let row = db.query_one_raw(statement).await.expect("the statement is right").expect("a row");
        row.try_get_by_index(0).expect("a name")
    }

    /// Starts the next app in turn where a server is missing. Without its database none starts, as in production: it is
    /// tried again.
    pub(crate) async fn start_server(&self, slot: usize) {
        let url = self.database.url_through(&self.proxies[slot]).expect("a URL");
        let start = Instant::now();
        loop {
            let turn = self.next_app.fetch_add(1, Ordering::Relaxed);
            let app = APPS[usize::try_from(turn).unwrap_or_default() % APPS.len()];
            if let Some(instance) = Instance::start(&self.site, app, slot, &url, &self.mails).await {
                self.announce(slot, instance.address);
                *self.instances[slot].lock().await = Some(instance);
                return;
            }
            assert!(start.elapsed() < GUARD, "{app} does not start: see {}", self.site.directory.display());
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// Tells the balancer where a server is.
    fn announce(&self, slot: usize, address: SocketAddr) {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        match servers.get_mut(slot) {
            Some(known) => *known = address,
            None => servers.push(address),
        }
    }

    /// Waits until every server reads and writes again, without our help.
    pub(crate) async fn recovers(&self) -> Duration {
        let start = Instant::now();
        for instance in &self.instances {
            let Some(address) = instance.lock().await.as_ref().map(|instance| instance.address) else { continue };
            let client = Client::new(address, &self.journal);
            while !self.is_well(&client).await {
                if start.elapsed() > GUARD {
                    self.journal.violation("I7", "a server does not recover");
                    break;
                }
                sleep(Duration::from_millis(100)).await;
            }
        }
        self.journal.recovered(start.elapsed());
        start.elapsed()
    }

    /// Whether a server reads and writes. No password is hashed: hashes give way to everything else on the machine.
    async fn is_well(&self, client: &Client) -> bool {
        let mut token = self.root.lock().await;
        let body = json!({ "display_name": "Root" });
        let answer = client.ask(Method::PATCH, "/users/me", Credential::Bearer(&token), body).await;
        if answer.status == 401 {
            *token = log_in(client).await.unwrap_or_default();
        }
        answer.status == 200
    }

    /// What the superuser asks for, until there is an answer.
    pub(crate) async fn as_root(&self, method: Method, path: &str, body: Value) -> Answer {
        let mut token = self.root.lock().await;
        let start = Instant::now();
        loop {
            let answer = self.client.ask(method.clone(), path, Credential::Bearer(&token), body.clone()).await;
            match answer.status {
                // The first time, or a login that is not recent any more.
                401 | 403 => *token = log_in(&self.client).await.unwrap_or_default(),
                0 | 503 => {}
                _ => return answer,
            }
            if start.elapsed() > GUARD {
                self.journal.violation("I7", &format!("{method} {path}: no answer"));
                return answer;
            }
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// Ends everything, and removes what is left on the disk if nothing is to be seen there.
    pub(crate) async fn end(&self) {
        for instance in &self.instances {
            instance.lock().await.take();
        }
        if self.journal.is_clean() {
            let _ = std::fs::remove_dir_all(&self.site.directory);
        } else {
            self.journal.note(format!("the logs are in {}", self.site.directory.display()));
        }
    }
}

/// The directory of this program, where the apps are, too.
fn programs() -> PathBuf {
    let program = std::env::current_exe().expect("the program has a path");
    program.parent().expect("a file is in a directory").to_owned()
}

/// A token of the superuser.
pub(crate) async fn log_in(client: &Client) -> Option<String> {
    let body = json!({ "username": ROOT[0], "password": ROOT[1] });
    client.ask(Method::POST, "/auth/db/login", Credential::None, body).await.text("access_token")
}
