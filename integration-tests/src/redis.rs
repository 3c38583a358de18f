//! A Redis or Valkey server of a scenario's own, which is taken down, filled up and set back at will.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use auth_testkit::Proxy;
use redis::{AsyncConnectionConfig, Client, FromRedisValue, RedisResult, cmd};

/// How long it may take to answer the suite.
const ANSWER: Duration = Duration::from_secs(30);

/// A server. Its process and its files vanish with this value.
pub struct RedisServer {
    program: String,
    directory: PathBuf,
    port: u16,
    process: Option<Child>,
}

/// What is under a key.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    /// How long it has to live, in milliseconds; -1 for one that never expires.
    pub(crate) life: i64,
    /// All texts in its value.
    pub(crate) values: Vec<String>,
}

impl RedisServer {
    /// How often another port is tried: somebody may be faster than the server.
    const ATTEMPTS: usize = 5;

    /// How long it may take to start.
    const PATIENCE: usize = 3000;

    /// Starts one by this program.
    ///
    /// # Panics
    /// If the program does not start.
    pub async fn start(program: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("auth-redis-{}-{number}", std::process::id()));
        std::fs::create_dir(&directory).expect("a directory of its own");
        let directory = directory.canonicalize().expect("its full name");
        let mut server = Self { program: program.to_owned(), directory, port: 0, process: None };
        for _ in 0..Self::ATTEMPTS {
            let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
            server.port = free.expect("a free port").port();
            if server.serve().await {
                return server;
            }
        }
        panic!("{program} does not start");
    }

    /// Starts the process, and waits until it answers.
    async fn serve(&mut self) -> bool {
        // It ends when nobody can write to the shell any more.
        let mut command = Command::new("sh");
        command.args(["-c", r#""$@" > log 2>&1 & cat; kill -s KILL $!; wait"#, "sh", &self.program]);
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.current_dir(&self.directory).stdin(Stdio::piped()).stdout(Stdio::null());
        self.process = Some(command.spawn().expect("a shell"));
        let id = self.directory.to_string_lossy().into_owned();
        for _ in 0..Self::PATIENCE {
            // Another server may have taken the port.
            match self.ask::<Vec<String>>(&["CONFIG", "GET", "dir"]).await {
                Ok(answer) => return answer.get(1).is_some_and(|directory| *directory == id),
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
        false
    }

    /// Ends the process, at once.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.stdin.take());
            let _ = process.wait();
        }
    }

    /// Starts it again, with what it saved last.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn restart(&mut self) {
        self.stop();
        assert!(self.serve().await, "it starts again");
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// A proxy before it, and the URL that leads through the proxy.
    pub(crate) async fn proxy(&self) -> (Arc<Proxy>, String) {
        let proxy = Proxy::start(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))).await.expect("a free port");
        let url = format!("redis://127.0.0.1:{}", proxy.port());
        (Arc::new(proxy), url)
    }

    /// Runs a command on a connection of its own.
    pub(crate) async fn ask<T: FromRedisValue>(&self, words: &[&str]) -> RedisResult<T> {
        // The usual half second is too short on a machine that is busy with other tests.
        let patient =
            AsyncConnectionConfig::new().set_response_timeout(Some(ANSWER)).set_connection_timeout(Some(ANSWER));
        let mut connection = Client::open(self.url())?.get_multiplexed_async_connection_with_config(&patient).await?;
        cmd(words[0]).arg(&words[1..]).query_async(&mut connection).await
    }

    /// The same for one that succeeds.
    pub(crate) async fn run(&self, words: &[&str]) {
        let _: redis::Value = self.ask(words).await.unwrap_or_else(|cause| panic!("{words:?}: {cause}"));
    }

    /// Everything that is there. Fails the scenario for a key without an end.
    pub(crate) async fn dump(&self) -> Vec<Entry> {
        let keys: Vec<String> = self.ask(&["KEYS", "*"]).await.expect("the keys");
        let mut entries = Vec::new();
        for key in keys {
            let life: i64 = self.ask(&["PTTL", &key]).await.expect("a time");
            let kind: String = self.ask(&["TYPE", &key]).await.expect("a type");
            let values = match kind.as_str() {
                "string" => self.ask(&["GET", &key]).await.map(|value: String| vec![value]),
                "zset" => self.ask(&["ZRANGE", &key, "0", "-1", "WITHSCORES"]).await,
                other => panic!("{key} is a {other}"),
            };
            assert!(life > 0, "{key} has no end");
            entries.push(Entry { key, life, values: values.expect("a value") });
        }
        entries
    }

    /// The keys of tokens, in order.
    pub(crate) async fn tokens(&self) -> Vec<String> {
        let keys = self.dump().await.into_iter().map(|entry| entry.key);
        let mut keys: Vec<String> = keys.filter(|key| key.contains("token:")).collect();
        keys.sort_unstable();
        keys
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.stop();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
