//! Scenarios of a stolen database: nothing that is in any table, in whatever spelling, opens anything (SES-02).

use std::collections::BTreeSet;
use std::time::Duration;

use auth_core::email_change::{CONFIRM, REVERT};
use auth_core::magic_link::LOGIN;
use auth_core::one_time::{Issue, Purpose};
use auth_core::password_reset::RESET;
use auth_core::registration::REGISTER;
use auth_core::sea_orm::{DatabaseTransaction, TransactionTrait};
use auth_core::session::Carried;
use auth_core::token::{JwtKeys, JwtOptions};
use auth_core::uuid::Uuid;
use auth_core::verification::VERIFY;
use auth_core::{Backend, Client, CookieOptions, RefreshOptions};
use auth_testkit::Engine;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use http::HeaderValue;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::key_pair::{OLD, P256, options};
use crate::scenario::scenarios;
use crate::{App, Cx, PASSWORD, Scenario, Setup, samples};

pub(super) const SCENARIOS: &[Scenario] =
    scenarios![nothing_in_the_tables_opens_anything: direct_only, no_kind_of_token_passes_for_another: direct_only];

const PURPOSES: [Purpose; 6] = [VERIFY, RESET, LOGIN, CONFIRM, REVERT, REGISTER];

/// One backend of each transport and format.
fn backends() -> Vec<Backend> {
    vec![
        Backend::cookie("cookie", CookieOptions { name: Some("auth".to_owned()), ..CookieOptions::default() }),
        Backend::bearer("jwt").jwt(Default::default()).refresh(RefreshOptions::default()),
        Backend::bearer("db"),
        Backend::bearer("eddsa").jwt(options(&OLD, &[&P256])),
        Backend::bearer("managed").jwt(JwtOptions { keys: JwtKeys::Managed, ..JwtOptions::default() }),
    ]
}

/// What somebody holds who did not have to steal it.
struct Tokens {
    sessions: Vec<String>,
    one_time: Vec<(Purpose, String)>,
    /// One that was exchanged a moment ago, and the next.
    refresh: [String; 2],
}

/// Every table and every column that there is, in words of the database's own catalogue.
async fn columns(app: &App, engine: Engine) -> Vec<(String, String)> {
    let sql = match engine {
        Engine::Sqlite => {
            "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
        }
        Engine::Postgres => {
            "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = current_schema()"
        }
        Engine::Mariadb => {
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
        }
    };
    let text = |row: &auth_core::sea_orm::QueryResult, index| row.try_get_by_index::<String>(index).expect("a name");
    app.rows(sql).await.iter().map(|row| (text(row, 0), text(row, 1))).collect()
}

/// What is in all columns, as bytes: text in UTF-8, everything else as the database writes or keeps it.
pub(super) async fn dump(app: &App, engine: Engine) -> BTreeSet<Vec<u8>> {
    let mut values = BTreeSet::new();
    for (table, column) in columns(app, engine).await {
        let sql = match engine {
            Engine::Sqlite => format!("SELECT CAST(\"{column}\" AS BLOB) FROM \"{table}\""),
            Engine::Postgres => format!(
                "SELECT CASE pg_typeof(\"{column}\") WHEN 'bytea'::regtype THEN decode(substr(\"{column}\"::text, 3), 'hex') \
                 ELSE convert_to(\"{column}\"::text, 'UTF8') END FROM \"{table}\""
            ),
            Engine::Mariadb => format!("SELECT CAST(`{column}` AS BINARY) FROM `{table}`"),
        };
        for row in app.rows(&sql).await {
            values.extend(row.try_get_by_index::<Option<Vec<u8>>>(0).expect("bytes"));
        }
    }
    values
}

/// The texts within a JSON document, names included.
fn texts(value: &Value, found: &mut BTreeSet<Vec<u8>>) {
    match value {
        Value::String(text) => drop(found.insert(text.clone().into_bytes())),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.iter().for_each(|(name, item)| {
            found.insert(name.clone().into_bytes());
            texts(item, found);
        }),
        _ => {}
    }
}

/// What tokens have beside letters and digits: all that a header carries, web tokens, the tokens in a link.
const TOKEN_MARKS: [&[u8]; 3] = [b"-_.~+/=", b"-_.", b"-_"];

/// The values, and whatever within them might be a token: the texts of a document, the words of a mail, the parts of a
/// link.
fn candidates(values: &BTreeSet<Vec<u8>>) -> BTreeSet<Vec<u8>> {
    let mut found = values.clone();
    for value in values {
        if let Ok(document) = serde_json::from_slice(value) {
            texts(&document, &mut found);
        }
    }
    let mut words = BTreeSet::new();
    for (value, marks) in found.iter().flat_map(|value| TOKEN_MARKS.map(|marks| (value, marks))) {
        let between = |byte: &u8| !byte.is_ascii_alphanumeric() && !marks.contains(byte);
        words.extend(value.split(between).map(<[u8]>::to_vec));
    }
    found.extend(words);
    found.retain(|value| !value.is_empty());
    found
}

/// Every way to write bytes down, and what they are when they are such writing themselves.
fn spellings(value: &[u8]) -> BTreeSet<String> {
    let hex: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut found = BTreeSet::from([hex.to_uppercase(), hex]);
    found.extend([&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD].map(|alphabet| alphabet.encode(value)));
    found.extend(Uuid::from_slice(value).map(|id| id.to_string()));
    found.extend(String::from_utf8(value.to_vec()));
    found
}

async fn begin(app: &App) -> DatabaseTransaction {
    app.pool().begin().await.expect("a transaction")
}

/// Logs in by every backend, asks every public route for what it may send, and issues a token of each purpose.
async fn fill(app: &App) -> Tokens {
    app.auth().installation().check_keys().await.expect("the first secret of all");
    app.auth().signing_keys().prepare().await.expect("a key");
    let ada = app.register("sample").await;
    let mut sessions = Vec::new();
    for backend in app.auth().backends() {
        sessions.push(app.login(&ada, &backend.name).await.token);
    }
    let pair = app.try_login(&ada.email, PASSWORD, "jwt").await.is(200).json();
    let body = json!({ "refresh_token": pair["refresh_token"] });
    let next = app.post("/auth/token/refresh").json(body).send().await.is(200).json();
    let refresh = [pair, next].map(|body| body["refresh_token"].as_str().expect("a refresh token").to_owned());
    for endpoint in app.table().endpoints() {
        if endpoint.requirement().is_none() {
            samples::request(app, endpoint).send().await;
        }
    }
    let user = app.auth().admin().get(ada.id).await.expect("an account");
    let mut one_time = Vec::new();
    let tx = begin(app).await;
    for purpose in PURPOSES {
        let data = Some(json!({ "email": ada.email, "next": "/welcome?x=1", "list": ["a", { "b": "c" }] }));
        let issue = Issue { user: Some(&user), data, ..Issue::new(purpose, Duration::from_secs(60)) };
        let token = app.auth().one_time_tokens().issue(&tx, issue).await.expect("a token");
        one_time.push((purpose, token.expose_secret().to_owned()));
    }
    tx.commit().await.expect("a commit");
    Tokens { sessions, one_time, refresh }
}

/// Whether a text opens a session, as a cookie or as a bearer token.
async fn opens(app: &App, text: &str) -> bool {
    let sendable = HeaderValue::from_str(&format!("auth={text}")).is_ok();
    sendable && app.get("/users/me").bearer(text).cookie("auth", text).send().await.status != 401
}

/// Whether a text can be redeemed.
async fn redeems(app: &App, tx: &DatabaseTransaction, purpose: Purpose, text: &str) -> bool {
    app.auth().one_time_tokens().consume(tx, purpose, text, None).await.expect("an answer").is_some()
}

/// Whether a text can be exchanged.
async fn refreshes(app: &App, text: &str) -> bool {
    app.auth().refresh_tokens().exchange(text, Carried::InBody, &Client::default()).await.is_ok()
}

async fn nothing_in_the_tables_opens_anything(cx: Cx) {
    let app = cx.app_with(Setup::default().backends(backends)).await;
    let tokens = fill(&app).await;
    let values = dump(&app, cx.engine()).await;
    let sample = |text: &str| values.contains(text.as_bytes());
    assert!(sample("sample@example.org") && sample("reset_password") && sample("eddsa"), "the dump is one");
    let digests = values.iter().filter(|value| value.len() == 32 && std::str::from_utf8(value).is_err()).count();
    assert!(digests >= 2 + PURPOSES.len(), "{digests} digests");
    // The private half of a key pair in DER, with its bytes or without (RFC 8410, section 7; RFC 5915, section 3).
    let keys: [&[u8]; 2] = [b"\x04\x22\x04\x20", b"\x02\x01\x01\x04\x20"];
    for value in values.iter().flat_map(|value| keys.map(|key| (value, key))) {
        let (value, key) = value;
        assert!(!value.windows(key.len()).any(|window| window == key), "a signing key is in the tables");
    }
    let candidates = candidates(&values);
    let texts: BTreeSet<String> = candidates.iter().flat_map(|value| spellings(value)).collect();
    let one_time = tokens.one_time.iter().map(|(_, token)| token);
    for token in tokens.sessions.iter().chain(one_time).chain(&tokens.refresh) {
        assert!(!texts.contains(token), "a token is in the tables");
    }
    for text in &texts {
        assert!(!opens(&app, text).await, "{text:?} opens a session");
        assert!(!refreshes(&app, text).await, "{text:?} is exchanged");
    }
    let tx = begin(&app).await;
    for text in &texts {
        for (purpose, token) in &tokens.one_time {
            assert!(!redeems(&app, &tx, *purpose, text).await, "{purpose:?}: {text:?}");
            // The prefix of its kind is not secret.
            let whole = format!("{}{text}", &token[..4]);
            assert!(!redeems(&app, &tx, *purpose, &whole).await, "{purpose:?}: {whole:?}");
        }
    }
    // Those who hold the tokens themselves are served.
    for (purpose, token) in &tokens.one_time {
        assert!(redeems(&app, &tx, *purpose, token).await, "{purpose:?}");
    }
    tx.rollback().await.expect("a rollback");
    for token in &tokens.sessions {
        assert!(opens(&app, token).await);
    }
    assert!(refreshes(&app, &tokens.refresh[1]).await);
}

/// SES-22.
async fn no_kind_of_token_passes_for_another(cx: Cx) {
    let app = cx.app_with(Setup::default().backends(backends)).await;
    let tokens = fill(&app).await;
    for (purpose, token) in &tokens.one_time {
        for text in [token.as_str(), &token[4..]] {
            assert!(!opens(&app, text).await, "{purpose:?} opens a session");
        }
    }
    for token in &tokens.refresh {
        assert!(!opens(&app, token).await, "a refresh token opens a session");
    }
    for token in tokens.sessions.iter().chain(tokens.one_time.iter().map(|(_, token)| token)) {
        assert!(!refreshes(&app, token).await, "another token is exchanged");
    }
    let tx = begin(&app).await;
    for token in tokens.sessions.iter().chain(&tokens.refresh) {
        for (purpose, one_time) in &tokens.one_time {
            for text in [token, &format!("{}{token}", &one_time[..4])] {
                assert!(!redeems(&app, &tx, *purpose, text).await, "{purpose:?}: {text:?}");
            }
        }
    }
    tx.rollback().await.expect("a rollback");
    for token in &tokens.sessions {
        let by_cookie = app.get("/users/me").cookie("auth", token).send().await.status == 200;
        let by_bearer = app.get("/users/me").bearer(token).send().await.status == 200;
        assert!(by_cookie != by_bearer, "by one transport");
    }
}
