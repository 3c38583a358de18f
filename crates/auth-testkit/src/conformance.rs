//! What every token format has to do, for authors of a [`TokenStrategy`](auth_core::token::TokenStrategy) of their own.
//!
//! The library checks sessions in the database whatever the format is. A format can still break the rules: by issuing one token
//! twice, by taking what it did not issue, by failing where it should say that it knows nothing, or by keeping to itself what
//! another server needs to know.

use std::time::Duration;

use auth_core::identifier::Email;
use auth_core::password::Password;
use auth_core::registration::{NewAccount, Registered};
use auth_core::sea_orm::DatabaseConnection;
use auth_core::secrecy::ExposeSecret;
use auth_core::session::{Carried, Credential, Freshness, Login};
use auth_core::{Auth, Backend, Client, Principal, RefreshOptions};

use crate::{MockClock, TestParts};

/// Something that went wrong, in words.
type Failure = Box<dyn std::error::Error + Send + Sync>;

const PASSWORD: &str = "kettle-Umbrella-42-river";
const OTHER: &str = "lantern-Meadow-17-copper";

/// The longest session.
const ABSOLUTE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Longer than an exchange may be repeated.
const LATE: Duration = Duration::from_secs(11);

/// Two servers with the format, which share a database and a clock.
struct Servers {
    one: Auth,
    two: Auth,
    clock: MockClock,
}

/// Checks a token format against a database that has the library's tables. `choose` gives a backend the format; it is called
/// for each of two servers, as it would be in two processes.
///
/// # Errors
/// Fails with the first rule that the format breaks, and when the database does.
pub async fn check_token_format(db: DatabaseConnection, choose: impl Fn(Backend) -> Backend) -> Result<(), Failure> {
    let parts = TestParts::default();
    let server = || {
        let refreshing = Backend::bearer("refreshing").refresh(RefreshOptions::default());
        let builder = parts.builder(db.clone()).backend(choose(Backend::bearer("format")));
        builder.backend(choose(refreshing)).backend(Backend::bearer("other")).build()
    };
    let servers = Servers { one: server()?, two: server()?, clock: parts.clock.clone() };
    servers.tokens_differ_and_are_good_everywhere().await?;
    servers.what_was_not_issued_is_unknown().await?;
    servers.a_logout_ends_one_token().await?;
    servers.the_end_of_all_sessions_ends_all_tokens().await?;
    servers.a_new_password_replaces_the_token().await?;
    servers.expired_tokens_stay_dead().await?;
    servers.refresh_tokens_are_exchanged_once().await
}

fn rule(holds: bool, text: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(text.into()) }
}

async fn create(auth: &Auth, name: &str) -> Result<String, Failure> {
    let email = format!("{name}@example.org");
    let new = NewAccount {
        email: Email::parse(&email).map_err(|cause| cause.to_string())?,
        password: Password::new(PASSWORD),
        username: None,
        display_name: None,
        attributes: Default::default(),
    };
    match auth.registration().register(new, &Client::default()).await? {
        Registered::Created(_) => Ok(email),
        other => Err(format!("no account: {other:?}").into()),
    }
}

async fn log_in(auth: &Auth, email: &str, password: &str, backend: &str) -> Result<Login, Failure> {
    let backend = auth.sessions().backend(backend)?;
    Ok(auth.login().login(email, Password::new(password), backend, &Client::default()).await?)
}

fn token_of(login: &Login) -> &str {
    login.token.access_token.expose_secret()
}

async fn whose(auth: &Auth, token: &str, backend: &str) -> Result<Option<Box<Principal>>, Failure> {
    let credential = Credential { backend: auth.sessions().backend(backend)?, token };
    Ok(auth.sessions().authenticate(&[credential], Freshness::Now).await?)
}

impl Servers {
    /// Whether both servers take a token, or neither does.
    async fn take(&self, token: &str) -> Result<bool, Failure> {
        let one = whose(&self.one, token, "format").await?.is_some();
        let two = whose(&self.two, token, "format").await?.is_some();
        rule(one == two, "two servers must agree on a token: share keys and stores, and keep nothing in the process")?;
        Ok(one)
    }

    async fn tokens_differ_and_are_good_everywhere(&self) -> Result<(), Failure> {
        let ada = create(&self.one, "ada").await?;
        let mut logins: Vec<Login> = Vec::new();
        for _ in 0..16 {
            let login = log_in(&self.one, &ada, PASSWORD, "format").await?;
            let is_new = logins.iter().all(|other| token_of(other) != token_of(&login));
            rule(is_new, "each session must get a token of its own, also within one millisecond")?;
            logins.push(login);
        }
        for login in &logins {
            for server in [&self.one, &self.two] {
                let found = whose(server, token_of(login), "format").await?;
                let is_right = found.is_some_and(|found| found.session.id == login.principal.session.id);
                rule(is_right, "a token must lead to its own session, on every server")?;
            }
            let elsewhere = whose(&self.one, token_of(login), "other").await?;
            rule(elsewhere.is_none(), "a token must be good at its own backend only")?;
        }
        Ok(())
    }

    async fn what_was_not_issued_is_unknown(&self) -> Result<(), Failure> {
        let eve = create(&self.one, "eve").await?;
        let login = log_in(&self.one, &eve, PASSWORD, "format").await?;
        let token = token_of(&login);
        let foreign = log_in(&self.one, &eve, PASSWORD, "other").await?;
        let long = "a".repeat(8 * 1024);
        let inventions =
            ["", "a", ".", "..", "-", "=", &long, token_of(&foreign), &token[1..], &token[..token.len() - 1]];
        for invention in inventions {
            rule(!self.take(invention).await?, "a text that was never issued must be unknown: answer `Ok(None)`")?;
        }
        for at in 0..token.len() {
            let other = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
            let altered = [&token[..at], other, &token[at + 1..]].concat();
            rule(!self.take(&altered).await?, "a token has one spelling: a changed character must make it unknown")?;
        }
        for suffix in ["A", "=", "."] {
            rule(!self.take(&format!("{token}{suffix}")).await?, "a token has one spelling: nothing may follow it")?;
        }
        rule(self.take(token).await?, "what is asked about other texts must not end a token")
    }

    async fn a_logout_ends_one_token(&self) -> Result<(), Failure> {
        let kim = create(&self.one, "kim").await?;
        let (first, second) =
            (log_in(&self.one, &kim, PASSWORD, "format").await?, log_in(&self.two, &kim, PASSWORD, "format").await?);
        self.two.sessions().logout(&first.principal, &Client::default()).await?;
        rule(!self.take(token_of(&first)).await?, "a logout must end its token at once")?;
        rule(self.take(token_of(&second)).await?, "a logout must leave the tokens of other sessions alone")?;
        self.settle(&[token_of(&first)], &[token_of(&second)]).await
    }

    async fn the_end_of_all_sessions_ends_all_tokens(&self) -> Result<(), Failure> {
        let (lee, max) = (create(&self.one, "lee").await?, create(&self.one, "max").await?);
        let mut logins = Vec::new();
        for _ in 0..3 {
            logins.push(log_in(&self.one, &lee, PASSWORD, "format").await?);
        }
        let other = log_in(&self.one, &max, PASSWORD, "format").await?;
        self.one.sessions().logout_everywhere(&logins[0].principal, &Client::default()).await?;
        let after = log_in(&self.two, &lee, PASSWORD, "format").await?;
        let dead: Vec<&str> = logins.iter().map(token_of).collect();
        for token in &dead {
            rule(!self.take(token).await?, "the end of all sessions must end each token that was issued before")?;
        }
        self.settle(&dead, &[token_of(&after), token_of(&other)]).await
    }

    async fn a_new_password_replaces_the_token(&self) -> Result<(), Failure> {
        let nan = create(&self.one, "nan").await?;
        let (own, other) =
            (log_in(&self.one, &nan, PASSWORD, "format").await?, log_in(&self.one, &nan, PASSWORD, "format").await?);
        let (old, new) = (Password::new(PASSWORD), Password::new(OTHER));
        let updated = self.one.profile().change_password(&own.principal, old, new, &Client::default()).await?;
        let token = updated.token.ok_or("a new password must give the session a new token")?;
        let token = token.access_token.expose_secret();
        rule(token != token_of(&own), "the token that takes the place of another one must differ from it")?;
        self.settle(&[token_of(&own), token_of(&other)], &[token]).await
    }

    async fn expired_tokens_stay_dead(&self) -> Result<(), Failure> {
        let pat = create(&self.one, "pat").await?;
        let login = log_in(&self.one, &pat, PASSWORD, "format").await?;
        self.clock.advance(ABSOLUTE);
        rule(!self.take(token_of(&login)).await?, "a token must end with its session")?;
        self.two.purge().run().await?;
        self.clock.set_back(ABSOLUTE);
        rule(!self.take(token_of(&login)).await?, "a token must not outlive its session, whatever a clock says")?;
        self.settle(&[token_of(&login)], &[]).await
    }

    async fn refresh_tokens_are_exchanged_once(&self) -> Result<(), Failure> {
        let sam = create(&self.one, "sam").await?;
        let first = log_in(&self.one, &sam, PASSWORD, "refreshing").await?;
        let exchange = |auth: &Auth, login: &Login| {
            let (auth, token) = (auth.clone(), login.token.refresh_token.clone());
            async move {
                let token = token.ok_or("a backend that refreshes must give a refresh token")?;
                let (tokens, client) = (auth.refresh_tokens(), Client::default());
                let exchanged = tokens.exchange(token.expose_secret(), Carried::InBody, &client);
                Ok::<Login, Failure>(exchanged.await?)
            }
        };
        let (one, two) = tokio::join!(exchange(&self.one, &first), exchange(&self.two, &first));
        let (one, two) = (one?, two?);
        for login in [&one, &two] {
            let found = whose(&self.two, token_of(login), "refreshing").await?;
            rule(found.is_some(), "an exchange must give a token that is good")?;
        }
        self.clock.advance(LATE);
        rule(exchange(&self.one, &first).await.is_err(), "a refresh token must be good once")?;
        for login in [&first, &one, &two] {
            let found = whose(&self.two, token_of(login), "refreshing").await?;
            rule(found.is_none(), "a refresh token that is used twice must end its session, with all its tokens")?;
        }
        Ok(())
    }

    /// Has the format's store forget what has ended, twice: that revives nothing, and ends nothing else.
    async fn settle(&self, dead: &[&str], live: &[&str]) -> Result<(), Failure> {
        for server in [&self.one, &self.two] {
            while server.mail().deliver_due().await? > 0 {}
            server.sessions().backend("format")?.examine().await?;
            for token in dead {
                rule(!self.take(token).await?, "a token that ended must stay dead, whatever its store forgets")?;
            }
            for token in live {
                rule(self.take(token).await?, "a store must forget nothing but what has ended")?;
            }
        }
        Ok(())
    }
}
