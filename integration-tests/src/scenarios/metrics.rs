//! Scenarios of the metrics: they count what happened, and nobody makes a series of them.

use std::collections::BTreeSet;
use std::time::Duration;

use auth_core::session::SessionConfig;
use auth_core::telemetry::{METRICS, Metric, MetricKind};
use auth_core::token::JwtOptions;
use auth_core::{Backend, ErrorCode as E, EventKind, Limits, Rate, RefreshOptions};
use auth_testkit::MailFault;
use http::Method;
use serde_json::json;
use tokio::sync::Mutex;

use crate::metrics::{Series, series, sum, text};
use crate::scenario::scenarios;
use crate::{App, Cx, PASSWORD, Scenario, Setup, until};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_request_is_counted_once,
    what_happens_is_counted: one_server,
    the_outbox_is_measured,
    no_client_makes_a_series,
    the_page_lists_every_metric: direct_only sqlite_only,
];

/// The backend of the scenario that counts exactly. No other has one of its name.
const COUNTED: &str = "counted";

/// One target at a time counts exactly.
static TURN: Mutex<()> = Mutex::const_new(());

async fn a_request_is_counted_once(cx: Cx) {
    let _turn = TURN.lock().await;
    let backends = || vec![Backend::bearer(COUNTED).jwt(JwtOptions::default()).refresh(RefreshOptions::default())];
    let app = cx.app_with(Setup::default().backends(backends)).await;
    let ada = app.register("ada").await;
    let requests = |route: &str, outcome: &str| {
        sum("auth_requests_total", &[("route", route), ("backend", COUNTED), ("outcome", outcome)])
    };
    let of_all = || sum("auth_requests_total", &[("backend", COUNTED)]);
    let (all, good, bad) = (of_all(), requests("login.login", "ok"), requests("login.login", "LOGIN_BAD_CREDENTIALS"));
    let timed = sum("auth_request_duration_seconds_count", &[("route", "login.login"), ("result", "refused")]);
    let login = app.login(&ada, COUNTED).await;
    for _ in 0..2 {
        app.try_login(&ada.email, "wrong-Password-1", COUNTED).await.fails(E::LoginBadCredentials);
    }
    let logout = format!("/auth/{COUNTED}/logout");
    app.post(&logout).send().await.fails(E::Unauthorized);
    app.post(&logout).by(&login).send().await.is(204);
    // The count is there when the answer is made, and not before it has arrived here.
    assert_eq!(requests("login.login", "ok") - good, 1.0);
    assert_eq!(requests("login.login", "LOGIN_BAD_CREDENTIALS") - bad, 2.0);
    assert_eq!(of_all() - all, 5.0, "each request once, and no other");
    let refused = sum("auth_request_duration_seconds_count", &[("route", "login.login"), ("result", "refused")]);
    assert!(refused - timed >= 2.0, "{refused} {timed}");
}

type Labels = &'static [(&'static str, &'static str)];

/// What grows, at least by so much: others count at this moment as well.
struct Growth {
    name: &'static str,
    labels: Labels,
    by: f64,
    before: f64,
}

impl Growth {
    fn of(name: &'static str, labels: Labels, by: f64) -> Self {
        Self { name, labels, by, before: sum(name, labels) }
    }

    #[track_caller]
    fn check(&self) {
        let Self { name, labels, by, before } = *self;
        let after = sum(name, labels);
        assert!(after >= before + by, "{name} {labels:?}: from {before} to {after}, and not by {by}");
    }
}

async fn what_happens_is_counted(cx: Cx) {
    let limits = Limits::off().set("registrations", [Rate::per_hour(2)]);
    let setup = Setup::default().auth(move |auth| {
        let sessions = SessionConfig { cached: 100, ..SessionConfig::default() };
        auth.sessions(sessions).limits(limits.clone())
    });
    let app = cx.app_with(setup).await;
    let growth = [
        Growth::of("auth_events_total", &[("event", "register")], 2.0),
        Growth::of("auth_events_total", &[("event", "login_success")], 1.0),
        Growth::of("auth_events_total", &[("event", "login_failure")], 2.0),
        Growth::of("auth_events_total", &[("event", "token_reuse")], 1.0),
        Growth::of("auth_events_total", &[("event", "throttled")], 1.0),
        Growth::of("auth_events_total", &[("event", "mail_failed")], 1.0),
        Growth::of("auth_login_failures_total", &[("reason", "wrong_password")], 1.0),
        Growth::of("auth_login_failures_total", &[("reason", "unknown_user")], 1.0),
        Growth::of("auth_limit_refusals_total", &[("limit", "registrations")], 2.0),
        Growth::of("auth_password_hash_duration_seconds_count", &[], 5.0),
        Growth::of("auth_password_hash_wait_seconds_count", &[], 5.0),
        Growth::of("auth_session_cache_total", &[("result", "hit")], 1.0),
        Growth::of("auth_session_cache_total", &[("result", "miss")], 1.0),
        Growth::of("auth_change_readings_total", &[("result", "ok")], 1.0),
        Growth::of("auth_mails_total", &[("mail", "verify_email"), ("result", "sent")], 1.0),
        Growth::of("auth_mails_total", &[("mail", "verify_email"), ("result", "postponed")], 1.0),
        Growth::of("auth_mails_total", &[("mail", "verify_email"), ("result", "given_up")], 1.0),
        Growth::of("auth_database_unavailable_total", &[], 1.0),
    ];
    let ada = app.register("ada").await;
    app.deliver().await;
    app.mailer().fail(MailFault::Temporary);
    app.register("grace").await;
    app.deliver().await;
    app.mailer().fail(MailFault::Permanent);
    app.clock().advance(Duration::from_secs(60));
    app.deliver().await;
    for name in ["third", "fourth"] {
        let body = json!({ "email": format!("{name}@example.org"), "password": PASSWORD });
        app.post("/auth/register").json(body).send().await.fails(E::RateLimited);
    }
    app.try_login(&ada.email, "wrong-Password-1", "db").await.fails(E::LoginBadCredentials);
    app.try_login("nobody@example.org", PASSWORD, "db").await.fails(E::LoginBadCredentials);
    let answer = app.try_login(&ada.email, PASSWORD, "jwt").await.is(200);
    let login = ada.with(&answer);
    for _ in 0..4 {
        app.get("/users/me").by(&login).send().await.is(200);
    }
    let refresh = json!({ "refresh_token": answer.json()["refresh_token"] });
    app.post("/auth/token/refresh").json(refresh.clone()).send().await.is(200);
    app.clock().advance(Duration::from_secs(60));
    app.post("/auth/token/refresh").json(refresh).send().await.fails(E::RefreshTokenInvalid);
    app.lose_database().await;
    app.try_login(&ada.email, PASSWORD, "db").await.fails(E::Overloaded);
    growth.iter().for_each(Growth::check);
}

async fn the_outbox_is_measured(cx: Cx) {
    let _turn = TURN.lock().await;
    let app = cx.app().await;
    app.register("ada").await;
    app.clock().advance(Duration::from_secs(90));
    app.mailer().fail(MailFault::Temporary);
    let workers = app.auth().spawn_workers();
    // No other scenario moves its clock between a mail and the start of its workers.
    until("the age of the oldest mail", || sum("auth_outbox_oldest_age_seconds", &[]) == 90.0).await;
    workers.shutdown().await;
}

/// What a client wrote.
const HOSTILE: &str = "hostile-label";

/// Requests whose every part is made up.
async fn attack(app: &App, round: &str) {
    let methods = ["PURGE", "TRACE", HOSTILE].map(|name| Method::from_bytes(name.as_bytes()).expect("a method"));
    for turn in 0..40 {
        let word = format!("{HOSTILE}-{round}-{turn}");
        let spoof = |request: crate::Request| {
            ["user-agent", "x-forwarded-for", "x-forwarded-host", "x-request-id", "traceparent", "accept-language"]
                .into_iter()
                .fold(request, |request, name| request.header(name, &word))
        };
        for path in [format!("/{word}"), format!("/auth/{word}/login"), format!("/users/{word}?{word}={word}")] {
            spoof(app.get(&path)).send().await;
            spoof(app.post(&path).json(json!({ word.as_str(): word }))).send().await;
        }
        spoof(app.request(methods[turn % methods.len()].clone(), "/auth/login")).send().await;
        let login = json!({ "username": format!("{word}@example.org"), "password": word, "grant_type": "password" });
        spoof(app.post("/auth/login").json(login)).send().await;
        spoof(app.post("/auth/verify").json(json!({ "token": word }))).send().await;
        spoof(app.post("/auth/forgot-password").json(json!({ "email": format!("{word}@example.org") }))).send().await;
        spoof(app.get("/users/me").bearer(&word).cookie("auth", &word)).send().await;
        spoof(app.get("/users/me").header("authorization", format!("{word} {word}"))).send().await;
    }
    app.deliver().await;
}

/// The metric that a line belongs to, and whether it is a part of a distribution.
fn metric(name: &str) -> &'static Metric {
    let parts = ["_bucket", "_sum", "_count"];
    let is_it = |metric: &&Metric| match metric.kind {
        MetricKind::Histogram => parts.iter().any(|part| name.strip_suffix(part) == Some(metric.name)),
        _ => metric.name == name,
    };
    METRICS.iter().find(is_it).unwrap_or_else(|| panic!("{name} is not in the list"))
}

/// Which values a label may have.
fn is_known(label: &str, value: &str) -> bool {
    let known: &[&str] = match label {
        "le" => return value == "+Inf" || value.parse::<f64>().is_ok(),
        "result" => &["ok", "refused", "failed", "hit", "miss", "sent", "postponed", "given_up"],
        "outcome" => {
            return ["ok", "abandoned"].contains(&value) || E::ALL.iter().any(|code| code.as_str() == value);
        }
        "event" => EventKind::NAMES,
        "reason" => &[
            "unknown_user",
            "no_password",
            "wrong_password",
            "wrong_code",
            "corrupt_hash",
            "inactive",
            "not_verified",
            "outdated",
        ],
        // Those of other scenarios are among them, which have features and backends of their own.
        "limit" | "mail" | "backend" => return is_name(value),
        "route" => return value.split('.').count() == 2 && value.split('.').all(is_name),
        _ => return false,
    };
    known.contains(&value)
}

/// A name as developers choose it.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() < 32
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c))
}

async fn no_client_makes_a_series(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    app.get("/users/me").by(&ada).send().await.is(200);
    attack(&app, "first").await;
    let requests = |all: &[Series]| -> BTreeSet<String> {
        let ours = all.iter().filter(|series| series.name == "auth_requests_total");
        ours.map(|series| format!("{:?}", series.labels)).collect()
    };
    attack(&app, "second").await;
    let all = series();
    assert!(!text().contains(HOSTILE) && !text().contains("example.org") && !text().contains(&ada.id.to_string()));
    for Series { name, labels, .. } in &all {
        let metric = metric(name);
        for (label, value) in labels {
            let is_its_own = metric.labels.contains(&label.as_str()) || label == "le";
            assert!(is_its_own && is_known(label, value), "{name} {label}={value:?}");
        }
    }
    // A route answers with what its row declares, and with little besides.
    let always = ["ok", "abandoned", E::Internal.as_str(), E::BodyTimeout.as_str(), E::Overloaded.as_str()];
    let endpoints = app.table().endpoints();
    for Series { labels, .. } in all.iter().filter(|series| series.name == "auth_requests_total") {
        let mut rows = endpoints.iter().filter(|endpoint| endpoint.action() == labels["route"]).peekable();
        let declares = |outcome: &str| always.contains(&outcome);
        let is_declared = rows.peek().is_none()
            || declares(&labels["outcome"])
            || rows.any(|row| row.declared_errors().iter().any(|code| code.as_str() == labels["outcome"]));
        assert!(is_declared, "{labels:?}");
    }
    let backends: BTreeSet<&String> = all.iter().filter_map(|series| series.labels.get("backend")).collect();
    let outcomes = |actions: &str| {
        let rows = endpoints.iter().filter(|row| row.action() == actions);
        always.len() + rows.flat_map(|row| row.declared_errors()).collect::<BTreeSet<_>>().len()
    };
    let actions: BTreeSet<&str> = endpoints.iter().map(|row| row.action()).collect();
    let bound: usize = actions.iter().map(|action| outcomes(action) * (backends.len() + 1)).sum();
    assert!(requests(&all).len() <= bound, "{} series of at most {bound}", requests(&all).len());
}

async fn the_page_lists_every_metric(_: Cx) {
    let page = include_str!("../../../docs/metrics.md");
    let row = |metric: &Metric| {
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        format!("| `{}` | {} | {} | {} |", metric.name, metric.kind.name(), labels.join(", "), metric.meaning)
    };
    let rows: Vec<String> = METRICS.iter().map(row).collect();
    let listed: Vec<&str> = page.lines().filter(|line| line.starts_with("| `auth_")).collect();
    assert_eq!(listed, rows, "copy these rows to docs/metrics.md:\n{}", rows.join("\n"));
    let named = page.split(|c: char| !c.is_ascii_lowercase() && c != '_').filter(|word| word.starts_with("auth_"));
    for name in named.filter(|name| *name != "auth_core") {
        metric_named(name);
    }
}

/// A name on the page, where whole distributions are named as well as their parts.
fn metric_named(name: &str) {
    if METRICS.iter().all(|metric| metric.name != name) {
        metric(name);
    }
}
