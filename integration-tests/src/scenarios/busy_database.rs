//! Scenarios of a database that others keep busy, that takes no writes, or that has few connections to give: 503 where
//! something cannot be done now, never a wrong answer, never a standstill (F-08 to F-11, CON-02, CON-03).

use std::time::Duration;

use auth_core::ErrorCode as E;
use auth_core::sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use auth_testkit::{Engine, Moment, Reaction};
use serde_json::json;

use crate::scenario::scenarios;
use crate::{App, Cx, PASSWORD, Request, Scenario, Setup, audit, race, samples};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    every_route_gets_by_with_one_connection,
    many_writers_of_every_kind_succeed: direct_only,
    a_locked_row_is_waited_for_no_longer_than_allowed: direct_only,
    deadlocks_are_tried_again: direct_only,
    serialisation_failures_are_tried_again: direct_only postgres_only,
    without_writes_reads_go_on: direct_only,
    an_exhausted_pool_is_no_dead_end: direct_only,
    a_slow_database_holds_nobody_for_ever: direct_only servers_only,
];

/// The answer of every route to a request that it takes, with one connection: a query that went past the transaction
/// would wait for a second one for ever.
async fn every_route_gets_by_with_one_connection(cx: Cx) {
    let app = cx.app_with(Setup::default().connections(1)).await;
    app.register("sample").await;
    for endpoint in app.table().endpoints() {
        let answer = samples::succeeding(&app, endpoint).await.send().await;
        // Nobody has mailed a link here: to be told so takes the same transaction.
        let refused = answer.code().ends_with("_BAD_TOKEN") || answer.code() == E::NoPublicKeys.as_str();
        assert!(answer.status.is_success() || refused, "{}: {}", endpoint.id, answer.text());
    }
    audit::tables(&app).await;
}

async fn many_writers_of_every_kind_succeed(cx: Cx) {
    const WRITERS: usize = 32;
    // SQLite has one writer at a time; the servers have only so many connections for all tests.
    let app = cx.app_with(Setup::default().connections(if cx.engine() == Engine::Sqlite { 32 } else { 8 })).await;
    let mut people = Vec::new();
    for n in 0..WRITERS {
        people.push(app.user(&format!("u{n}")).await);
    }
    let answers = race(WRITERS, |n| {
        let (app, who) = (app.clone(), people[n].clone());
        async move {
            for round in 0..4 {
                let request = match (n + round) % 4 {
                    0 => app.patch("/users/me").by(&who).json(json!({ "display_name": format!("n{n}") })),
                    1 => app.post("/auth/db/login").json(json!({ "username": who.email, "password": PASSWORD })),
                    2 => app.post("/auth/logout-all").by(&app.login(&who, "db").await).json(json!({})),
                    _ => app
                        .post("/auth/register")
                        .json(json!({ "email": format!("r{n}@example.org"), "password": PASSWORD })),
                };
                let answer = request.send().await;
                assert!(answer.status.is_success(), "{}: {}", answer.asked, answer.text());
            }
        }
    });
    answers.await;
    assert_eq!(app.user_count().await, 64);
    audit::tables(&app).await;
}

/// Makes the app's one connection wait for locks only so long.
async fn be_impatient(app: &App, engine: Engine) {
    let sql = match engine {
        Engine::Sqlite => "PRAGMA busy_timeout = 100",
        Engine::Postgres => "SET lock_timeout = '100ms'",
        Engine::Mariadb => "SET SESSION innodb_lock_wait_timeout = 1",
    };
    app.pool().execute_unprepared(sql).await.expect("a setting of the session");
}

/// A transaction that writes, and with it all locks that there are on SQLite.
async fn begin(db: &DatabaseConnection, engine: Engine) -> DatabaseTransaction {
    let sqlite_transaction_mode = (engine == Engine::Sqlite).then_some(SqliteTransactionMode::Immediate);
    let options = TransactionOptions { sqlite_transaction_mode, ..TransactionOptions::default() };
    db.begin_with_options(options).await.expect("a transaction")
}

async fn a_locked_row_is_waited_for_no_longer_than_allowed(cx: Cx) {
    let app = cx.app_with(Setup::default().connections(1)).await;
    let ada = app.user("ada").await;
    be_impatient(&app, cx.engine()).await;
    let holder = begin(app.db(), cx.engine()).await;
    let touch = format!("UPDATE authn_user SET display_name = display_name WHERE email = '{}'", ada.email);
    holder.execute_unprepared(&touch).await.expect("a lock");
    let writes = || -> [Request; 4] {
        [
            app.patch("/users/me").by(&ada).json(json!({ "display_name": "Ada" })),
            app.post("/auth/db/login").json(json!({ "username": ada.email, "password": PASSWORD })),
            app.post("/auth/logout-all").by(&ada).json(json!({ "everywhere": true })),
            app.delete("/users/me").by(&ada),
        ]
    };
    for write in writes() {
        write.send().await.fails(E::Overloaded);
        app.get("/users/me").by(&ada).send().await.is(200);
    }
    holder.rollback().await.expect("the end of the lock");
    for (write, status) in writes().into_iter().zip([200, 200, 204]) {
        write.send().await.is(status);
    }
    audit::tables(&app).await;
}

async fn deadlocks_are_tried_again(cx: Cx) {
    let app = cx.app().await;
    let people = [app.user("ada").await, app.user("grace").await];
    // Each locks the own row first, then everybody's: two of them wait for each other.
    let everybody = "UPDATE authn_user SET last_login_at = last_login_at + 1";
    app.hooks().react(Moment::UpdateUser, Reaction::Run(everybody.to_owned()));
    for round in 0..2 {
        let answers = race(4, |n| {
            let (app, who) = (app.clone(), people[n % 2].clone());
            let body = json!({ "display_name": format!("{round} {n}") });
            async move { app.patch("/users/me").by(&who).json(body).send().await }
        });
        for answer in answers.await {
            answer.is(200);
        }
    }
    audit::tables(&app).await;
}

async fn serialisation_failures_are_tried_again(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let name: String = app.rows("SELECT current_database()").await[0].try_get_by_index(0).expect("a name");
    app.execute(&format!("ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")).await;
    let strict = app.second_server().await;
    let answers = race(8, |n| {
        let (app, who) = (strict.clone(), ada.clone());
        let body = json!({ "email": format!("r{n}@example.org"), "password": PASSWORD });
        async move {
            app.post("/auth/register").json(body).send().await.is(201);
            app.try_login(&who.email, PASSWORD, "db").await.is(200)
        }
    });
    assert_eq!(answers.await.len(), 8);
    assert_eq!((app.user_count().await, app.session_count().await), (9, 8));
    audit::tables(&app).await;
}

async fn without_writes_reads_go_on(cx: Cx) {
    let app = cx.app_with(Setup::default().connections(1)).await;
    let (ada, root) = (app.user("ada").await, app.superuser("root").await);
    let (refuse, take) = match cx.engine() {
        Engine::Sqlite => ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
        Engine::Postgres => (
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
        ),
        Engine::Mariadb => ("SET SESSION TRANSACTION READ ONLY", "SET SESSION TRANSACTION READ WRITE"),
    };
    app.pool().execute_unprepared(refuse).await.expect("a setting of the session");
    // Long enough for the use of the session to be written down, were it possible.
    app.clock().advance(Duration::from_secs(90));
    for (path, who) in [("/users/me", &ada), ("/auth/sessions", &ada), ("/auth/me/activity", &ada), ("/users", &root)] {
        app.get(path).by(who).send().await.is(200);
    }
    let new = json!({ "email": "grace@example.org", "password": PASSWORD });
    for write in [
        app.post("/auth/register").json(new.clone()),
        app.post("/auth/db/login").json(json!({ "username": ada.email, "password": PASSWORD })),
        app.post("/auth/db/logout").by(&ada),
        app.post("/auth/logout-all").by(&ada).json(json!({ "everywhere": true })),
        app.patch("/users/me").by(&ada).json(json!({ "display_name": "Ada" })),
        app.delete("/users/me").by(&ada),
        app.delete(&ada.path()).by(&root),
        // It leaves an event.
        app.get("/users/me/export").by(&ada),
    ] {
        // A logout that did not happen is not claimed.
        write.send().await.fails(E::Overloaded);
    }
    app.get("/users/me").by(&ada).send().await.is(200);
    app.pool().execute_unprepared(take).await.expect("a setting of the session");
    app.post("/auth/register").json(new).send().await.is(201);
    app.post("/auth/db/logout").by(&ada).send().await.is(204);
    app.get("/users/me").by(&ada).send().await.fails(E::Unauthorized);
    audit::tables(&app).await;
}

async fn an_exhausted_pool_is_no_dead_end(cx: Cx) {
    let app = cx.app_with(Setup::default().connections(1)).await;
    let ada = app.user("ada").await;
    let holder = app.pool().begin().await.expect("the only connection");
    let answers = race(16, |_| {
        let (app, who) = (app.clone(), ada.clone());
        async move { app.get("/users/me").by(&who).send().await }
    });
    for answer in answers.await {
        answer.fails(E::Overloaded);
    }
    holder.rollback().await.expect("the end of a transaction");
    app.get("/users/me").by(&ada).send().await.is(200);
}

/// F-08: each packet takes its time, and there are more requests than connections.
async fn a_slow_database_holds_nobody_for_ever(cx: Cx) {
    let app = cx.app().await;
    let proxy = app.proxy().await;
    let slow = app.server_with(Setup::default().connections(2).proxy(&proxy)).await;
    let ada = app.user("ada").await;
    let ask = |n: usize| {
        let request = match n % 3 {
            0 => slow.get("/users/me").by(&ada),
            1 => slow.post("/auth/db/login").json(json!({ "username": ada.email, "password": PASSWORD })),
            _ => slow.patch("/users/me").by(&ada).json(json!({ "display_name": format!("n{n}") })),
        };
        async move { request.send().await }
    };
    proxy.delay(Duration::from_millis(200));
    for answer in race(24, ask).await {
        if answer.status != 200 {
            answer.fails(E::Overloaded);
        }
    }
    proxy.open();
    for answer in race(24, ask).await {
        answer.is(200);
    }
    assert_eq!((slow.auth().hasher().running(), slow.auth().hasher().waiting()), (0, 0));
    app.get("/users/me").by(&ada).send().await.is(200);
    audit::tables(&app).await;
}
