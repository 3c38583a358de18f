//! A user: what the account must look like, and what the user does all day.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use auth_testkit::SeededRandom;
use http::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::client::{Answer, Client, Credential};
use crate::cluster::{Cluster, GUARD};
use crate::ledger::{Kind, Session};

/// How many sessions a user keeps open.
pub(crate) const ENOUGH: usize = 6;

/// For how long what was given up may still be done: longer than the deadline of a request, the patience of a transaction and a
/// fault together.
const ECHO: Duration = Duration::from_secs(40);

pub(crate) struct User {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) client: Client,
    pub(crate) random: SeededRandom,
    pub(crate) number: usize,
    pub(crate) email: String,
    pub(crate) id: String,
    /// The password, or all that it may be after an unknown outcome.
    pub(crate) passwords: Vec<String>,
    /// Those that it was.
    pub(crate) former: Vec<String>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) notes: Vec<String>,
    /// How many links to a new password must have been mailed.
    pub(crate) links_owed: usize,
    /// Those that were tried, and whether it is known that they worked.
    pub(crate) links: Vec<(String, bool)>,
    /// Until when something whose outcome is unknown may still end sessions.
    unsettled: Option<Instant>,
}

impl User {
    pub(crate) fn new(number: usize, seed: u64, cluster: &Arc<Cluster>) -> Self {
        let mut user = Self {
            cluster: Arc::clone(cluster),
            client: cluster.client.from(number),
            random: SeededRandom::new(seed),
            number,
            email: format!("u{number}@example.org"),
            id: String::new(),
            passwords: Vec::new(),
            former: Vec::new(),
            sessions: Vec::new(),
            notes: Vec::new(),
            links_owed: 0,
            links: Vec::new(),
            unsettled: None,
        };
        user.passwords = vec![user.new_password()];
        user
    }

    pub(crate) fn below(&self, number: usize) -> usize {
        usize::try_from(self.random.below(number as u64)).unwrap_or_default()
    }

    pub(crate) fn new_password(&self) -> String {
        format!("kettle-{:012x}-River", self.random.below(1 << 48))
    }

    /// One of those that may be the password.
    pub(crate) fn password(&self) -> String {
        self.passwords[self.below(self.passwords.len())].clone()
    }

    /// Some session that has not ended, as an index.
    pub(crate) fn open_session(&self) -> Option<usize> {
        let open: Vec<usize> = (0..self.sessions.len()).filter(|index| !self.sessions[*index].is_dead()).collect();
        (!open.is_empty()).then(|| open[self.below(open.len())])
    }

    pub(crate) fn violation(&self, invariant: &str, what: &str) {
        self.cluster.journal.violation(invariant, &format!("{}: {what}", self.email));
    }

    pub(crate) fn check(&self, invariant: &'static str, holds: bool, what: impl FnOnce() -> String) {
        self.cluster.journal.check(invariant, holds, || format!("{}: {}", self.email, what()));
    }

    /// Everything has ended.
    pub(crate) fn end_sessions(&mut self) {
        self.sessions.iter_mut().for_each(Session::end);
    }

    /// Everything may have ended, or may still end.
    pub(crate) fn doubt_sessions(&mut self) {
        self.sessions.iter_mut().for_each(Session::doubt);
        self.unsettled = Some(Instant::now() + ECHO);
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.unsettled.is_none_or(|until| Instant::now() > until)
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, by: Credential<'_>, body: Value) -> Answer {
        self.client.ask(method, path, by, body).await
    }

    /// Repeats a request until its outcome is known.
    pub(crate) async fn insist(&self, method: Method, path: &str, by: Credential<'_>, body: Value) -> Answer {
        let start = Instant::now();
        loop {
            let answer = self.ask(method.clone(), path, by, body.clone()).await;
            if !answer.is_unknown() {
                return answer;
            }
            if start.elapsed() > GUARD {
                self.violation("I7", &format!("{method} {path}: no answer in {GUARD:?}"));
                return answer;
            }
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// Registers, and does one thing after the other until `end`.
    pub(crate) async fn live(mut self, end: Instant) -> Self {
        // Half of them are there at once, the others come by and by.
        if self.number % 2 == 1 {
            let left = end.saturating_duration_since(Instant::now()).as_millis();
            sleep(Duration::from_millis(self.random.below(u64::try_from(left).unwrap_or_default().max(1)))).await;
        }
        self.register().await;
        while Instant::now() < end {
            self.act().await;
            sleep(Duration::from_millis(self.random.below(600))).await;
        }
        self
    }

    async fn register(&mut self) {
        let body = json!({ "email": self.email, "password": self.passwords[0] });
        let mut doubt = false;
        let start = Instant::now();
        while start.elapsed() < GUARD {
            let answer = self.ask(Method::POST, "/auth/register", Credential::None, body.clone()).await;
            match answer.status {
                201 => break,
                0 | 503 => doubt = true,
                status => {
                    let exists = answer.text("detail").as_deref() == Some("REGISTER_USER_ALREADY_EXISTS");
                    self.check("I2", doubt && exists, || format!("a registration is answered {status}"));
                    break;
                }
            }
            sleep(Duration::from_millis(200)).await;
        }
        while self.id.is_empty() && start.elapsed() < GUARD {
            self.log_in(Kind::Db).await;
            let Some(session) = self.sessions.last() else { continue };
            let answer = self.insist(Method::GET, "/users/me", session.credential(), Value::Null).await;
            self.id = answer.text("id").unwrap_or_default();
        }
        self.check("I7", !self.id.is_empty(), || "cannot begin".to_owned());
    }

    /// Logs in with what may be the password; whether that worked.
    pub(crate) async fn log_in(&mut self, kind: Kind) -> bool {
        let password = self.password();
        let losses = self.cluster.redis_losses.load(Ordering::SeqCst);
        let body = json!({ "username": self.email, "password": password });
        let answer = self.ask(Method::POST, &format!("/auth/{}/login", kind.name()), Credential::None, body).await;
        match answer.status {
            200 | 204 => {
                let Some(mut session) = Session::of(kind, &answer, losses) else {
                    self.violation("I3", "a login without a token");
                    return false;
                };
                if !self.is_settled() {
                    session.doubt();
                }
                self.sessions.push(session);
                return true;
            }
            0 | 503 => {}
            status => {
                // One of several may be wrong.
                let known = self.passwords.len() == 1;
                self.check("I2", !known, || format!("the password is refused: {status} {}", answer.body));
            }
        }
        false
    }
}
