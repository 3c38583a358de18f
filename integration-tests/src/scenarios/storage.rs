//! Scenarios of what lies below every feature: transactions, migrations, tokens that are redeemed once.

use std::collections::BTreeMap;
use std::time::Duration;

use auth_core::account::MAX_DISPLAY_NAME;
use auth_core::one_time::{Issue, Purpose};
use auth_core::password_reset::RESET;
use auth_core::sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use auth_core::verification::VERIFY;
use auth_testkit::Engine;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Scenario, Setup, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    one_connection_is_enough,
    parallel_writers_all_succeed,
    migrations_can_run_again_and_at_once,
    a_single_use_token_is_redeemed_once: direct_only,
    a_single_use_token_is_bound: direct_only,
    every_text_fits_its_column: direct_only,
];

async fn one_connection_is_enough(cx: Cx) {
    let app = cx.app_with(Setup::default().connections(1)).await;
    let answers = super::parity::life(&app).await;
    assert!(answers.iter().all(|answer| !answer.status.is_server_error()));
    let names = race(8, |n| {
        let app = app.clone();
        async move { app.user(&format!("u{n}")).await }
    });
    assert_eq!(names.await.len(), 8, "nobody waits for a second connection that never comes");
}

async fn parallel_writers_all_succeed(cx: Cx) {
    let app = cx.app().await;
    let servers = [app.clone(), app.second_server().await];
    let answers = race(32, |n| {
        let server = servers[n % 2].clone();
        let body = json!({ "email": format!("u{n}@example.org"), "password": PASSWORD });
        async move { server.post("/auth/register").json(body).send().await.is(201) }
    });
    answers.await;
    assert_eq!(app.user_count().await, 32);
}

async fn migrations_can_run_again_and_at_once(cx: Cx) {
    let app = cx.app().await;
    let second = app.second_server().await;
    let ada = app.user("ada").await;
    let pools = [app.pool().clone(), second.pool().clone()];
    let migrated = race(4, |n| {
        let pool = pools[n % 2].clone();
        async move { auth_migration::migrate(&pool).await }
    });
    for result in migrated.await {
        result.expect("nothing is left to do");
    }
    app.get("/users/me").by(&ada).send().await.is(200);
}

async fn begin(app: &App) -> DatabaseTransaction {
    let sqlite = app.pool().get_database_backend() == DbBackend::Sqlite;
    let sqlite_transaction_mode = sqlite.then_some(SqliteTransactionMode::Immediate);
    let options = TransactionOptions { sqlite_transaction_mode, ..TransactionOptions::default() };
    app.pool().begin_with_options(options).await.expect("a transaction")
}

async fn issue(app: &App, binding: Option<&str>) -> String {
    let tx = begin(app).await;
    let lifetime = Duration::from_secs(60);
    let issue = Issue { binding, data: Some(json!({ "a": 1 })), ..Issue::new(RESET, lifetime) };
    let token = app.auth().one_time_tokens().issue(&tx, issue).await.expect("a token");
    tx.commit().await.expect("a commit");
    token.expose_secret().to_owned()
}

async fn consume(app: &App, purpose: Purpose, token: &str, binding: Option<&str>) -> bool {
    let tx = begin(app).await;
    let consumed = app.auth().one_time_tokens().consume(&tx, purpose, token, binding).await.expect("an answer");
    tx.commit().await.expect("a commit");
    consumed.is_some_and(|consumed| consumed.data == Some(json!({ "a": 1 })))
}

async fn a_single_use_token_is_redeemed_once(cx: Cx) {
    let app = cx.app().await;
    let servers = [app.clone(), app.second_server().await];
    for _ in 0..4 {
        let token = issue(&app, None).await;
        let redeemed = race(16, |n| {
            let (server, token) = (servers[n % 2].clone(), token.clone());
            async move { consume(&server, RESET, &token, None).await }
        });
        assert_eq!(redeemed.await.into_iter().filter(|redeemed| *redeemed).count(), 1);
    }
    // What is rolled back can be redeemed again.
    let token = issue(&app, None).await;
    let tx = begin(&app).await;
    let tokens = app.auth().one_time_tokens();
    assert!(tokens.consume(&tx, RESET, &token, None).await.expect("an answer").is_some());
    tx.rollback().await.expect("a rollback");
    assert!(consume(&app, RESET, &token, None).await);
}

async fn a_single_use_token_is_bound(cx: Cx) {
    let app = cx.app().await;
    let token = issue(&app, Some("cookie")).await;
    assert_eq!((&token[..4], token.len()), ("rst_", 47));
    for (purpose, text, binding) in [
        (VERIFY, token.as_str(), Some("cookie")),
        (RESET, token.as_str(), Some("other")),
        (RESET, token.as_str(), None),
        (RESET, &token[4..], Some("cookie")),
        (RESET, "", Some("cookie")),
    ] {
        assert!(!consume(&app, purpose, text, binding).await, "{purpose:?} {binding:?}");
    }
    app.clock().advance(Duration::from_secs(60));
    assert!(!consume(&app, RESET, &token, Some("cookie")).await, "expired to the second");
    app.clock().set_back(Duration::from_millis(1));
    assert!(consume(&app, RESET, &token, Some("cookie")).await);
}

/// The columns of texts, and the most characters that the library puts into each: MySQL cuts longer ones without a word where
/// `sql_mode` is not strict.
const LONGEST: [(&str, usize); 24] = [
    // `Email`: the limit of SMTP, and nothing grows when it is folded.
    ("authn_user.email", 254),
    ("authn_address.email_key", 254),
    // `Username`, which is ASCII.
    ("authn_user.username", 32),
    ("authn_user.username_key", 32),
    ("authn_user.display_name", MAX_DISPLAY_NAME),
    // Imported hashes have a limit of their own; those of Argon2 are shorter.
    ("authn_user.password_hash", 512),
    // `Language`.
    ("authn_user.locale", 35),
    // `RoleName`, which is ASCII.
    ("authn_role.name", 64),
    ("authn_user_role.role", 64),
    // The builder refuses longer names.
    ("authn_session.backend", 32),
    ("authn_one_time_token.kind", 32),
    // An address of IPv6, and what `Client` keeps of a user agent.
    ("authn_session.ip", 45),
    ("authn_event.ip", 45),
    ("authn_session.user_agent", 256),
    ("authn_device.user_agent", 256),
    ("authn_event.user_agent", 256),
    // `EdDSA` or `ES256`.
    ("authn_signing_key.algorithm", 5),
    // Constants. PostgreSQL refuses one that is too long, in the scenario that writes it.
    ("authn_address.realm", 64),
    ("authn_user.realm", 64),
    ("authn_limit.realm", 64),
    ("authn_session.amr", 64),
    ("authn_device.kind", 16),
    ("authn_event.name", 48),
    ("authn_meta.name", 64),
];

async fn every_text_fits_its_column(cx: Cx) {
    let app = cx.app_with(Setup::default().connections(1)).await;
    let schema = match cx.engine() {
        // Its columns have no width.
        Engine::Sqlite => None,
        Engine::Postgres => Some("current_schema()"),
        Engine::Mariadb => Some("DATABASE()"),
    };
    if let Some(schema) = schema {
        let query = format!(
            "SELECT CONCAT(table_name, '.', column_name, ' ', character_maximum_length) FROM information_schema.columns \
             WHERE table_schema = {schema} AND data_type IN ('varchar', 'character varying') \
             AND table_name <> 'authn_migrations'"
        );
        let mut widths = BTreeMap::new();
        for row in app.rows(&query).await {
            let column: String = row.try_get_by_index(0).expect("a text");
            let (name, width) = column.split_once(' ').expect("a column and its width");
            widths.insert(name.to_owned(), width.parse::<usize>().expect("a number"));
        }
        for (column, longest) in LONGEST {
            let width = widths.remove(column).unwrap_or_else(|| panic!("{column} is not a column"));
            assert!(longest <= width, "{column} has {width} characters of {longest}");
        }
        assert!(widths.is_empty(), "say how long these can be: {widths:?}");
    }
    if cx.engine() == Engine::Mariadb {
        app.pool().execute_unprepared("SET SESSION sql_mode = ''").await.expect("a setting");
    }
    let email = format!("{}@{}.example.org", "a".repeat(64), [63, 63, 49].map(|length| "b".repeat(length)).join("."));
    let (username, name) = ("c".repeat(32), "\u{1f389}".repeat(MAX_DISPLAY_NAME));
    let body = json!({ "email": email, "password": PASSWORD, "username": username, "display_name": name });
    assert_eq!(email.len(), 254);
    let account = app.post("/auth/register").json(body).send().await.is(201).json();
    let body = json!({ "username": email, "password": PASSWORD });
    let login = app.post("/auth/db/login").header("user-agent", "d".repeat(300)).json(body);
    let ada = Login::new(&account).with(&login.send().await.is(200));
    let me = app.get("/users/me").by(&ada).send().await.is(200).json();
    assert_eq!((&me["email"], &me["username"], &me["display_name"]), (&json!(email), &json!(username), &json!(name)));
    let sessions = app.get("/auth/sessions").by(&ada).send().await.is(200).json();
    assert_eq!(sessions["sessions"][0]["user_agent"], json!("d".repeat(256)), "{sessions}");
}
