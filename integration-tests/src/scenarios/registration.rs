//! Scenarios of registration.

use auth_core::identifier::Email;
use auth_core::password::Password;
use auth_core::registration::{NewAccount, Registered};
use auth_core::{Client, ErrorCode as E, EventKind, Registration};
use auth_testkit::{Moment, Reaction};
use serde_json::{Value, json};

use crate::scenario::scenarios;
use crate::{Answer, App, Cx, Login, PASSWORD, Scenario, Setup, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    registers_a_plain_account,
    privileged_fields_change_nothing,
    refuses_duplicates_in_any_spelling,
    parallel_duplicates_make_one_account,
    names_every_field_that_does_not_validate,
    refuses_weak_passwords,
    closed_registration_registers_nobody,
    the_app_itself_registers_while_registration_is_closed,
    a_hook_can_refuse_a_registration,
    hooks_write_within_the_registration,
];

fn body(name: &str) -> Value {
    json!({ "email": format!("{name}@example.org"), "password": PASSWORD })
}

async fn registers_a_plain_account(cx: Cx) {
    let app = cx.app().await;
    let request = json!({
        "email": "Ada.Lovelace@Example.org", "password": PASSWORD, "username": "Ada", "display_name": "Ada 🦀 L.",
        "attributes": { "theme": "dark", "n": [1, { "x": null }] }, "unknown": [1, 2],
    });
    let answer = app.post("/auth/register").json(request).send().await.is(201);
    let account = answer.json();
    let expected = json!({
        "id": account["id"], "email": "Ada.Lovelace@example.org", "username": "Ada", "is_active": true,
        "is_superuser": false, "is_verified": false, "display_name": "Ada 🦀 L.",
        "attributes": { "theme": "dark", "n": [1, { "x": null }] }, "created_at": "2026-01-15T12:00:00Z",
    });
    assert_eq!(account, expected);
    assert!(answer.set_cookies().is_empty(), "nobody is logged in by registering");
    let hash = app.password_hash(&Login::new(&account)).await;
    assert!(hash.starts_with("$argon2id$v=19$") && !hash.contains(PASSWORD), "{hash}");
    let event = event!(app, Registered);
    let id: uuid::Uuid = account["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(event.kind, EventKind::Registered { user_id: id });
    assert_eq!(id.get_version_num(), 7);
}

async fn privileged_fields_change_nothing(cx: Cx) {
    let app = cx.app().await;
    let mut request = body("ada");
    for field in ["is_superuser", "is_verified", "must_change_password"] {
        request[field] = json!(true);
    }
    request["is_active"] = json!(false);
    request["id"] = json!(uuid::Uuid::max());
    request["created_at"] = json!("2000-01-01T00:00:00Z");
    request["password_hash"] = json!("$argon2id$");
    let account = app.post("/auth/register").json(request.clone()).send().await.is(201).json();
    let ada = app.login(&Login::new(&account), "db").await;
    for object in ["password", "email"] {
        request.as_object_mut().unwrap().remove(object);
    }
    app.patch("/users/me").by(&ada).json(request).send().await.is(200);
    let plain = "is_active AND NOT is_superuser AND NOT is_verified AND NOT must_change_password";
    assert_eq!(app.count(&format!("authn_user WHERE {plain} AND email = 'ada@example.org'")).await, 1);
    let account = app.get("/users/me").by(&ada).send().await.is(200).json();
    assert_ne!(account["id"], json!(uuid::Uuid::max()));
    assert_eq!(account["created_at"], "2026-01-15T12:00:00Z");
}

async fn refuses_duplicates_in_any_spelling(cx: Cx) {
    let app = cx.app().await;
    let request = |email: &str, username: &str| {
        app.post("/auth/register").json(json!({ "email": email, "password": PASSWORD, "username": username }))
    };
    request("ada@example.org", "ada").send().await.is(201);
    for email in ["ada@example.org", "ADA@example.org", "ada@EXAMPLE.org", "  ada@example.org "] {
        request(email, "other").send().await.fails(E::RegisterUserAlreadyExists);
    }
    for username in ["ada", "ADA", " Ada "] {
        request("other@example.org", username).send().await.fails(E::UsernameAlreadyExists);
    }
    assert_eq!(app.user_count().await, 1);
    let event = event!(app, RegisterDuplicate);
    assert_eq!(event.kind, EventKind::RegisterDuplicate);
}

async fn parallel_duplicates_make_one_account(cx: Cx) {
    let app = cx.app().await;
    let servers = [app.clone(), app.second_server().await];
    let answers = race(16, |n| {
        let server = servers[n % 2].clone();
        async move { server.post("/auth/register").json(body("ada")).send().await }
    });
    let answers = answers.await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(made.len(), 1);
    for answer in refused {
        answer.fails(E::RegisterUserAlreadyExists);
    }
    assert_eq!(app.user_count().await, 1);
    event!(app, Registered);
    assert!(
        !app.hooks().events().iter().any(|event| matches!(event.kind, EventKind::Registered { .. })),
        "one account, one event"
    );
}

async fn names_every_field_that_does_not_validate(cx: Cx) {
    let app = cx.app().await;
    let long = "x".repeat(300);
    let cases: [(Value, &[(&str, &str)]); 12] = [
        (json!({}), &[("email", "missing"), ("password", "missing")]),
        (json!({ "email": null, "password": null }), &[("email", "string_type"), ("password", "string_type")]),
        (json!({ "email": 7, "password": ["x"] }), &[("email", "string_type"), ("password", "string_type")]),
        (json!({ "email": "ada", "password": PASSWORD }), &[("email", "email_invalid")]),
        (json!({ "email": "a@x.org,b@y.org", "password": PASSWORD }), &[("email", "email_invalid")]),
        (json!({ "email": "a@x.org\r\nBcc: b@y.org", "password": PASSWORD }), &[("email", "email_invalid")]),
        (json!({ "email": "a@x.org", "password": "with\u{0}nul and more" }), &[("password", "string_characters")]),
        (json!({ "email": "a@x.org", "password": PASSWORD, "username": "a b" }), &[("username", "username_invalid")]),
        (json!({ "email": "a@x.org", "password": PASSWORD, "username": "r00t" }), &[("username", "username_reserved")]),
        (
            json!({ "email": "a@x.org", "password": PASSWORD, "display_name": long }),
            &[("display_name", "string_too_long")],
        ),
        (
            json!({ "email": "a@x.org", "password": PASSWORD, "display_name": "a\u{202e}b" }),
            &[("display_name", "string_characters")],
        ),
        (json!({ "email": "a@x.org", "password": PASSWORD, "attributes": [] }), &[("attributes", "dict_type")]),
    ];
    for (request, fields) in cases {
        app.post("/auth/register").json(request).send().await.rejects(fields);
    }
    // No body at all lacks the same fields.
    let nothing: &[(&str, &str)] = &[("email", "missing"), ("password", "missing")];
    app.post("/auth/register").send().await.rejects(nothing);
    assert_eq!(app.user_count().await, 0);
}

async fn refuses_weak_passwords(cx: Cx) {
    let app = cx.app().await;
    let long = "long-Tractor-81 ".repeat(300);
    for password in ["short-7", "password1234", "ada.lovelace", "aaaaaaaaaaaa", "12345678", long.as_str()] {
        let request = json!({ "email": "ada.lovelace@example.org", "password": password });
        let answer = app.post("/auth/register").json(request).send().await.fails(E::RegisterInvalidPassword);
        reason(&answer, password);
    }
    assert_eq!(app.user_count().await, 0);
}

async fn closed_registration_registers_nobody(cx: Cx) {
    let app = cx.app_with(Setup::default().auth(|auth| auth.registration(Registration::Closed))).await;
    app.post("/auth/register").json(body("ada")).send().await.fails(E::RegistrationDisabled);
    assert_eq!(app.user_count().await, 0);
}

async fn the_app_itself_registers_while_registration_is_closed(cx: Cx) {
    let app = cx.app_with(Setup::default().auth(|auth| auth.registration(Registration::Closed))).await;
    let new = || NewAccount {
        email: Email::parse("ada@example.org").expect("an address"),
        password: Password::new(PASSWORD),
        username: None,
        display_name: None,
        attributes: serde_json::Map::new(),
    };
    let registration = app.auth().registration();
    let visitor = Client::new(None, None);
    let refused = registration.register(new(), &visitor).await.expect_err("a visitor may not register");
    assert_eq!(refused.code(), E::RegistrationDisabled);
    let registered = registration.register(new(), &Client::default()).await.expect("the app may");
    let Registered::Created(user) = registered else { panic!("{registered:?}") };
    assert_eq!(user.email.as_deref(), Some("ada@example.org"));
    event!(app, Registered);
    app.try_login("ada@example.org", PASSWORD, "db").await.is(200);
    app.post("/auth/register").json(body("grace")).send().await.fails(E::RegistrationDisabled);
    assert_eq!(app.user_count().await, 1);
}

async fn a_hook_can_refuse_a_registration(cx: Cx) {
    let app = cx.app().await;
    refuse(&app, Moment::Register);
    let answer = app.post("/auth/register").json(body("ada")).send().await.fails(E::RefusedByApp);
    assert_eq!(answer.json()["detail"]["reason"], "not on a Sunday");
    assert_eq!(app.user_count().await, 0, "nothing remains of it");
    app.hooks().behave();
    app.register("ada").await;
}

async fn hooks_write_within_the_registration(cx: Cx) {
    let app = cx.app().await;
    app.execute("CREATE TABLE profile (email VARCHAR(100))").await;
    let insert = "INSERT INTO profile SELECT email FROM authn_user";
    app.hooks().react(Moment::Register, Reaction::Run(insert.to_owned()));
    app.register("ada").await;
    assert_eq!(app.count("profile WHERE email = 'ada@example.org'").await, 1, "the hook sees the new row");
    // The second one runs into the duplicate before the hook, and leaves nothing of either.
    app.post("/auth/register").json(body("ada")).send().await.fails(E::RegisterUserAlreadyExists);
    assert_eq!(app.count("profile").await, 1);
}

/// The reason of a refusal, which must not be empty nor repeat the password.
pub(super) fn reason(answer: &Answer, password: &str) -> String {
    let reason = answer.json()["detail"]["reason"].as_str().expect("a reason for the person").to_owned();
    assert!(!reason.is_empty() && !reason.contains(password), "{reason}");
    reason
}

/// Makes the hook refuse at a moment.
pub(super) fn refuse(app: &App, moment: Moment) {
    app.hooks().react(moment, Reaction::Refuse("not on a Sunday".to_owned()));
}
