//! Scenarios of requests that nobody sends by mistake: too large, too deep, full of signs that mean something elsewhere,
//! or such that a part of the app panics (ROB-01, ROB-04, ROB-06, ROB-07).

use auth_core::token::{NewToken, TokenRef, TokenStrategy, TokenSubject};
use auth_core::{Backend, ErrorCode as E};
use http::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::scenario::scenarios;
use crate::{Cx, Login, PASSWORD, Scenario, Setup, audit, samples};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    whatever_is_stored_comes_back,
    what_cannot_be_stored_is_refused,
    signs_of_other_languages_mean_nothing,
    an_endless_body_is_not_read: sockets_only sqlite_only,
    a_panic_is_an_answer: sqlite_only,
];

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, level| if level % 2 == 0 { json!([inner]) } else { json!({ "a": inner }) })
}

async fn whatever_is_stored_comes_back(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    let many: serde_json::Map<String, Value> = (0..1200).map(|n| (format!("k{n}"), json!(n))).collect();
    let values = [
        json!([i64::MIN, i64::MAX, u64::MAX, 0, -1]),
        json!([1e21, 0.1, -0.5, 1.5e100, 1e-100, 123_456_789.123_456_79]),
        json!({ "": "", " ": " ", "é": "ß", "\"": "\\", "a.b": "$.a", "$": "[0]", "😀": "🦀" }),
        json!(many),
        nested(10),
        nested(28),
        json!("x".repeat(15_000)),
        json!([null, true, [], {}]),
    ];
    for value in values {
        let body = json!({ "attributes": { "v": value } });
        let answer = app.patch("/users/me").by(&ada).json(body.clone()).send().await.is(200).json();
        let stored = app.get("/users/me").by(&ada).send().await.is(200).json();
        assert_eq!(stored["attributes"], answer["attributes"]);
        assert_eq!(stored["attributes"], body["attributes"]);
    }
    app.get("/users/me/export").by(&ada).send().await.is(200);
}

async fn what_cannot_be_stored_is_refused(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    let bodies = [
        r#"{"attributes":{"v":1e400}}"#.to_owned(),
        r#"{"attributes":{"v":1.7976931348623157e308}}"#.to_owned(),
        r#"{"attributes":{"v":5e-324}}"#.to_owned(),
        r#"{"attributes":{"v":"\u0000"}}"#.to_owned(),
        r#"{"attributes":{"\u0000":1}}"#.to_owned(),
        r#"{"attributes":{"v":"\ud800"}}"#.to_owned(),
        r#"{"attributes":{"a":1,"a":2}}"#.to_owned(),
        format!(r#"{{"attributes":{{"v":{}}}}}"#, "9".repeat(5000)),
        format!(r#"{{"attributes":{}}}"#, json!({ "v": "x".repeat(17_000) })),
        format!(r#"{{"attributes":{}{}}}"#, r#"{"a":"#.repeat(126), "}".repeat(126)),
        format!("{{{}}}", (0..5000).map(|n| format!("\"k{n}\":1")).collect::<Vec<_>>().join(",")) + "}",
        format!(r#"{{"display_name":{}}}"#, json!("y".repeat(60_000))),
    ];
    for body in bodies {
        let start: String = body.chars().take(40).collect();
        let answer = app.patch("/users/me").by(&ada).bytes("application/json", body).send().await;
        assert_eq!(answer.status, 422, "{start}: {}", answer.text());
    }
    // Each depth is either stored or refused, and refused from some depth on.
    let mut refused = false;
    for depth in 1..126 {
        let body = json!({ "attributes": { "v": nested(depth) } });
        let answer = app.patch("/users/me").by(&ada).json(body).send().await;
        assert!(matches!(answer.status.as_u16(), 200 | 422), "depth {depth}: {}", answer.text());
        assert!(!refused || answer.status == 422, "depth {depth}");
        refused = answer.status == 422;
    }
    for query in ["limit=-1", "limit=1e9", "limit=99999999999999999999999", "limit=", "cursor=%00", "cursor=null"] {
        let root = app.superuser(&format!("root-{}", query.len() * 100 + usize::from(query.as_bytes()[1]))).await;
        let answer = app.get(&format!("/users?{query}")).by(&root).send().await;
        assert_eq!(answer.status, 422, "{query}: {}", answer.text());
    }
    let account = app.get("/users/me").by(&ada).send().await.is(200).json();
    assert_eq!(account["display_name"], Value::Null);
}

/// What SQL, `LIKE`, shells, headers, templates and paths would make something of.
const SIGNS: [&str; 16] = [
    "' OR '1'='1",
    "'; DROP TABLE authn_user; --",
    "\" OR \"\"=\"",
    "\\' OR 1=1 #",
    "%",
    "_",
    "%25",
    "a%' ESCAPE '%",
    "$1",
    "?",
    "{id}",
    "${jndi:ldap://x}",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "auth:*",
    "`id`",
];

async fn signs_of_other_languages_mean_nothing(cx: Cx) {
    let app = cx.app().await;
    let (ada, root) = (app.user("ada").await, app.superuser("root").await);
    let everybody = app.user_count().await;
    for sign in SIGNS {
        // Kept as they are where any text may be.
        let patch = json!({ "display_name": sign, "attributes": { sign: [sign] } });
        app.patch("/users/me").by(&ada).json(patch).send().await.is(200);
        let account = app.get("/users/me").by(&ada).header("user-agent", sign).send().await.is(200).json();
        assert_eq!((&account["display_name"], &account["attributes"][sign][0]), (&json!(sign), &json!(sign)));
        app.clock().advance(std::time::Duration::from_secs(1));
        let body = json!({ "username": ada.email, "password": PASSWORD });
        app.post("/auth/db/login").header("user-agent", sign).json(body).send().await.is(200);
        let list = app.get("/auth/sessions").by(&ada).send().await.is(200).json();
        assert_eq!(list["sessions"][0]["user_agent"], sign);
        // Nobody's name, nobody's password, nobody's token.
        for (name, password) in [(sign, PASSWORD), (&ada.email, sign), (&format!("{}{sign}", ada.email), PASSWORD)] {
            app.try_login(name, password, "db").await.fails(E::LoginBadCredentials);
        }
        let query: String = url::form_urlencoded::byte_serialize(sign.as_bytes()).collect();
        app.get("/users/me").bearer(&query).send().await.fails(E::Unauthorized);
        app.get("/users/me").cookie("auth", &query).send().await.fails(E::Unauthorized);
        let page = app.get(&format!("/users?q={query}")).by(&root).send().await.is(200).json();
        assert_eq!(page["items"], json!([]), "{sign}");
        app.get(&format!("/users?cursor={query}")).by(&root).send().await.fails(E::Validation);
        let address = app.post("/auth/register").json(json!({ "email": sign, "password": PASSWORD })).send().await;
        address.rejects(&[("email", "email_invalid")]);
        let name = json!({ "email": "new@example.org", "password": PASSWORD, "username": sign });
        app.post("/auth/register").json(name).send().await.fails(E::Validation);
    }
    assert_eq!(app.user_count().await, everybody);
    assert_eq!(app.get("/users?q=ada").by(&root).send().await.is(200).json()["items"][0]["email"], ada.email);
    audit::tables(&app).await;
}

/// Sends a body in chunks that has no end, until there is an answer; its status line.
async fn pour(address: std::net::SocketAddr, head: &str) -> String {
    let stream = TcpStream::connect(address).await.expect("the server listens");
    let (mut reader, mut writer) = stream.into_split();
    writer.write_all(head.as_bytes()).await.expect("the server reads");
    let pouring = tokio::spawn(async move {
        let chunk = [b"1000\r\n".as_slice(), &[b' '; 0x1000], b"\r\n"].concat();
        while writer.write_all(&chunk).await.is_ok() {}
    });
    let mut answer = Vec::new();
    while !answer.contains(&b'\n') && reader.read_buf(&mut answer).await.is_ok_and(|read| read > 0) {}
    pouring.abort();
    String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
}

async fn an_endless_body_is_not_read(cx: Cx) {
    let app = cx.app().await;
    let address = app.address().expect("a socket");
    for endpoint in app.table().endpoints() {
        if endpoint.method == Method::GET {
            continue;
        }
        let caller = samples::caller(&app, endpoint).await;
        let token = caller.as_ref().map(|login: &Login| match &login.cookie {
            Some(name) => format!("cookie: {name}={}\r\n", login.token),
            None => format!("authorization: Bearer {}\r\n", login.token),
        });
        let head = format!(
            "{} {} HTTP/1.1\r\nhost: localhost\r\n{}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
            endpoint.method,
            samples::path(endpoint),
            token.unwrap_or_default()
        );
        let line = pour(address, &head).await;
        assert!(line.starts_with("HTTP/1.1 413"), "{}: {line:?}", endpoint.id);
    }
    for (method, path) in [
        (Method::GET, "/users/me"),
        (Method::GET, "/hasura/auth/token/refresh"),
        (Method::POST, "/nowhere"),
        (Method::PUT, "/auth/login"),
    ] {
        let head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n");
        let line = pour(address, &head).await;
        assert!(line.starts_with("HTTP/1.1 4"), "{method} {path}: {line:?}");
    }
    app.get("/healthz").send().await.is(200);
}

/// A format of an app that panics at the very tokens that somebody makes up.
struct Fragile;

#[async_trait::async_trait]
impl TokenStrategy for Fragile {
    async fn issue(&self, _: TokenSubject<'_>) -> auth_core::Result<NewToken> {
        panic!("deliberate panic at an issue")
    }

    async fn read(&self, token: &str, _: OffsetDateTime) -> auth_core::Result<Option<TokenRef>> {
        assert!(token != "fragile", "deliberate panic at a token");
        Ok(None)
    }
}

async fn a_panic_is_an_answer(cx: Cx) {
    let backends = || vec![Backend::bearer("db"), Backend::bearer("fragile").custom(Fragile)];
    let app = cx.app_with(Setup::default().backends(backends).connections(1).tolerates_500()).await;
    let ada = app.user("ada").await;
    for _ in 0..8 {
        for request in [
            app.get("/users/me").bearer("fragile"),
            app.patch("/users/me").bearer("fragile").json(json!({})),
            app.post("/auth/fragile/login").json(json!({ "username": ada.email, "password": PASSWORD })),
        ] {
            let answer = request.send().await.fails(E::Internal);
            assert_eq!(answer.json(), json!({ "detail": "Internal Server Error" }), "the cause is for the log");
            // Nothing is poisoned, and the only connection is back.
            app.get("/users/me").by(&ada).send().await.is(200);
        }
        if app.address().is_some() {
            for path in ["/host/current", "/host/optional", "/host/gated/secret"] {
                let answer = app.http().get(format!("http://{}{path}", app.address().expect("a socket")));
                let answer = answer.bearer_auth("fragile").send().await.expect("an answer");
                assert_eq!(answer.status(), 500, "{path}");
            }
        }
    }
    assert_eq!(app.session_count().await, 1);
    assert_eq!(app.auth().hasher().running(), 0);
    app.login(&ada, "db").await;
}
