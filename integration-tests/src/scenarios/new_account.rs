//! Scenarios of what nobody gets by registering: rights, another account's session, a session of one's own, a second row.

use auth_core::login::LoginConfig;
use auth_core::sea_orm::QueryResult;
use auth_core::{ErrorCode as E, Registration};
use auth_testkit::{Moment, PUBLIC_URL, Reaction};
use serde_json::{Value, json};

use crate::scenario::scenarios;
use crate::{App, Cx, Jar, Login, PASSWORD, Scenario, Setup, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    fields_of_the_row_cannot_be_set,
    forms_do_not_register,
    a_visitor_who_is_logged_in_stays_who_they_are,
    registering_is_not_logging_in,
    closed_registration_is_closed_in_any_spelling,
    vetoed_registrations_leave_nothing_in_a_race,
];

/// REG-03: fields of the row and of other systems, each with a value that would matter.
fn foreign_fields() -> Vec<(&'static str, Value)> {
    let mut fields = vec![
        ("is_active", json!(false)),
        ("role", json!("admin")),
        ("roles", json!(["admin"])),
        ("id", json!(uuid::Uuid::max())),
        ("user_id", json!(uuid::Uuid::max())),
        ("hashed_password", json!("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$YWFhYWFhYWFhYWFhYWFhYQ")),
        ("password_hash", json!("")),
        ("email_key", json!("root@example.org")),
        ("username_key", json!("root")),
        ("created_at", json!("2000-01-01T00:00:00Z")),
        ("updated_at", json!(0)),
        ("last_login_at", json!(0)),
        ("sev", json!(99)),
        ("user", json!({ "is_superuser": true, "is_verified": true })),
        ("$set", json!({ "is_superuser": true })),
        ("__proto__", json!({ "is_superuser": true })),
        ("attributes", json!({ "is_superuser": true, "is_verified": true, "is_active": false })),
    ];
    let flags = [
        "is_superuser",
        "is_verified",
        "must_change_password",
        "isSuperuser",
        "is_admin",
        "is_staff",
        "email_verified",
    ];
    fields.extend(flags.map(|name| (name, json!(true))));
    fields
}

/// All that a request might have set, but for the names, the hash and the app's own object.
async fn row(app: &App, who: &Login) -> Vec<String> {
    let columns = "is_active, is_superuser, is_verified, must_change_password";
    let numbers = "sev, created_at, updated_at";
    let sql = format!(
        "SELECT {columns}, {numbers}, email_key, password_hash FROM authn_user JOIN authn_address ON user_id = id WHERE email = '{}'",
        who.email
    );
    let rows = app.rows(&sql).await;
    assert_eq!(rows.len(), 1, "{sql}");
    let row: &QueryResult = &rows[0];
    let flags = (0..4).map(|n| row.try_get_by_index::<bool>(n).unwrap().to_string());
    let numbers = (4..7).map(|n| row.try_get_by_index::<i64>(n).unwrap().to_string());
    let key: String = row.try_get_by_index(7).unwrap();
    let hash: String = row.try_get_by_index(8).unwrap();
    assert_eq!(key, who.email);
    assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
    flags.chain(numbers).collect()
}

async fn fields_of_the_row_cannot_be_set(cx: Cx) {
    let app = cx.app().await;
    let plain = app.user("plain").await;
    let expected = row(&app, &plain).await;
    assert_eq!(expected[..5], ["true", "false", "false", "false", "1"]);
    for (n, (field, value)) in foreign_fields().into_iter().enumerate() {
        let mut body = json!({ "email": format!("u{n}@example.org"), "password": PASSWORD });
        body[field] = value.clone();
        let account = app.post("/auth/register").json(body).send().await.is(201).json();
        let user = app.login(&Login::new(&account), "db").await;
        assert_eq!(row(&app, &user).await, expected, "{field} at registration");
        app.patch("/users/me").by(&user).json(json!({ field: value })).send().await.is(200);
        assert_eq!(row(&app, &user).await, expected, "{field} in a change");
        let seen = app.get("/users/me").by(&user).send().await.is(200).json();
        assert_eq!(seen["id"], account["id"]);
        for name in ["is_active", "is_superuser", "is_verified", "created_at"] {
            assert_eq!(seen[name], account[name], "{field}");
        }
        app.get("/users").by(&user).send().await.fails(E::Forbidden);
    }
}

async fn forms_do_not_register(cx: Cx) {
    let app = cx.app().await;
    let fields = [("email", "ada@example.org"), ("password", PASSWORD), ("is_superuser", "true")];
    app.post("/auth/register").form(&fields).send().await.fails(E::UnsupportedMediaType);
    assert_eq!(app.user_count().await, 0);
    app.register("ada").await;
}

/// REG-15.
async fn a_visitor_who_is_logged_in_stays_who_they_are(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let jar = Jar::default();
    let login = json!({ "username": ada.email, "password": PASSWORD });
    app.post("/auth/cookie/login").jar(&jar).origin(PUBLIC_URL).json(login).send().await.is(204);
    let before = jar.header();
    let body = json!({ "email": "bob@example.org", "password": PASSWORD });
    let answer = app.post("/auth/register").jar(&jar).origin(PUBLIC_URL).json(body).send().await.is(201);
    assert!(answer.set_cookies().is_empty(), "{:?}", answer.set_cookies());
    assert_eq!(jar.header(), before);
    assert_eq!(app.get("/users/me").jar(&jar).send().await.is(200).json()["email"], ada.email);
    assert_eq!(app.session_count().await, 1, "the new account has none");
    // Nor does a bearer token make a difference to whom the new account is.
    let token = app.login(&ada, "db").await;
    let body = json!({ "email": "eve@example.org", "password": PASSWORD });
    let eve = app.post("/auth/register").by(&token).json(body).send().await.is(201).json();
    assert_ne!(eve["id"], json!(ada.id));
    // Logging in as somebody else takes a login.
    let login = json!({ "username": "bob@example.org", "password": PASSWORD });
    app.post("/auth/cookie/login").jar(&jar).origin(PUBLIC_URL).json(login).send().await.is(204);
    assert_ne!(jar.header(), before);
    assert_eq!(app.get("/users/me").jar(&jar).send().await.is(200).json()["email"], "bob@example.org");
}

/// REG-19.
async fn registering_is_not_logging_in(cx: Cx) {
    for verified_only in [false, true] {
        let app = cx
            .app_with(Setup::default().auth(move |auth| auth.login(LoginConfig { require_verified: verified_only })))
            .await;
        let body = json!({ "email": "ada@example.org", "password": PASSWORD });
        let answer = app.post("/auth/register").json(body).send().await.is(201);
        assert!(answer.set_cookies().is_empty() && answer.header("authorization").is_none());
        let mut keys: Vec<String> = answer.json().as_object().unwrap().keys().cloned().collect();
        keys.sort_unstable();
        let public = [
            "attributes",
            "created_at",
            "display_name",
            "email",
            "id",
            "is_active",
            "is_superuser",
            "is_verified",
            "username",
        ];
        assert_eq!(keys, public, "no token in the body");
        assert_eq!(app.session_count().await, 0);
        let login = app.try_login("ada@example.org", PASSWORD, "db").await;
        if verified_only {
            login.fails(E::LoginUserNotVerified)
        } else {
            login.is(200)
        };
    }
}

/// REG-17, as far as these routes go.
async fn closed_registration_is_closed_in_any_spelling(cx: Cx) {
    let app = cx.app_with(Setup::default().auth(|auth| auth.registration(Registration::Closed))).await;
    let work = || app.auth().hasher().work_done();
    let begin = work();
    app.try_login("nobody@example.org", PASSWORD, "db").await.fails(E::LoginBadCredentials);
    let login = work() - begin;
    for email in ["ada@example.org", "root@example.org", " ADA@EXAMPLE.ORG "] {
        for extra in [json!({}), json!({ "is_superuser": true }), json!({ "username": "ada" })] {
            let mut body = json!({ "email": email, "password": PASSWORD });
            body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            let before = work();
            app.post("/auth/register").json(body).send().await.fails(E::RegistrationDisabled);
            assert_eq!(work(), before, "nothing is hashed for nobody");
        }
        app.try_login(email, PASSWORD, "db").await.fails(E::LoginBadCredentials);
    }
    assert_eq!(app.user_count().await, 0);
    assert_eq!(work() - begin, 4 * login);
    let open = cx.app().await;
    open.register("ada").await;
}

/// REG-04 with a hook that refuses: nobody waits for a row that is never committed, and nobody is answered by a deadlock.
async fn vetoed_registrations_leave_nothing_in_a_race(cx: Cx) {
    let app = cx.app().await;
    let servers = [app.clone(), app.second_server().await];
    let register = |n: usize| {
        let request = servers[n % 2].post("/auth/register");
        let body = json!({ "email": "ada@example.org", "password": PASSWORD, "username": "ada" });
        async move { request.json(body).send().await }
    };
    app.hooks().react(Moment::Register, Reaction::Refuse("not on a Sunday".to_owned()));
    for answer in race(16, register).await {
        // Who meets the row of another before its end may be told of it.
        let told = [E::RefusedByApp.as_str(), E::RegisterUserAlreadyExists.as_str(), E::UsernameAlreadyExists.as_str()];
        assert!(told.contains(&answer.code().as_str()), "{}", answer.text());
    }
    assert_eq!(app.user_count().await, 0);
    app.hooks().behave();
    let made = race(16, register).await.into_iter().filter(|answer| answer.status == 201).count();
    assert_eq!((made, app.user_count().await), (1, 1));
}
