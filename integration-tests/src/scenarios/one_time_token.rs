//! Scenarios of what every single-use token rests on: one effect at the most, over all servers and retries, for the
//! purpose, the bearer and the account that it was made for (I1, CON-01, CON-04).

use std::time::Duration;

use auth_core::email_change::{CONFIRM, REVERT};
use auth_core::invitation::INVITE;
use auth_core::magic_link::LOGIN;
use auth_core::one_time::{Consumed, Family, Issue, Purpose};
use auth_core::password_reset::RESET;
use auth_core::registration::REGISTER;
use auth_core::sea_orm::{
    ConnectionTrait, DatabaseTransaction, IsolationLevel, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use auth_core::verification::VERIFY;
use auth_core::{Client, Result, User};
use auth_testkit::Engine;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Scenario, audit, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_crowd_gets_one_effect: direct_only,
    strict_transactions_get_one_effect_too: direct_only servers_only,
    what_is_rolled_back_is_left_for_the_next: direct_only,
    no_token_serves_another_purpose: direct_only,
    another_spelling_is_another_token: direct_only,
    a_bound_token_needs_its_binding: direct_only,
    a_token_dies_with_what_it_was_issued_for: direct_only,
    a_used_token_stays_used: direct_only,
    nobody_ends_the_link_of_somebody_else: direct_only,
    the_first_of_siblings_ends_the_others: direct_only,
    a_crowd_finds_seats_for_nine: direct_only,
];

const PURPOSES: [Purpose; 7] = [VERIFY, RESET, LOGIN, CONFIRM, REVERT, REGISTER, INVITE];

const MINUTE: Duration = Duration::from_secs(60);

/// More consumers than any pool has connections.
const CROWD: usize = 32;

async fn begin(app: &App, engine: Engine, isolation_level: Option<IsolationLevel>) -> DatabaseTransaction {
    let sqlite_transaction_mode = (engine == Engine::Sqlite).then_some(SqliteTransactionMode::Immediate);
    let options = TransactionOptions { sqlite_transaction_mode, isolation_level, ..TransactionOptions::default() };
    app.pool().begin_with_options(options).await.expect("a transaction")
}

fn plain(purpose: Purpose) -> Issue<'static> {
    Issue::new(purpose, MINUTE)
}

async fn issue(app: &App, engine: Engine, issue: Issue<'_>) -> String {
    let tx = begin(app, engine, None).await;
    let token = app.auth().one_time_tokens().issue(&tx, issue).await.expect("a token");
    tx.commit().await.expect("a commit");
    token.expose_secret().to_owned()
}

/// Redeems a token with an effect: a row that names who got it.
async fn redeem(
    app: &App,
    engine: Engine,
    isolation: Option<IsolationLevel>,
    (purpose, token, binding): (Purpose, &str, Option<&str>),
) -> Result<Option<Consumed>> {
    let tx = begin(app, engine, isolation).await;
    let consumed = app.auth().one_time_tokens().consume(&tx, purpose, token, binding).await;
    if !matches!(consumed, Ok(Some(_))) {
        tx.rollback().await?;
        return consumed;
    }
    tx.execute_unprepared("INSERT INTO effect (n) VALUES (1)").await?;
    tx.commit().await?;
    consumed
}

async fn try_redeem(app: &App, cx: &Cx, purpose: Purpose, token: &str, binding: Option<&str>) -> bool {
    redeem(app, cx.engine(), None, (purpose, token, binding)).await.expect("an answer").is_some()
}

/// An app with a table for effects.
async fn app(cx: &Cx) -> App {
    let app = cx.app().await;
    app.execute("CREATE TABLE effect (n INTEGER NOT NULL)").await;
    app
}

async fn crowd(servers: &[App; 2], engine: Engine, isolation: Option<IsolationLevel>, purpose: Purpose) {
    let token = issue(&servers[0], engine, plain(purpose)).await;
    let before = servers[0].count("effect").await;
    let redeemed = race(CROWD, |n| {
        let (server, token) = (servers[n % 2].clone(), token.clone());
        async move { redeem(&server, engine, isolation, (purpose, &token, None)).await }
    });
    let redeemed = redeemed.await;
    let winners = redeemed.iter().filter(|result| matches!(result, Ok(Some(_)))).count();
    assert_eq!((winners, servers[0].count("effect").await - before), (1, 1), "{purpose:?} {isolation:?}");
    // Who loses is told so; a strict database may also have aborted it.
    assert!(isolation.is_some() || redeemed.iter().all(Result::is_ok), "{redeemed:?}");
}

async fn a_crowd_gets_one_effect(cx: Cx) {
    let app = app(&cx).await;
    let servers = [app.clone(), app.second_server().await];
    for purpose in PURPOSES {
        crowd(&servers, cx.engine(), None, purpose).await;
    }
}

async fn strict_transactions_get_one_effect_too(cx: Cx) {
    let app = app(&cx).await;
    let servers = [app.clone(), app.second_server().await];
    for isolation in [IsolationLevel::ReadCommitted, IsolationLevel::RepeatableRead, IsolationLevel::Serializable] {
        crowd(&servers, cx.engine(), Some(isolation), INVITE).await;
    }
}

async fn what_is_rolled_back_is_left_for_the_next(cx: Cx) {
    let app = app(&cx).await;
    let servers = [app.clone(), app.second_server().await];
    let token = issue(&app, cx.engine(), plain(INVITE)).await;
    // The first to have it fails at its effect, with the others in wait for its row.
    let first = begin(&app, cx.engine(), None).await;
    let consumed = app.auth().one_time_tokens().consume(&first, INVITE, &token, None).await;
    assert!(consumed.expect("an answer").is_some());
    first.execute_unprepared("INSERT INTO effect (n) VALUES (NULL)").await.expect_err("no such effect");
    let others = tokio::spawn({
        let (servers, token, engine) = (servers.clone(), token.clone(), cx.engine());
        async move {
            race(8, |n| {
                let (server, token) = (servers[n % 2].clone(), token.clone());
                async move { redeem(&server, engine, None, (INVITE, &token, None)).await.expect("an answer") }
            })
            .await
        }
    });
    first.rollback().await.expect("a rollback");
    let others = others.await.expect("no panic");
    assert_eq!(others.into_iter().flatten().count(), 1);
    assert_eq!(app.count("effect").await, 1);
    // A transaction that is dropped, as with a request that was given up, is rolled back too.
    let token = issue(&app, cx.engine(), plain(INVITE)).await;
    let dropped = begin(&app, cx.engine(), None).await;
    let consumed = app.auth().one_time_tokens().consume(&dropped, INVITE, &token, None).await;
    assert!(consumed.expect("an answer").is_some());
    drop(dropped);
    assert!(try_redeem(&servers[1], &cx, INVITE, &token, None).await);
    assert!(!try_redeem(&app, &cx, INVITE, &token, None).await);
}

/// CVE-2026-110862, CVE-2026-114607.
async fn no_token_serves_another_purpose(cx: Cx) {
    let app = app(&cx).await;
    for purpose in PURPOSES {
        let token = issue(&app, cx.engine(), plain(purpose)).await;
        for other in PURPOSES.into_iter().filter(|other| *other != purpose) {
            let body = &token[4..];
            // Not by itself, and not in the other's clothes.
            let foreign = issue(&app, cx.engine(), plain(other)).await;
            for spelling in [token.clone(), body.to_owned(), format!("{}{body}", &foreign[..4])] {
                assert!(!try_redeem(&app, &cx, other, &spelling, None).await, "{purpose:?} as {other:?}");
            }
        }
        assert!(try_redeem(&app, &cx, purpose, &token, None).await, "{purpose:?}");
    }
}

async fn another_spelling_is_another_token(cx: Cx) {
    let app = app(&cx).await;
    let token = issue(&app, cx.engine(), plain(VERIFY)).await;
    let accented: String = token.chars().map(|c| if c == 'a' || c == 'A' { 'ä' } else { c }).collect();
    let spellings = [
        token.to_uppercase(),
        token.to_lowercase(),
        format!("{token} "),
        format!(" {token}"),
        format!("{token}\0"),
        format!("{token}%"),
        format!("{token}' OR '1'='1"),
        token[..token.len() - 1].to_owned(),
        format!("{}_", &token[..token.len() - 1]),
        format!("{accented}ä"),
        "%".to_owned(),
        "_".repeat(token.len()),
        "a".repeat(100_000),
        String::new(),
    ];
    for spelling in spellings.iter().filter(|spelling| **spelling != token) {
        assert!(!try_redeem(&app, &cx, VERIFY, spelling, None).await, "{spelling:?}");
    }
    assert!(try_redeem(&app, &cx, VERIFY, &token, None).await);
}

async fn a_bound_token_needs_its_binding(cx: Cx) {
    let app = app(&cx).await;
    let bound = Issue { binding: Some("flow-cookie"), ..plain(INVITE) };
    let token = issue(&app, cx.engine(), bound).await;
    for binding in [None, Some(""), Some("Flow-Cookie"), Some("flow-cookie "), Some("another")] {
        assert!(!try_redeem(&app, &cx, INVITE, &token, binding).await, "{binding:?}");
    }
    assert!(try_redeem(&app, &cx, INVITE, &token, Some("flow-cookie")).await);
    let free = issue(&app, cx.engine(), plain(INVITE)).await;
    assert!(try_redeem(&app, &cx, INVITE, &free, Some("flow-cookie")).await, "more than was asked for");
}

async fn account(app: &App, who: &Login) -> User {
    app.auth().admin().get(who.id).await.expect("an account")
}

async fn a_token_dies_with_what_it_was_issued_for(cx: Cx) {
    let app = app(&cx).await;
    let new = json!({ "password": "violet-Harbour-57-lamp", "current_password": PASSWORD });
    for (name, lives) in
        [("nothing", true), ("name", true), ("password", false), ("logout", false), ("off", false), ("gone", false)]
    {
        let who = app.user(name).await;
        let user = account(&app, &who).await;
        let token = issue(&app, cx.engine(), Issue { user: Some(&user), ..plain(INVITE) }).await;
        let stranger = app.user(&format!("{name}-s")).await;
        let stranger = account(&app, &stranger).await;
        let other = issue(&app, cx.engine(), Issue { user: Some(&stranger), ..plain(INVITE) }).await;
        let request = match name {
            "name" => Some(app.patch("/users/me").by(&who).json(json!({ "display_name": "Ada" }))),
            "password" => Some(app.patch("/users/me").by(&who).json(new.clone())),
            "logout" => Some(app.post("/auth/logout-all").by(&who).json(json!({ "everywhere": true }))),
            "off" => {
                let root = app.superuser("root").await;
                Some(app.patch(&who.path()).by(&root).json(json!({ "is_active": false })))
            }
            "gone" => Some(app.delete("/users/me").by(&who)),
            _ => None,
        };
        if let Some(request) = request {
            assert!(request.send().await.status.is_success(), "{name}");
        }
        let consumed = redeem(&app, cx.engine(), None, (INVITE, &token, None)).await.expect("an answer");
        assert_eq!(consumed.map(|consumed| consumed.user_id), lives.then_some(Some(who.id)), "{name}");
        let consumed = redeem(&app, cx.engine(), None, (INVITE, &other, None)).await.expect("an answer");
        assert_eq!(consumed.and_then(|consumed| consumed.user_id), Some(stranger.id), "{name}: a stranger's token");
    }
    // One that was made from what somebody read before the change is dead from its beginning.
    let who = app.user("stale").await;
    let stale = account(&app, &who).await;
    app.post("/auth/logout-all").by(&who).json(json!({ "everywhere": true })).send().await.is(204);
    let token = issue(&app, cx.engine(), Issue { user: Some(&stale), ..plain(INVITE) }).await;
    assert!(!try_redeem(&app, &cx, INVITE, &token, None).await);
    audit::tables(&app).await;
}

async fn a_used_token_stays_used(cx: Cx) {
    let app = app(&cx).await;
    let [token, late, never] = [MINUTE, MINUTE, Duration::ZERO].map(|lifetime| Issue { lifetime, ..plain(INVITE) });
    let token = issue(&app, cx.engine(), token).await;
    let late = issue(&app, cx.engine(), late).await;
    let never = issue(&app, cx.engine(), never).await;
    app.clock().advance(MINUTE - Duration::from_millis(1));
    assert!(try_redeem(&app, &cx, INVITE, &token, None).await, "to the last moment");
    app.clock().advance(Duration::from_millis(1));
    for token in [&token, &late, &never] {
        assert!(!try_redeem(&app, &cx, INVITE, token, None).await);
    }
    // Nothing that was used comes back with an earlier time.
    for back in [Duration::from_secs(1), Duration::from_secs(3600), Duration::from_secs(10 * 365 * 86_400)] {
        app.clock().set_back(back);
        assert!(!try_redeem(&app, &cx, INVITE, &token, None).await);
    }
    // A life that no calendar holds is an error, and no panic.
    let tx = begin(&app, cx.engine(), None).await;
    let endless = Issue { lifetime: Duration::MAX, ..plain(INVITE) };
    app.auth().one_time_tokens().issue(&tx, endless).await.expect_err("no such date");
    tx.rollback().await.expect("a rollback");
}

/// A client of the network with this number.
fn network(n: u8) -> Client {
    Client::new(Some([192, 0, 2, n].into()), None)
}

async fn sibling(app: &App, engine: Engine, client: &Client) -> String {
    issue(app, engine, Issue { family: Some(Family::new("ada@example.org", client)), ..plain(RESET) }).await
}

async fn live(app: &App, tokens: &[String]) -> Vec<bool> {
    let mut live = Vec::new();
    for token in tokens {
        live.push(app.auth().one_time_tokens().peek(RESET, token, None).await.expect("an answer").is_some());
    }
    live
}

/// RST-12: three links for each network, nine in all.
async fn nobody_ends_the_link_of_somebody_else(cx: Cx) {
    let app = app(&cx).await;
    let mut tokens = vec![sibling(&app, cx.engine(), &network(1)).await];
    // Another network asks again and again, and loses but its own.
    for _ in 0..6 {
        app.clock().advance(Duration::from_millis(1));
        tokens.push(sibling(&app, cx.engine(), &network(2)).await);
    }
    assert_eq!(live(&app, &tokens).await, [true, false, false, false, true, true, true]);
    // Those of another address do not count.
    let client = network(2);
    let family = Some(Family::new("bea@example.org", &client));
    let other = issue(&app, cx.engine(), Issue { family, ..plain(RESET) }).await;
    // Nine are enough: the oldest of a network that has most leaves.
    for n in [3, 3, 3, 4, 4, 5] {
        app.clock().advance(Duration::from_millis(1));
        tokens.push(sibling(&app, cx.engine(), &network(n)).await);
    }
    assert_eq!(live(&app, &tokens).await.into_iter().filter(|live| *live).count(), 9);
    assert_eq!(live(&app, &tokens[..1]).await, [true], "a network with one keeps it");
    assert_eq!(live(&app, &[other]).await, [true]);
    assert_eq!(app.count("authn_one_time_token WHERE kind = 'reset_password'").await, 10);
    // Dead ones make room.
    app.clock().advance(MINUTE);
    for n in 1..=9 {
        tokens.push(sibling(&app, cx.engine(), &network(n)).await);
    }
    assert_eq!(live(&app, &tokens[tokens.len() - 9..]).await, [true; 9]);
}

async fn the_first_of_siblings_ends_the_others(cx: Cx) {
    let app = app(&cx).await;
    let servers = [app.clone(), app.second_server().await];
    for round in 0..4 {
        let mut tokens = Vec::new();
        for n in 0..3 {
            tokens.push(sibling(&app, cx.engine(), &network(n)).await);
        }
        let before = app.count("effect").await;
        let redeemed = race(12, |n| {
            let (server, token, engine) = (servers[n % 2].clone(), tokens[n % 3].clone(), cx.engine());
            async move { redeem(&server, engine, None, (RESET, &token, None)).await.expect("an answer") }
        });
        redeemed.await;
        assert_eq!(app.count("effect").await - before, 1, "round {round}");
        assert_eq!(live(&app, &tokens).await, [false; 3]);
    }
}

async fn a_crowd_finds_seats_for_nine(cx: Cx) {
    let app = app(&cx).await;
    let servers = [app.clone(), app.second_server().await];
    let issued = race(16, |n| {
        let (server, client) = (servers[n % 2].clone(), network(u8::try_from(n).expect("a small number") % 8));
        async move {
            let (tokens, family) = (server.auth().one_time_tokens(), Some(Family::new("ada@example.org", &client)));
            let issued = server
                .auth()
                .kernel()
                .effect(&client, |effect| async move { tokens.issue(&effect, Issue { family, ..plain(RESET) }).await });
            issued.await.expect("a token").expose_secret().to_owned()
        }
    });
    let tokens = issued.await;
    assert_eq!(app.count("authn_one_time_token").await, 9);
    assert_eq!(live(&app, &tokens).await.into_iter().filter(|live| *live).count(), 9);
}
