//! The same requests in the same world get the same answers, to the byte, whatever the framework.

use auth_testkit::{ALLOWED_ORIGIN, PUBLIC_URL};
use bytes::Bytes;
use http::Method;
use serde_json::json;

use crate::scenario::scenarios;
use crate::{Answer, App, Cx, Jar, Login, PASSWORD, Request, Scenario, Setup, Target, samples};

pub(super) const SCENARIOS: &[Scenario] =
    scenarios![transcripts_are_identical: sockets_only, unknown_paths_are_not_ours];

/// Headers that belong to the connection, or to the moment.
const OF_THE_CONNECTION: [&str; 4] = ["date", "content-length", "connection", "transfer-encoding"];

/// An answer as text: what was asked, the status, the sorted headers, the body.
fn transcript(answer: &Answer) -> String {
    let ours = |name: &str| !OF_THE_CONNECTION.contains(&name);
    let headers = answer.headers.iter().filter(|(name, _)| ours(name.as_str()));
    let mut headers: Vec<String> =
        headers.map(|(name, value)| format!("{name}: {}", value.as_bytes().escape_ascii())).collect();
    headers.sort();
    format!("{}\n{}\n{}\n{:?}", answer.asked, answer.status, headers.join("\n"), answer.body)
}

async fn transcripts_are_identical(cx: Cx) {
    let here = cx.app().await;
    let there = cx.app_on(Target::Direct, Setup::default()).await;
    let (here, there) = (play(&here).await, play(&there).await);
    assert_eq!(here.len(), there.len());
    assert!(here.len() > 100, "{} requests", here.len());
    for (here, there) in here.iter().zip(&there) {
        assert_eq!(here, there, "{} differs from a call without a framework", cx.target().name());
    }
}

/// The play: a life with the app, then every endpoint in every bad way.
async fn play(app: &App) -> Vec<String> {
    let mut answers = life(app).await;
    let (user, root) = (app.user("grace").await, app.superuser("root").await);
    for endpoint in app.table().endpoints() {
        for request in variations(app, endpoint, &user) {
            answers.push(request.send().await);
        }
        for login in [&user, &root] {
            let ends = endpoint.method == Method::DELETE || endpoint.id.contains("logout");
            if !ends {
                answers.push(samples::request(app, endpoint).by(login).send().await);
            }
        }
    }
    answers.iter().map(transcript).collect()
}

/// Requests that must not change anything.
fn variations(app: &App, endpoint: &auth_http::Endpoint, user: &Login) -> Vec<Request> {
    let path = samples::path(endpoint);
    let bare = || samples::bare(app, endpoint);
    let mut requests = vec![
        bare(),
        bare().header("authorization", "Bearer"),
        bare().header("authorization", b"Bearer \xff\xfe"),
        bare().header("cookie", b"auth=\xff; ;=;;"),
        bare().cookie("auth", "a").cookie("auth", "b"),
        bare().cookie("auth", "a").origin("https://evil.example"),
        bare().origin(PUBLIC_URL).origin(ALLOWED_ORIGIN),
        bare().header("sec-fetch-site", "cross-site").json(json!({})),
        bare().header("expect", "200-maybe").header("accept", "text/html"),
        bare().bytes("text/plain", "x").by(user),
        bare().bytes("application/json", "{").by(user),
        bare().bytes("application/json", vec![b' '; 65_537]).by(user),
        bare().chunks("application/json", vec![Bytes::from(vec![b' '; 40_000]); 3]).by(user),
    ];
    let others = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::HEAD,
        Method::OPTIONS,
        Method::TRACE,
    ];
    let mounted = app.table().paths().into_iter().find(|mounted| mounted.template == endpoint.full_path());
    let allowed: Vec<Method> =
        mounted.iter().flat_map(|path| &path.endpoints).map(|endpoint| endpoint.method.clone()).collect();
    requests
        .extend(others.into_iter().filter(|method| !allowed.contains(method)).map(|method| app.request(method, &path)));
    if endpoint.path().contains("{id}") {
        for id in ["7", "%00", "a%2Fb", "%ff", "00000000-0000-0000-0000-000000000000"] {
            let path = endpoint.full_path().replace("{id}", id);
            requests.push(app.request(endpoint.method.clone(), &path).by(user));
        }
    }
    requests
}

/// Everything that goes well, and ordinary mistakes.
pub(super) async fn life(app: &App) -> Vec<Answer> {
    let mut answers = Vec::new();
    let body =
        json!({ "email": "ada@example.org", "password": PASSWORD, "username": "ada", "attributes": { "ü": "🦀" } });
    let answer = app.post("/auth/register").json(body.clone()).send().await;
    let ada = Login::new(&answer.json());
    answers.push(answer);
    answers.push(app.post("/auth/register").json(body).send().await);
    let browser = Jar::default();
    let credentials = [("username", "ada"), ("password", PASSWORD)];
    answers.push(app.post("/auth/login").form(&[("username", "ada"), ("password", "wrong")]).send().await);
    answers.push(app.post("/auth/login").jar(&browser).origin(PUBLIC_URL).form(&credentials).send().await);
    answers.push(app.post("/auth/jwt/login").form(&credentials).send().await);
    let db = app.post("/auth/db/login").header("user-agent", "ü\t\"x\"").form(&credentials).send().await;
    let bearer = ada.with(&db);
    answers.push(db);
    for path in ["/users/me", "/users/me/export", "/auth/sessions", "/auth/jwks.json", "/healthz"] {
        answers.push(app.get(path).jar(&browser).send().await);
        answers.push(app.request(Method::HEAD, path).by(&bearer).send().await);
    }
    let patch = |body| app.patch("/users/me").jar(&browser).origin(ALLOWED_ORIGIN).json(body);
    answers.push(patch(json!({ "display_name": "Ada" })).send().await);
    answers.push(patch(json!({ "password": "violet-Harbour-57-lamp", "current_password": PASSWORD })).send().await);
    answers.push(app.get("/users/me").by(&bearer).send().await);
    app.promote(&ada).await;
    for query in ["", "?limit=1", "?limit=x&cursor=y", "?q=%25", "?q=a&q=b", "?", "?q"] {
        answers.push(app.get(&format!("/users{query}")).jar(&browser).send().await);
    }
    answers.push(app.get(&ada.path()).jar(&browser).send().await);
    answers.push(app.patch(&ada.path()).jar(&browser).json(json!({ "is_superuser": false })).send().await);
    answers.push(app.delete("/users/me").jar(&browser).send().await);
    app.demote(&ada).await;
    answers.push(app.delete("/users/me").jar(&browser).json(json!({})).send().await);
    answers.push(app.get("/users/me").jar(&browser).send().await);
    answers
}

async fn unknown_paths_are_not_ours(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("grace").await;
    // No second spelling of a path leads to a route: not another case, not a slash more, not an escape, not dots.
    for path in [
        "/",
        "/auth",
        "/auth/",
        "/users/",
        "/Users/me",
        "/users/me/",
        "/users//me",
        "/auth/nobody/login",
        "/auth/login/",
        "/healthz/",
    ] {
        for method in [Method::GET, Method::POST] {
            let answer = app.request(method, path).by(&root).send().await.is(404);
            assert_eq!(answer.json(), json!({ "detail": "Not Found" }), "{path}");
        }
    }
}
