//! What a user does, and what each answer says about the account.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::client::Credential;
use crate::ledger::{GRACE, Kind};
use crate::user::{ENOUGH, User};

/// How long a user waits for a mail before doing something else.
const MAIL_PATIENCE: Duration = Duration::from_secs(10);

impl User {
    /// One of the many things that users do.
    pub(crate) async fn act(&mut self) {
        match self.below(100) {
            0..40 => self.look().await,
            40..52 => self.add_note().await,
            52..62 => self.begin_session().await,
            62..74 => self.refresh().await,
            74..77 => self.replay().await,
            77..81 => self.guess().await,
            81..88 => self.log_out().await,
            88..91 => self.log_out_everywhere().await,
            91..95 => self.change_password().await,
            95..98 => self.reset_password().await,
            _ => self.be_banned().await,
        }
    }

    /// Shows some token it ever had.
    async fn look(&mut self) {
        if self.sessions.is_empty() {
            return self.begin_session().await;
        }
        // Mostly one that may work.
        let any = self.below(self.sessions.len());
        let index = if self.below(3) > 0 { self.open_session().unwrap_or(any) } else { any };
        let path = ["/users/me", "/users/me", "/auth/sessions", "/notes"][self.below(4)];
        let cluster = self.cluster.clone();
        let answer = self.sessions[index].look(&cluster, &self.client, path).await;
        match (answer.status, path) {
            (200, "/users/me") => {
                let owner = answer.text("email").unwrap_or_default();
                self.check("I5", owner == self.email, || format!("sees the account of {owner}"));
            }
            (200, "/notes") => self.compare_notes(&answer.body),
            (200 | 401, _) | (0 | 503, _) => {}
            (status, _) => self.violation("I6", &format!("GET {path}: {status} {}", answer.body)),
        }
    }

    /// Every note that was acknowledged is there, and nobody else's.
    pub(crate) fn compare_notes(&self, list: &Value) {
        let listed: Vec<&str> =
            list.as_array().into_iter().flatten().filter_map(|note| note["text"].as_str()).collect();
        let own = format!("u{} ", self.number);
        self.check("I5", listed.iter().all(|text| text.starts_with(&own)), || {
            "sees a note of somebody else".to_owned()
        });
        let missing = self.notes.iter().filter(|note| !listed.contains(&note.as_str())).count();
        self.check("I2", missing == 0, || format!("{missing} notes are gone"));
    }

    async fn add_note(&mut self) {
        let Some(index) = self.open_session() else { return self.begin_session().await };
        let text = format!("u{} {:012x}", self.number, self.random.below(1 << 48));
        let by = self.sessions[index].credential();
        let answer = self.ask(Method::POST, "/notes", by, json!({ "text": text })).await;
        let cluster = self.cluster.clone();
        self.sessions[index].learn(&cluster, "POST /notes", &answer, true);
        if answer.status == 201 {
            self.notes.push(text);
        }
    }

    async fn begin_session(&mut self) {
        if self.sessions.iter().filter(|session| !session.is_dead()).count() >= ENOUGH {
            return;
        }
        let kinds = [Kind::Jwt, Kind::Jwt, Kind::Db, Kind::Cookie, Kind::Redis];
        let kinds = if self.cluster.redis.is_some() { &kinds[..] } else { &kinds[..4] };
        self.log_in(kinds[self.below(kinds.len())]).await;
    }

    /// Tries a password that is not, or no longer, that of the account.
    async fn guess(&mut self) {
        let wrong = match self.former.len() {
            0 => self.new_password(),
            former => self.former[self.below(former)].clone(),
        };
        let body = json!({ "username": self.email, "password": wrong });
        let answer = self.ask(Method::POST, "/auth/db/login", Credential::None, body).await;
        let refused = answer.is_unknown() || answer.status == 400;
        self.check("I4", refused, || format!("a password that was replaced is answered {}", answer.status));
    }

    /// Exchanges a refresh token, now and then twice at once.
    async fn refresh(&mut self) {
        let with = |index: &usize| !self.sessions[*index].is_dead() && self.sessions[*index].refresh.is_some();
        let all: Vec<usize> = (0..self.sessions.len()).filter(with).collect();
        if all.is_empty() {
            return self.begin_session().await;
        }
        let index = all[self.below(all.len())];
        let token = self.sessions[index].refresh.clone().unwrap_or_default();
        let start = self.sessions[index].in_doubt.unwrap_or_else(Instant::now);
        let exchange =
            || self.ask(Method::POST, "/auth/token/refresh", Credential::None, json!({ "refresh_token": token }));
        let answers = match self.below(4) {
            0 => {
                let (a, b) = tokio::join!(exchange(), exchange());
                vec![a, b]
            }
            _ => vec![exchange().await],
        };
        let good: Vec<String> = answers.iter().filter_map(|answer| answer.text("refresh_token")).collect();
        let early = start.elapsed() < GRACE;
        if good.len() == 2 {
            self.check("I1", good[0] == good[1], || "one refresh token has two successors".to_owned());
        }
        if answers.iter().any(|answer| answer.status == 401) {
            let alive = self.sessions[index].is_alive();
            self.check("I6", !(alive && early), || "a good refresh token is refused".to_owned());
            self.sessions[index].end();
            return;
        }
        match answers.iter().find(|answer| answer.status == 200) {
            // It replaces no other session: the former access token is good until it expires.
            Some(answer) => self.sessions[index].exchange(answer),
            None => self.sessions[index].in_doubt = Some(start),
        }
    }

    /// Shows a refresh token that was exchanged long ago: the session ends, because somebody has a copy.
    async fn replay(&mut self) {
        let with = |index: &usize| self.sessions[*index].spent.len() > 1 && self.sessions[*index].in_doubt.is_none();
        let Some(index) = (0..self.sessions.len()).find(with) else { return };
        let token = self.sessions[index].spent[0].clone();
        let body = json!({ "refresh_token": token });
        let answer = self.ask(Method::POST, "/auth/token/refresh", Credential::None, body).await;
        match answer.status {
            401 => self.sessions[index].end(),
            0 | 503 => self.sessions[index].doubt(),
            status => self.violation("I4", &format!("a refresh token that was exchanged before is answered {status}")),
        }
    }

    async fn log_out(&mut self) {
        let Some(index) = self.open_session() else { return };
        let session = &self.sessions[index];
        let path = format!("/auth/{}/logout", session.kind.name());
        let answer = self.ask(Method::POST, &path, session.credential(), Value::Null).await;
        let cluster = self.cluster.clone();
        let session = &mut self.sessions[index];
        session.learn(&cluster, &path, &answer, false);
        match answer.status {
            204 => session.end(),
            0 | 503 => session.doubt(),
            _ => {}
        }
    }

    async fn log_out_everywhere(&mut self) {
        let Some(index) = self.open_session() else { return };
        let by = self.sessions[index].credential();
        let answer = self.ask(Method::POST, "/auth/logout-all", by, json!({ "everywhere": true })).await;
        let cluster = self.cluster.clone();
        self.sessions[index].learn(&cluster, "POST /auth/logout-all", &answer, false);
        match answer.status {
            204 => self.end_sessions(),
            0 | 503 => self.doubt_sessions(),
            _ => {}
        }
    }

    async fn change_password(&mut self) {
        let Some(index) = self.open_session() else { return };
        let (old, new) = (self.password(), self.new_password());
        let body = json!({ "old_password": old, "new_password": new });
        let by = self.sessions[index].credential();
        let answer = self.ask(Method::POST, "/auth/change-password", by, body).await;
        let cluster = self.cluster.clone();
        self.sessions[index].learn(&cluster, "POST /auth/change-password", &answer, false);
        match answer.status {
            200 | 204 => {
                self.know_password(new);
                let mut own = self.sessions.swap_remove(index);
                self.end_sessions();
                self.sessions.extend(own.replace(&answer));
                self.sessions.push(own);
            }
            0 | 503 => {
                self.passwords.push(new);
                self.doubt_sessions();
            }
            400 => {
                let known = self.passwords.len() == 1;
                self.check("I2", !known, || format!("the password is not the old one: {}", answer.body));
            }
            // The login is not recent enough, or the session has ended.
            401 | 403 => {}
            status => self.violation("I6", &format!("a new password is answered {status}: {}", answer.body)),
        }
    }

    /// The password is this one, and no other.
    pub(crate) fn know_password(&mut self, password: String) {
        let earlier = std::mem::replace(&mut self.passwords, vec![password]);
        self.former.extend(earlier.into_iter().filter(|earlier| !self.passwords.contains(earlier)));
    }

    /// Asks for a link, and uses it twice at once, on whatever servers.
    async fn reset_password(&mut self) {
        let body = json!({ "email": self.email });
        let answer = self.ask(Method::POST, "/auth/forgot-password", Credential::None, body).await;
        if answer.status != 202 {
            return self.check("I6", answer.is_unknown(), || format!("a request for a link: {}", answer.status));
        }
        self.links_owed += 1;
        let start = Instant::now();
        let token = loop {
            let mails = self.cluster.mails.to(&self.email);
            match mails.into_iter().rfind(|token| self.links.iter().all(|(tried, _)| tried != token)) {
                Some(token) => break token,
                None if start.elapsed() > MAIL_PATIENCE => return,
                None => sleep(Duration::from_millis(100)).await,
            }
        };
        let passwords = [self.new_password(), self.new_password()];
        let redeem = |password: &String| {
            let body = json!({ "token": token, "password": password });
            self.ask(Method::POST, "/auth/reset-password", Credential::None, body)
        };
        let (a, b) = tokio::join!(redeem(&passwords[0]), redeem(&passwords[1]));
        let done = [a.status == 200, b.status == 200];
        self.check("I1", done != [true, true], || "one link set two passwords".to_owned());
        let done = done.iter().position(|done| *done);
        self.links.push((token, done.is_some()));
        match done {
            Some(index) => {
                self.former.push(passwords[1 - index].clone());
                self.know_password(passwords[index].clone());
                self.end_sessions();
            }
            None if a.is_unknown() || b.is_unknown() => {
                self.passwords.extend(passwords);
                self.doubt_sessions();
            }
            // A link from before something whose outcome was unknown may be void.
            None => {}
        }
    }

    /// A superuser bans the user, and thinks better of it.
    async fn be_banned(&mut self) {
        let path = format!("/users/{}", self.id);
        let cluster = self.cluster.clone();
        let set = |is_active: bool| {
            let (cluster, path) = (cluster.clone(), path.clone());
            async move { cluster.as_root(Method::PATCH, &path, json!({ "is_active": is_active })).await }
        };
        if set(false).await.status == 200 {
            self.end_sessions();
            let body = json!({ "username": self.email, "password": self.password() });
            let answer = self.ask(Method::POST, "/auth/db/login", Credential::None, body).await;
            let refused = answer.is_unknown() || answer.status == 400;
            self.check("I4", refused, || format!("a banned user logs in: {}", answer.status));
        } else {
            self.doubt_sessions();
        }
        let back = set(true).await.status;
        self.check("I7", back == 200, || format!("the end of a ban is answered {back}"));
        // A link that was asked for before is not mailed to an account that is inactive when a worker gets to it.
        self.links_owed = self.links_owed.min(self.cluster.mails.to(&self.email).len());
    }
}
