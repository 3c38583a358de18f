//! What a client knows of a session: whether it must be alive, must be dead, or may be either.

use std::sync::atomic::Ordering;
use std::time::Duration;

use http::Method;
use serde_json::json;
use tokio::time::Instant;

use crate::client::{Answer, Client, Credential};
use crate::cluster::Cluster;

/// How old what a server remembers may be (`SessionConfig::staleness`), and a little for the grain of clocks.
const STALENESS: Duration = Duration::from_millis(1_100);

/// For how long the exchange of a refresh token may be repeated (`RefreshOptions::grace`), less a second for the way.
pub(crate) const GRACE: Duration = Duration::from_secs(9);

/// From when on the access token of the backend `jwt` may have expired.
const JWT_LIFETIME: Duration = Duration::from_secs(9 * 60);

/// The backend that issued a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Cookie,
    Db,
    Jwt,
    Redis,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Db => "db",
            Self::Jwt => "jwt",
            Self::Redis => "redis",
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum State {
    Alive,
    /// The outcome of something that would have ended it is unknown.
    Unsure,
    /// It has been for so long.
    Dead(Instant),
}

#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) kind: Kind,
    pub(crate) token: String,
    pub(crate) state: State,
    /// The refresh token that is good now.
    pub(crate) refresh: Option<String>,
    /// Those that were exchanged, the newest last.
    pub(crate) spent: Vec<String>,
    /// When the answer to an exchange was lost that has not been repeated since.
    pub(crate) in_doubt: Option<Instant>,
    issued: Instant,
    redis_losses: u64,
}

impl Session {
    /// The session of a login answer; `losses` is from before the login.
    pub(crate) fn of(kind: Kind, answer: &Answer, losses: u64) -> Option<Self> {
        let token = if kind == Kind::Cookie { answer.cookie()? } else { answer.text("access_token")? };
        Some(Self {
            kind,
            token,
            state: State::Alive,
            refresh: answer.text("refresh_token"),
            spent: Vec::new(),
            in_doubt: None,
            issued: answer.sent,
            redis_losses: losses,
        })
    }

    pub(crate) fn credential(&self) -> Credential<'_> {
        match self.kind {
            Kind::Cookie => Credential::Cookie(&self.token),
            _ => Credential::Bearer(&self.token),
        }
    }

    pub(crate) fn is_alive(&self) -> bool {
        matches!(self.state, State::Alive)
    }

    pub(crate) fn is_dead(&self) -> bool {
        matches!(self.state, State::Dead(_))
    }

    pub(crate) fn end(&mut self) {
        if !self.is_dead() {
            self.state = State::Dead(Instant::now());
        }
    }

    pub(crate) fn doubt(&mut self) {
        if self.is_alive() {
            self.state = State::Unsure;
        }
    }

    /// Takes the tokens of an exchange in place of its own.
    pub(crate) fn exchange(&mut self, answer: &Answer) {
        let Some(mut next) = self.next(answer) else { return };
        next.spent.append(&mut self.spent);
        next.spent.extend(self.refresh.take());
        *self = next;
    }

    /// Takes the tokens of an answer in place of its own, which have ended: those, as a session of their own.
    pub(crate) fn replace(&mut self, answer: &Answer) -> Option<Self> {
        let next = self.next(answer)?;
        let mut former = std::mem::replace(self, next);
        former.end();
        Some(former)
    }

    fn next(&self, answer: &Answer) -> Option<Self> {
        Some(Self { state: self.state, ..Self::of(self.kind, answer, self.redis_losses)? })
    }

    /// Whether what is not the library's may have ended it.
    fn may_be_lost(&self, cluster: &Cluster) -> bool {
        match self.kind {
            Kind::Redis => self.redis_losses != cluster.redis_losses.load(Ordering::SeqCst),
            Kind::Jwt => self.issued.elapsed() > JWT_LIFETIME,
            _ => false,
        }
    }

    /// Learns from an answer to a request that it authenticated. `remembered` says whether a server may answer from memory.
    pub(crate) fn learn(&mut self, cluster: &Cluster, what: &str, answer: &Answer, remembered: bool) {
        let journal = &cluster.journal;
        let kind = self.kind.name();
        match (self.state, answer.status) {
            (_, 0 | 503) => {}
            (State::Alive, 401) => {
                let lost = self.may_be_lost(cluster);
                journal.check("I6", lost, || format!("{what}: a good session of {kind} is called invalid"));
                self.end();
            }
            (State::Unsure, 401) => self.end(),
            (State::Dead(_), 401) => journal.check("I4", true, String::new),
            (State::Dead(since), _) => {
                let late = !remembered || answer.sent > since + STALENESS;
                let ago = answer.sent.saturating_duration_since(since);
                let status = answer.status;
                journal
                    .check("I4", !late, || format!("{what}: {status} for a session of {kind} that ended {ago:?} ago"));
            }
            (State::Alive, 200..300) => journal.check("I6", true, String::new),
            _ => {}
        }
    }

    /// Shows the token to a route of the library, and says what came back.
    pub(crate) async fn look(&mut self, cluster: &Cluster, client: &Client, path: &str) -> Answer {
        let answer = client.ask(Method::GET, path, self.credential(), json!(null)).await;
        // The list of sessions asks the database.
        self.learn(cluster, path, &answer, path != "/auth/sessions");
        answer
    }
}
