//! Somebody who uses a server that may die, and insists on what it said.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use auth_core::mail::MailKind;
use serde_json::{Value, json};

use crate::mails::{ACCOUNT_DELETED, PASSWORD_CHANGED, RESET_PASSWORD, VERIFY_EMAIL};
use crate::victim::{Posted, Victim};

const FIRST: &str = "kettle-Umbrella-42-river";
pub(crate) const SECOND: &str = "lantern-Meadow-17-copper";
pub(crate) const THIRD: &str = "walnut-Harbour-93-violin";

/// What somebody who was told only what came back knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    No,
    Unknown,
    Yes,
}

/// Somebody who uses the server, and remembers what it said.
#[derive(Debug)]
pub(crate) struct Witness {
    pub(crate) email: String,
    pub(crate) exists: Fact,
    /// One of these is the password.
    pub(crate) passwords: Vec<&'static str>,
    /// A session that lives.
    session: Option<String>,
    /// Sessions that do not.
    ended: Vec<String>,
    /// Mails before this one were for somebody who had the address earlier.
    pub(crate) since: usize,
    /// Kinds of mails that are owed.
    pub(crate) owed: BTreeSet<&'static str>,
    /// Whether the links were used.
    pub(crate) verified: Fact,
    pub(crate) reset: Fact,
}

/// The server died while it was asked.
pub(crate) struct Dead;

impl Witness {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            email: format!("{name}@example.org"),
            exists: Fact::No,
            passwords: vec![FIRST],
            session: None,
            ended: Vec::new(),
            since: 0,
            owed: BTreeSet::new(),
            verified: Fact::No,
            reset: Fact::No,
        }
    }

    async fn post(&self, on: &Victim, path: &str, body: Value) -> Result<(u16, Value), Dead> {
        on.ask("POST", path, self.session.as_deref(), body).await.ok_or(Dead)
    }

    pub(crate) async fn register(&mut self, on: &Victim) -> Result<(), Dead> {
        self.exists = Fact::Unknown;
        let body = json!({ "email": self.email, "password": self.passwords[0] });
        let (status, body) = self.post(on, "/auth/register", body).await?;
        assert_eq!(status, 201, "{body}");
        self.exists = Fact::Yes;
        self.owed.insert(VERIFY_EMAIL.name());
        Ok(())
    }

    pub(crate) async fn log_in(&mut self, on: &Victim) -> Result<(), Dead> {
        let body = json!({ "email": self.email, "password": self.passwords[0] });
        let (status, body) = self.post(on, "/auth/db/login", body).await?;
        assert_eq!(status, 200, "{body}");
        self.session = body["access_token"].as_str().map(str::to_owned);
        Ok(())
    }

    pub(crate) async fn change_password(&mut self, on: &Victim, new: &'static str) -> Result<(), Dead> {
        let old = self.passwords[0];
        self.passwords = vec![old, new];
        let session = self.session.clone();
        let body = json!({ "old_password": old, "new_password": new });
        let result = self.post(on, "/auth/change-password", body).await;
        self.session = None;
        let (status, body) = result?;
        assert_eq!(status, 200, "{body}");
        self.passwords = vec![new];
        self.ended.extend(session);
        self.session = body["access_token"].as_str().map(str::to_owned);
        self.owed.insert(PASSWORD_CHANGED.name());
        Ok(())
    }

    pub(crate) async fn forget(&mut self, on: &Victim) -> Result<(), Dead> {
        let (status, body) = self.post(on, "/auth/forgot-password", json!({ "email": self.email })).await?;
        assert_eq!(status, 202, "{body}");
        self.owed.insert(RESET_PASSWORD.name());
        Ok(())
    }

    pub(crate) async fn log_out(&mut self, on: &Victim) -> Result<(), Dead> {
        let result = self.post(on, "/auth/db/logout", Value::Null).await;
        let session = self.session.take();
        let (status, body) = result?;
        assert_eq!(status, 204, "{body}");
        self.ended.extend(session);
        Ok(())
    }

    pub(crate) async fn delete(&mut self, on: &Victim) -> Result<(), Dead> {
        self.exists = Fact::Unknown;
        let result = on.ask("DELETE", "/users/me", self.session.as_deref(), json!({})).await;
        let session = self.session.take();
        let (status, body) = result.ok_or(Dead)?;
        assert_eq!(status, 204, "{body}");
        self.exists = Fact::No;
        self.ended.extend(session);
        self.owed.insert(ACCOUNT_DELETED.name());
        Ok(())
    }

    /// The first verification of the address ends every session.
    pub(crate) async fn verify(&mut self, on: &Victim, token: &str) -> Result<(), Dead> {
        let tried_before = self.verified == Fact::Unknown;
        self.verified = Fact::Unknown;
        let session = self.session.take();
        let (status, body) = on.ask("POST", "/auth/verify", None, json!({ "token": token })).await.ok_or(Dead)?;
        let used = status == 400 && body["detail"] == json!("VERIFY_USER_ALREADY_VERIFIED");
        assert!(status == 200 || (tried_before && used), "{status} {body}");
        self.verified = Fact::Yes;
        self.ended.extend(session);
        Ok(())
    }

    /// A token that is gone has had its effect, and one that has not can be used again.
    pub(crate) async fn reset(&mut self, on: &Victim, token: &str, new: &'static str) -> Result<(), Dead> {
        let made_before = self.reset == Fact::Unknown && self.passwords == [new];
        self.reset = Fact::Unknown;
        let session = self.session.take();
        if !made_before {
            self.passwords.push(new);
        }
        let body = json!({ "token": token, "password": new });
        let (status, body) = on.ask("POST", "/auth/reset-password", None, body).await.ok_or(Dead)?;
        assert_eq!(status, if made_before { 400 } else { 200 }, "{body} {self:?}");
        self.reset = Fact::Yes;
        self.passwords = vec![new];
        self.ended.extend(session);
        self.owed.insert(PASSWORD_CHANGED.name());
        Ok(())
    }

    /// A whole life, or as much of it as the server lives.
    pub(crate) async fn live(&mut self, on: &Victim, n: usize, acknowledged: &AtomicUsize) -> Result<(), Dead> {
        let done = || acknowledged.fetch_add(1, Ordering::SeqCst);
        self.register(on).await?;
        done();
        self.log_in(on).await?;
        done();
        self.change_password(on, SECOND).await?;
        done();
        if n % 5 == 4 {
            self.delete(on).await?;
            done();
            return Ok(());
        }
        self.forget(on).await?;
        done();
        if n.is_multiple_of(2) {
            self.log_out(on).await?;
            done();
        }
        Ok(())
    }

    /// Uses the links that have come.
    pub(crate) async fn redeem(
        &mut self,
        on: &Victim,
        mails: &[Posted],
        acknowledged: &AtomicUsize,
    ) -> Result<(), Dead> {
        if self.exists != Fact::Yes {
            return Ok(());
        }
        if self.verified != Fact::Yes
            && let Some(token) = self.newest(mails, VERIFY_EMAIL)
        {
            // The first proof would end the link to a new password, which is one itself.
            if self.passwords == [SECOND] {
                self.verified = Fact::Yes;
            } else {
                self.verify(on, &token).await?;
            }
        }
        if self.reset != Fact::Yes
            && let Some(token) = self.newest(mails, RESET_PASSWORD)
        {
            self.reset(on, &token, THIRD).await?;
        }
        acknowledged.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    pub(crate) fn newest(&self, mails: &[Posted], kind: MailKind) -> Option<String> {
        let mut found = mails.iter().skip(self.since).filter(|mail| mail.to == self.email && mail.kind == kind.name());
        found.next_back().and_then(|mail| mail.token.clone())
    }

    /// Insists that everything is as it was said to be, and finds out what was not.
    pub(crate) async fn check(&mut self, on: &Victim, mails: &[Posted]) {
        self.look(on).await;
        for kind in &self.owed {
            assert!(
                mails.iter().skip(self.since).any(|mail| mail.to == self.email && mail.kind == *kind),
                "no {kind}: {self:?}"
            );
        }
    }

    pub(crate) async fn look(&mut self, on: &Victim) {
        let mut opens = Vec::new();
        for password in &self.passwords {
            let body = json!({ "email": self.email, "password": password });
            let (status, body) = on.ask("POST", "/auth/db/login", None, body).await.expect("an answer");
            assert!(status == 200 || body["detail"] == json!("LOGIN_BAD_CREDENTIALS"), "{status} {body}");
            opens.extend((status == 200).then_some(*password));
        }
        let expected: &[usize] = match self.exists {
            Fact::No => &[0],
            Fact::Unknown => &[0, 1],
            Fact::Yes => &[1],
        };
        assert!(expected.contains(&opens.len()), "{opens:?} {self:?}");
        if self.exists == Fact::Unknown && !opens.is_empty() {
            // Nobody was told of the account, but it is there, and its owner hears of it.
            self.owed.insert(VERIFY_EMAIL.name());
        }
        self.exists = if opens.is_empty() { Fact::No } else { Fact::Yes };
        self.passwords = if opens.is_empty() { vec![FIRST] } else { opens };
        let me = async |token: &str| on.ask("GET", "/users/me", Some(token), Value::Null).await.expect("an answer").0;
        for token in &self.ended {
            assert_eq!(me(token).await, 401, "{self:?}");
        }
        if let Some(token) = &self.session {
            assert_eq!(me(token).await, 200, "{self:?}");
        }
    }
}
