//! Scenarios of a database whose connections break: every answer is the truth or 503, nothing is left half done, and the
//! app recovers by itself (F-05, F-06, F-07).

use std::time::Duration;

use auth_core::ErrorCode as E;
use auth_core::sea_orm::ConnectionTrait;
use auth_testkit::{Cut, Engine, Proxy};
use http::Method;
use serde_json::json;

use crate::mails::RESET_PASSWORD;
use crate::scenario::scenarios;
use crate::{Answer, App, Cx, Login, PASSWORD, Request, Scenario, Setup, audit, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_cut_at_any_packet_leaves_nothing_half_done: direct_only servers_only,
    a_retry_tells_whether_a_token_was_used: direct_only servers_only,
    killed_connections_are_replaced: servers_only,
    a_database_that_falls_silent_is_given_up: direct_only postgres_only,
    the_app_recovers_when_its_database_returns: servers_only,
];

const NEW_PASSWORD: &str = "violet-Harbour-57-lamp";

/// The one that a client sends who asks again.
const RETRIED_PASSWORD: &str = "saddle-Pepper-36-window";

/// More packets than any request needs, its connection included.
const MANY: usize = 60;

/// A change to try, and what tells afterwards whether it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Register,
    Login,
    Password,
    LogoutAll,
    Delete,
}

impl Change {
    const ALL: [Self; 5] = [Self::Register, Self::Login, Self::Password, Self::LogoutAll, Self::Delete];

    fn request(self, app: &App, who: &Login) -> Request {
        match self {
            Self::Register => app.post("/auth/register").json(json!({ "email": who.email, "password": PASSWORD })),
            Self::Login => app.post("/auth/db/login").json(json!({ "username": who.email, "password": PASSWORD })),
            Self::Password => {
                app.patch("/users/me").by(who).json(json!({ "password": NEW_PASSWORD, "current_password": PASSWORD }))
            }
            Self::LogoutAll => app.post("/auth/logout-all").by(who).json(json!({ "everywhere": true })),
            Self::Delete => app.delete("/users/me").by(who),
        }
    }

    /// Whether the change was made, wholly or not at all: a reader sees one of two states.
    async fn was_made(self, app: &App, who: &Login, other: &Login) -> bool {
        let alive = async |login: &Login| app.get("/users/me").by(login).send().await.status == 200;
        let opens = async |password: &str| {
            // A machine that is busy with other tests may ask to come again, which says nothing about the change.
            for _ in 0..MANY {
                match app.try_login(&who.email, password, "db").await.status.as_u16() {
                    503 => tokio::time::sleep(Duration::from_millis(100)).await,
                    status => return status == 200,
                }
            }
            panic!("nobody could log in");
        };
        let id = format!("SELECT id FROM authn_user WHERE email = '{}'", who.email);
        let sessions = format!("authn_session WHERE user_id = ({id})");
        let (here, there) = (alive(who).await, alive(other).await);
        let (old, new) = (opens(PASSWORD).await, opens(NEW_PASSWORD).await);
        match (self, here, there, old, new) {
            // A session whose token nobody got is not a difference that anybody sees.
            (Self::Login, true, true, true, false) => app.count(&sessions).await == 4, // two from before, one to look
            (Self::Register, _, _, made, false) => made,
            // One's own session goes on with the token that came with the answer.
            (Self::Password, false, false, false, true) => true,
            (Self::LogoutAll, false, false, true, false) => true,
            (Self::Delete, false, false, false, false) => true,
            (_, true, true, true, false) => false,
            seen => panic!("neither made nor not: {seen:?}"),
        }
    }
}

async fn a_cut_at_any_packet_leaves_nothing_half_done(cx: Cx) {
    let app = cx.app().await;
    let proxy = app.proxy().await;
    let shaky = app.server_with(Setup::default().connections(1).proxy(&proxy)).await;
    for change in Change::ALL {
        for cut in [Cut::BeforePacket, Cut::BeforeAnswer] {
            let mut outcomes = Vec::new();
            while outcomes.last() != Some(&Outcome::Whole) {
                assert!(outcomes.len() < MANY, "{change:?} never got through: {outcomes:?}");
                outcomes.push(attempt(&app, &shaky, &proxy, change, (outcomes.len(), cut)).await);
            }
            assert!(outcomes.contains(&Outcome::Refused), "{change:?}: {outcomes:?}");
            // The answer to the commit was among those that were lost.
            let unknown = outcomes.contains(&Outcome::MadeUnseen);
            assert_eq!(unknown, cut == Cut::BeforeAnswer, "{change:?}: {outcomes:?}");
        }
    }
    audit::tables(&app).await;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The cut came too late to matter.
    Whole,
    Acknowledged,
    Refused,
    /// The client was told to come again, and the change was made.
    MadeUnseen,
}

/// Tries a change once, with a cut.
async fn attempt(app: &App, shaky: &App, proxy: &Proxy, change: Change, (packets, cut): (usize, Cut)) -> Outcome {
    let name = format!("{change:?}-{cut:?}-{packets}").to_lowercase();
    let (who, other) = match change {
        Change::Register => {
            let nobody = Login::new(&json!({ "id": uuid::Uuid::max(), "email": format!("{name}@example.org") }));
            (nobody.clone(), nobody)
        }
        _ => {
            let who = app.register(&name).await;
            (app.login(&who, "db").await, app.login(&who, "cookie").await)
        }
    };
    proxy.cut_after(packets, cut);
    let answer = change.request(shaky, &who).send().await;
    let came = !proxy.is_waiting();
    proxy.open();
    let made = change.was_made(app, &who, &other).await;
    let outcome = match (answer.status.is_success(), made) {
        (true, true) if came => Outcome::Acknowledged,
        (true, true) => Outcome::Whole,
        (false, made) if came => {
            answer.fails(E::Overloaded);
            if made { Outcome::MadeUnseen } else { Outcome::Refused }
        }
        seen => panic!("{name}: {seen:?} {}", answer.text()),
    };
    recovers(shaky, 1).await;
    outcome
}

/// A token that is good once.
#[derive(Clone, Copy, Debug)]
enum Once {
    Refresh,
    Reset,
}

impl Once {
    async fn token(self, app: &App, name: &str) -> (Login, String) {
        let who = app.register(name).await;
        let token = match self {
            Self::Refresh => {
                let login = app.try_login(&who.email, PASSWORD, "jwt").await.is(200).json();
                login["refresh_token"].as_str().expect("a token").to_owned()
            }
            Self::Reset => {
                app.post("/auth/forgot-password").json(json!({ "email": who.email })).send().await.is(202);
                app.token_to(&who.email, RESET_PASSWORD).await
            }
        };
        (who, token)
    }

    async fn redeem(self, app: &App, token: &str, password: &str) -> Answer {
        match self {
            Self::Refresh => app.post("/auth/token/refresh").json(json!({ "refresh_token": token })).send().await,
            Self::Reset => {
                app.post("/auth/reset-password").json(json!({ "token": token, "password": password })).send().await
            }
        }
    }

    /// The client asks again, past the proxy; whether the first request, which was answered like this, had an effect.
    async fn was_used(self, app: &App, first: &Answer, (who, token): &(Login, String)) -> bool {
        let again = self.redeem(app, token, RETRIED_PASSWORD).await;
        match self {
            Self::Refresh => {
                // Whatever happened, there is one next token, and it is good.
                let next = again.is(200).json();
                let same = next["refresh_token"] == first.json()["refresh_token"];
                assert_eq!(first.status == 200, same);
                let next = next["refresh_token"].as_str().expect("a token").to_owned();
                self.redeem(app, &next, "").await.is(200);
                same
            }
            Self::Reset => {
                let opens = async |password: &str| app.try_login(&who.email, password, "db").await.status == 200;
                let passwords = [opens(PASSWORD).await, opens(NEW_PASSWORD).await, opens(RETRIED_PASSWORD).await];
                let made = again.status != 200;
                if made {
                    again.fails(E::ResetPasswordBadToken);
                }
                assert_eq!(passwords, [false, made, !made], "one link sets one password");
                made
            }
        }
    }
}

/// F-05 and I1: a token is good once, also for who cannot know whether it was used.
async fn a_retry_tells_whether_a_token_was_used(cx: Cx) {
    let app = cx.app().await;
    let proxy = app.proxy().await;
    let shaky = app.server_with(Setup::default().connections(1).proxy(&proxy)).await;
    for once in [Once::Refresh, Once::Reset] {
        for cut in [Cut::BeforePacket, Cut::BeforeAnswer] {
            let mut unseen = false;
            for packets in 0..MANY {
                let known = once.token(&app, &format!("{once:?}-{cut:?}-{packets}").to_lowercase()).await;
                proxy.cut_after(packets, cut);
                let first = once.redeem(&shaky, &known.1, NEW_PASSWORD).await;
                let came = !proxy.is_waiting();
                proxy.open();
                if first.status != 200 {
                    assert!(came, "{}", first.text());
                    first.clone().fails(E::Overloaded);
                }
                let used = once.was_used(&app, &first, &known).await;
                assert!(used || first.status != 200, "{once:?} {cut:?} {packets}");
                unseen |= used && first.status != 200;
                recovers(&shaky, 1).await;
                if !came {
                    break;
                }
                assert!(packets + 1 < MANY, "{once:?} never got through");
            }
            // An exchange that was made is repeated with the same answer, which looks like the first one.
            let expected = matches!((once, cut), (Once::Reset, Cut::BeforeAnswer));
            assert_eq!(unseen, expected, "{once:?} {cut:?}");
        }
    }
    audit::tables(&app).await;
}

/// Insists that the app answers as usual, but for once with each of so many connections that may be found broken.
async fn recovers(app: &App, connections: usize) {
    let mut broken = 0;
    for _ in 0..5 * connections {
        let answer = app.get("/users/me").bearer(&"A".repeat(43)).send().await;
        if answer.status == 503 {
            broken += 1;
        } else {
            answer.fails(E::Unauthorized);
        }
    }
    assert!(broken <= connections, "{broken} of {connections} connections");
}

/// Kills every connection to the database but the one that asks, and waits for the end of them.
async fn kill_all(app: &App, engine: Engine) {
    let (kill, id, others) = match engine {
        Engine::Postgres => (
            "SELECT pg_terminate_backend",
            "pid",
            "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
        ),
        _ => {
            ("KILL CONNECTION ", "id", "information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()")
        }
    };
    let list = format!("SELECT CAST({id} AS CHAR(20)) FROM {others}");
    let ids: Vec<String> =
        app.rows(&list).await.iter().map(|row| row.try_get_by_index(0).expect("a connection's id")).collect();
    for id in &ids {
        // It may have ended by itself meanwhile.
        let _ = app.db().execute_unprepared(&format!("{kill}({id})")).await;
    }
    while !ids.is_empty() && app.count(&format!("{others} AND {id} IN ({})", ids.join(","))).await > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// One of several requests, of several people.
async fn anything(app: &App, who: &Login, n: usize) -> (Answer, &'static [u16]) {
    let (request, good): (Request, &[u16]) = match n % 4 {
        0 => (app.get("/users/me").by(who), &[200]),
        1 => (Change::Login.request(app, who), &[200]),
        2 => (app.patch("/users/me").by(who).json(json!({ "display_name": format!("n{n}") })), &[200]),
        _ => {
            let body = json!({ "email": format!("new-{n}@example.org"), "password": PASSWORD });
            // An unknown outcome may have been a success.
            (app.post("/auth/register").json(body), &[201, 400])
        }
    };
    (request.send().await, good)
}

async fn killed_connections_are_replaced(cx: Cx) {
    let app = cx.app().await;
    let people = [app.user("ada").await, app.user("grace").await];
    for round in 0..6 {
        let killer = tokio::spawn({
            let (app, engine) = (app.clone(), cx.engine());
            async move { kill_all(&app, engine).await }
        });
        let answers = race(16, |n| {
            let (app, who) = (app.clone(), people[n % 2].clone());
            async move { anything(&app, &who, 100 * round + n).await }
        });
        for (answer, good) in answers.await {
            // A valid session is never called invalid.
            let status = answer.status.as_u16();
            assert!(good.contains(&status) || status == 503, "{}: {}", answer.asked, answer.text());
        }
        killer.await.expect("the killer did its work");
        kill_all(&app, cx.engine()).await;
        recovers(&app, 4).await;
    }
    for who in &people {
        app.get("/users/me").by(who).send().await.is(200);
        app.login(who, "db").await;
    }
    audit::tables(&app).await;
}

async fn a_database_that_falls_silent_is_given_up(cx: Cx) {
    let app = cx.app().await;
    let proxy = app.proxy().await;
    let shaky = app.server_with(Setup::default().proxy(&proxy)).await;
    let ada = shaky.user("ada").await;
    proxy.stall();
    let answers = race(8, |n| {
        let (app, who) = (shaky.clone(), ada.clone());
        async move { anything(&app, &who, n).await.0 }
    });
    for answer in answers.await {
        answer.fails(E::Overloaded);
    }
    shaky.get("/healthz").send().await.is(200);
    app.get("/users/me").by(&ada).send().await.is(200);
    proxy.open();
    // Every connection is there again, and so is every permit of the hasher.
    let answers = race(8, |n| {
        let (app, who) = (shaky.clone(), ada.clone());
        async move { anything(&app, &who, 100 + n).await }
    });
    for (answer, good) in answers.await {
        assert!(good.contains(&answer.status.as_u16()), "{}: {}", answer.asked, answer.text());
    }
    assert_eq!((shaky.auth().hasher().running(), shaky.auth().hasher().waiting()), (0, 0));
    audit::tables(&app).await;
}

async fn the_app_recovers_when_its_database_returns(cx: Cx) {
    let app = cx.app().await;
    let proxy = app.proxy().await;
    let shaky = app.server_with(Setup::default().proxy(&proxy)).await;
    let ada = shaky.user("ada").await;
    for _ in 0..3 {
        proxy.cut();
        for (method, path) in
            [(Method::GET, "/users/me"), (Method::GET, "/auth/sessions"), (Method::POST, "/auth/db/logout")]
        {
            let request = shaky.request(method, path).by(&ada);
            for _ in 0..4 {
                request.clone().send().await.fails(E::Overloaded);
            }
        }
        shaky.get("/healthz").send().await.is(200);
        proxy.open();
        shaky.get("/users/me").by(&ada).send().await.is(200);
        Change::Login.request(&shaky, &ada).send().await.is(200);
    }
}
