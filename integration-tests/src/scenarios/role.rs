//! Scenarios of roles: who changes them, what they are called, and what asks for them.

use std::sync::Arc;
use std::time::Duration;

use auth_core::role::{MAX_ROLES, RoleConfig};
use auth_core::token::{CustomClaims, JwtOptions, TokenSubject};
use auth_core::{Backend, Client, ErrorCode as E, EventKind, RefreshOptions, RoleName};
use auth_http::{AnyBackend, RequestHead, Requirement, authenticate};
use auth_testkit::ROLE;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::audit::literal;
use super::scope::limited;
use crate::key_pair::parts;
use crate::mails::{MAGIC_LINK, ROLE_GRANTED, ROLE_REVOKED, VERIFY_EMAIL};
use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Scenario, Setup, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    superusers_grant_and_revoke_roles,
    superusers_act_in_person: direct_only,
    names_have_one_spelling,
    what_does_not_exist_is_not_found,
    every_account_has_the_default_role,
    roles_are_created_while_the_app_runs: direct_only,
    a_role_that_is_not_declared_any_more_can_be_revoked,
    a_role_is_granted_once: direct_only,
    grants_and_revocations_come_one_after_the_other: direct_only,
    grants_race_with_the_end_of_the_account: direct_only,
    an_account_has_so_many_roles_and_no_more: direct_only,
    an_account_in_doubt_gets_no_role,
    extractors_and_the_middleware_ask_for_roles: sockets_only,
    a_requirement_asks_for_roles: direct_only,
    web_tokens_name_the_roles,
    roles_are_loaded_where_they_are_wanted: direct_only,
    roles_are_exported_and_go_with_the_account,
];

/// How long a login counts as recent.
const RECENT: Duration = Duration::from_secs(600);

fn role(name: &str) -> RoleName {
    RoleName::parse(name).expect("a role")
}

fn path(who: &Login, role: &str) -> String {
    format!("{}/roles/{role}", who.path())
}

async fn grant(app: &App, by: &Login, who: &Login, role: &str) {
    app.put(&path(who, role)).by(by).send().await.is(204);
}

async fn revoke(app: &App, by: &Login, who: &Login, role: &str) {
    app.delete(&path(who, role)).by(by).send().await.is(204);
}

/// What the route says about an account.
async fn roles(app: &App, by: &Login, who: &Login) -> Value {
    app.get(&format!("{}/roles", who.path())).by(by).send().await.is(200).json()
}

/// How many events of a name there are.
async fn events(app: &App, name: &str) -> i64 {
    app.count(&format!("authn_event WHERE name = '{name}'")).await
}

async fn superusers_grant_and_revoke_roles(cx: Cx) {
    let app = cx.app().await;
    let (root, ada, grace) = (app.superuser("root").await, app.verified_user("ada").await, app.user("grace").await);
    assert_eq!(roles(&app, &root, &ada).await, json!({ "roles": ["user"], "default_role": "user" }));
    for _ in 0..2 {
        grant(&app, &root, &ada, "editor").await;
        assert_eq!(roles(&app, &root, &ada).await, json!({ "roles": ["editor", "user"], "default_role": "user" }));
    }
    let event = event!(app, RoleGranted);
    assert_eq!(event.kind, EventKind::RoleGranted { user_id: ada.id, role: "editor".to_owned() });
    assert_eq!(event.actor_id, Some(root.id));
    let row = format!("authn_user_role WHERE role = 'editor' AND granted_by = {}", literal(&app, root.id));
    assert_eq!(app.count(&row).await, 1);
    assert_eq!(roles(&app, &root, &grace).await["roles"], json!(["user"]), "nobody else got it");
    for _ in 0..2 {
        revoke(&app, &root, &ada, "editor").await;
        assert_eq!(roles(&app, &root, &ada).await["roles"], json!(["user"]));
    }
    assert_eq!(event!(app, RoleRevoked).actor_id, Some(root.id));
    assert_eq!((events(&app, "role_granted").await, events(&app, "role_revoked").await), (1, 1));
    // The sessions of the account go on.
    app.get("/users/me").by(&ada).send().await.is(200);
    let mut mails = app.kinds_to(&ada.email).await;
    mails.sort_unstable();
    let expected = [ROLE_GRANTED.name(), ROLE_REVOKED.name(), VERIFY_EMAIL.name()];
    assert_eq!(mails, expected, "one mail for each change");
    // One's own, too.
    grant(&app, &root, &root, "editor").await;
    assert_eq!(roles(&app, &root, &root).await["roles"], json!(["editor", "user"]));
}

/// Apps call the service from handlers of their own.
async fn superusers_act_in_person(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("root").await, app.user("ada").await);
    let (auth, client, editor) = (app.auth(), Client::default(), role("editor"));
    let refused = async |actor: &Login| {
        let actor = app.principal_of(actor).await;
        let granted = auth.roles().grant(&actor, ada.id, &editor, &client).await.expect_err("nobody who may").code();
        let revoked = auth.roles().revoke(&actor, ada.id, &editor, &client).await.expect_err("nobody who may").code();
        assert_eq!(granted, revoked);
        granted
    };
    assert_eq!(refused(&ada).await, E::Forbidden);
    assert_eq!(refused(&limited(&app, &root, "db", &["account:read"]).await).await, E::ScopeUpgradeRequired);
    let former = app.principal_of(&root).await;
    app.clock().advance(RECENT);
    assert_eq!(refused(&root).await, E::ReauthenticationRequired);
    // What was true when the request came is asked once more at the commit.
    app.clock().set_back(RECENT);
    app.set(&root, "sev = sev + 1").await;
    let late = auth.roles().grant(&former, ada.id, &editor, &client).await.expect_err("another epoch");
    assert_eq!(late.code(), E::Unauthorized);
    assert_eq!((app.count("authn_user_role").await, events(&app, "role_granted").await), (0, 0));
}

/// CVE-2026-134318: what is authorised is what is stored.
async fn names_have_one_spelling(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("root").await, app.user("ada").await);
    app.auth().roles().create(&role("notes:moderate")).await.expect("a role");
    for spelling in
        ["editor", "Editor", "EDITOR", "%65ditor", "%45ditor", "notes:moderate", "notes%3Amoderate", "NOTES%3amoderate"]
    {
        grant(&app, &root, &ada, spelling).await;
    }
    assert_eq!(roles(&app, &root, &ada).await["roles"], json!(["editor", "notes:moderate", "user"]));
    assert_eq!(events(&app, "role_granted").await, 2);
    let long = "r".repeat(65);
    for spelling in [
        "%20editor",
        "editor%20",
        "edi%20tor",
        "+editor",
        "editor%00",
        "editor%0A",
        "%E2%80%8Beditor",
        "%D0%B5ditor",
        "%C3%A9ditor",
        "%C3%89DITOR",
        "%EF%BD%85ditor",
        "%FFeditor",
        "-editor",
        ".editor",
        "editor,writer",
        "editor;x",
        "editor*",
        "%7Brole%7D",
        &long,
    ] {
        app.put(&path(&ada, spelling)).by(&root).send().await.rejects(&[("role", "role_invalid")]);
        let answer = app.delete(&path(&ada, spelling)).by(&root).send().await.rejects(&[("role", "role_invalid")]);
        assert_eq!(answer.json()["detail"][0]["loc"], json!(["path", "role"]), "{spelling}");
    }
    revoke(&app, &root, &ada, "EDITOR").await;
    assert_eq!(app.count("authn_user_role WHERE role = 'notes:moderate'").await, 1);
    assert_eq!(app.count("authn_user_role").await, 1);
}

async fn what_does_not_exist_is_not_found(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("root").await, app.user("ada").await);
    for path in [path(&ada, "ghost"), format!("/users/{}/roles/editor", Uuid::max()), "/users/7/roles/%20".to_owned()] {
        app.put(&path).by(&root).send().await.fails(E::NotFound);
        app.delete(&path).by(&root).send().await.fails(E::NotFound);
        // Others are told nothing about what exists.
        app.put(&path).by(&ada).send().await.fails(E::Forbidden);
        app.delete(&path).send().await.fails(E::Unauthorized);
    }
    app.get(&format!("/users/{}/roles", Uuid::max())).by(&root).send().await.fails(E::NotFound);
    assert_eq!(app.count("authn_user_role").await, 0);
}

async fn every_account_has_the_default_role(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("root").await, app.user("ada").await);
    grant(&app, &root, &ada, "user").await;
    app.delete(&path(&ada, "user")).by(&root).send().await.rejects(&[("role", "value_error")]);
    let members = RoleConfig::default().declare("editor").default_role("Member");
    let other = app.server_with(Setup::default().auth(move |auth| auth.roles(members.clone()))).await;
    grant(&other, &root, &ada, "editor").await;
    grant(&other, &root, &ada, "member").await;
    assert_eq!(roles(&other, &root, &ada).await, json!({ "roles": ["editor", "member"], "default_role": "member" }));
    other.put(&path(&ada, "user")).by(&root).send().await.fails(E::NotFound);
    other.delete(&path(&ada, "member")).by(&root).send().await.rejects(&[("role", "value_error")]);
    assert_eq!((app.count("authn_user_role").await, events(&app, "role_granted").await), (1, 1));
}

async fn roles_are_created_while_the_app_runs(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("root").await, app.user("ada").await);
    let other = app.second_server().await;
    app.put(&path(&ada, "writer")).by(&root).send().await.fails(E::NotFound);
    let created = race(16, |n| {
        let server = if n % 2 == 0 { app.clone() } else { other.clone() };
        async move { server.auth().roles().create(&role("Writer")).await }
    });
    created.await.into_iter().for_each(|created| created.expect("a role"));
    // Those that are declared need no row.
    app.auth().roles().create(&role("editor")).await.expect("a role");
    assert_eq!(app.count("authn_role").await, 1);
    assert_eq!(other.auth().roles().list().await.expect("a list"), ["editor", "user", "writer"].map(role));
    grant(&other, &root, &ada, "writer").await;
    assert_eq!(roles(&app, &root, &ada).await["roles"], json!(["user", "writer"]));
}

async fn a_role_that_is_not_declared_any_more_can_be_revoked(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("root").await, app.user("ada").await);
    grant(&app, &root, &ada, "editor").await;
    let other = app.server_with(Setup::default().auth(|auth| auth.roles(RoleConfig::default()))).await;
    assert_eq!(roles(&other, &root, &ada).await["roles"], json!(["editor", "user"]));
    other.put(&path(&ada, "editor")).by(&root).send().await.fails(E::NotFound);
    revoke(&other, &root, &ada, "editor").await;
    other.delete(&path(&ada, "editor")).by(&root).send().await.fails(E::NotFound);
    assert_eq!(roles(&app, &root, &ada).await["roles"], json!(["user"]));
}

async fn a_role_is_granted_once(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("root").await, app.verified_user("ada").await);
    let servers = [app.clone(), app.second_server().await];
    for (method, name, kind) in
        [(Method::PUT, "role_granted", ROLE_GRANTED), (Method::DELETE, "role_revoked", ROLE_REVOKED)]
    {
        let answers = race(16, |n| {
            let request = servers[n % 2].request(method.clone(), &path(&ada, "editor")).by(&root);
            async move { request.send().await }
        });
        answers.await.into_iter().for_each(|answer| drop(answer.is(204)));
        assert_eq!(events(&app, name).await, 1, "{name}");
        let mails = app.kinds_to(&ada.email).await;
        assert_eq!(mails.iter().filter(|mail| **mail == kind.name()).count(), 1, "{mails:?}");
    }
    assert_eq!(app.count("authn_user_role").await, 0);
}

async fn grants_and_revocations_come_one_after_the_other(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("root").await, app.user("ada").await);
    let user = ada.id;
    let answers = race(16, |n| {
        let (app, root, ada) = (app.clone(), root.clone(), ada.clone());
        async move {
            // Operators do not wait for superusers.
            match n % 4 {
                0 => drop(app.put(&path(&ada, "editor")).by(&root).send().await.is(204)),
                1 => drop(app.delete(&path(&ada, "editor")).by(&root).send().await.is(204)),
                2 => app.auth().roles().grant_by_operator(user, &role("editor")).await.expect("a grant"),
                _ => app.auth().roles().revoke_by_operator(user, &role("editor")).await.expect("a revocation"),
            }
        }
    });
    answers.await;
    let (granted, revoked) = (events(&app, "role_granted").await, events(&app, "role_revoked").await);
    assert_eq!(granted - revoked, app.count("authn_user_role").await, "{granted} grants, {revoked} revocations");
}

async fn grants_race_with_the_end_of_the_account(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("root").await;
    for round in 0..4 {
        let ada = app.user(&format!("ada{round}")).await;
        let answers = race(16, |n| {
            let (app, root, ada) = (app.clone(), root.clone(), ada.clone());
            async move {
                match n {
                    8 => app.delete(&ada.path()).by(&root).send().await,
                    9 => app.delete("/users/me").by(&ada).json(json!({ "password": PASSWORD })).send().await,
                    n if n % 2 == 0 => app.put(&path(&ada, "editor")).by(&root).send().await,
                    _ => app.delete(&path(&ada, "editor")).by(&root).send().await,
                }
            }
        });
        let statuses: Vec<u16> = answers.await.into_iter().map(|answer| answer.status.as_u16()).collect();
        let (ends, changes): (Vec<_>, Vec<_>) = statuses.iter().enumerate().partition(|(n, _)| [8, 9].contains(n));
        assert!(changes.iter().all(|(_, status)| [204, 404].contains(*status)), "{statuses:?}");
        assert!(ends.iter().any(|(_, status)| **status == 204), "{statuses:?}");
        assert!(!app.has_user(&ada.email).await);
        assert_eq!(app.count("authn_user_role").await, 0);
    }
}

async fn an_account_has_so_many_roles_and_no_more(cx: Cx) {
    let setup = Setup::default().backends(|| {
        let options = JwtOptions { roles: true, ..JwtOptions::default() };
        vec![Backend::bearer("db"), Backend::bearer("jwt").jwt(options)]
    });
    let app = cx.app_with(setup).await;
    let (root, ada) = (app.superuser("root").await, app.user("ada").await);
    let many = usize::try_from(MAX_ROLES).expect("a few");
    let names: Vec<String> = (0..many + 8).map(|n| format!("{}{n:02}", "r".repeat(62))).collect();
    for name in &names {
        app.auth().roles().create(&role(name)).await.expect("a role");
    }
    for name in &names[..many - 8] {
        grant(&app, &root, &ada, name).await;
    }
    let answers = race(16, |n| {
        let request = app.put(&path(&ada, &names[many - 8 + n])).by(&root);
        async move { request.send().await }
    });
    let (granted, refused): (Vec<_>, Vec<_>) = answers.await.into_iter().partition(|answer| answer.status == 204);
    assert_eq!((granted.len(), refused.len()), (8, 8));
    refused.into_iter().for_each(|answer| drop(answer.rejects(&[("role", "too_many")])));
    // A role that it has is nothing new, and a token that names all of them is not too long.
    grant(&app, &root, &ada, &names[0]).await;
    let token = app.login(&ada, "jwt").await.token;
    assert_eq!(parts(&token).1["roles"].as_array().map(Vec::len), Some(many + 1));
}

/// Somebody else may know the password of an account whose address was verified from afar.
async fn an_account_in_doubt_gets_no_role(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("root").await;
    let ada = app.register("ada").await;
    let token = app.token_to(&ada.email, VERIFY_EMAIL).await;
    app.post("/auth/verify").json(json!({ "token": token })).send().await.is(200);
    app.put(&path(&ada, "editor")).by(&root).send().await.rejects(&[("role", "value_error")]);
    // What others may know is gone once the owner has logged in by mail.
    app.post("/auth/magic-link").json(json!({ "email": ada.email })).send().await.is(202);
    let token = app.token_to(&ada.email, MAGIC_LINK).await;
    app.post("/auth/magic-link/verify").json(json!({ "token": token })).send().await.is(204);
    grant(&app, &root, &ada, "editor").await;
}

async fn extractors_and_the_middleware_ask_for_roles(cx: Cx) {
    const PATHS: [&str; 3] = ["/host/editor", "/host/editor-db", "/host/editors/secret"];
    let app = cx.app().await;
    let (root, ada) = (app.superuser("root").await, app.user("ada").await);
    let jwt = app.login(&ada, "jwt").await;
    for path in PATHS {
        app.get(path).send().await.fails(E::Unauthorized);
        app.get(path).by(&ada).send().await.fails(E::Forbidden);
        app.get(path).by(&root).send().await.fails(E::Forbidden);
    }
    grant(&app, &root, &ada, "editor").await;
    for path in PATHS {
        let _ = app.statements().take();
        assert_eq!(app.get(path).by(&ada).send().await.is(200).body, "ada@example.org", "{path}");
        let statements = app.statements().take();
        assert_eq!(statements.len(), 2, "{path}: {statements:#?}");
        app.get(path).by(&limited(&app, &ada, "db", &["editor"]).await).send().await.fails(E::ScopeUpgradeRequired);
    }
    // A token that was issued before says nothing about roles.
    app.get("/host/editor").by(&jwt).send().await.is(200);
    app.get("/host/editor-db").by(&jwt).send().await.fails(E::Unauthorized);
    app.expire_password(&ada).await;
    app.get("/host/editor").by(&ada).send().await.fails(E::PasswordChangeRequired);
    app.set(&ada, "must_change_password = FALSE").await;
    revoke(&app, &root, &ada, "editor").await;
    for path in PATHS {
        app.get(path).by(&ada).send().await.fails(E::Forbidden);
    }
    app.get("/host/editor").by(&jwt).send().await.fails(E::Forbidden);
    app.lose_database().await;
    app.get("/host/editor").by(&ada).send().await.fails(E::Overloaded);
}

/// The same without a framework, with more than one role.
async fn a_requirement_asks_for_roles(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("root").await, app.user("ada").await);
    app.auth().roles().create(&role("writer")).await.expect("a role");
    let asks = async |who: &Login, requirement: Requirement| {
        let bearer = HeaderValue::try_from(format!("Bearer {}", who.token)).expect("a header");
        let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, bearer)]);
        let head = RequestHead { method: &Method::GET, headers: &headers, peer: None };
        let _ = app.statements().take();
        let found = authenticate::<AnyBackend>(app.auth(), &head, None, &requirement).await;
        (found.map(|found| found.user.id).map_err(|problem| problem.code()), app.statements().take().len())
    };
    let editor = || Requirement::new().role("Editor");
    let both = || editor().role("writer").role("editor");
    assert_eq!(asks(&ada, Requirement::new()).await, (Ok(ada.id), 1));
    assert_eq!(asks(&ada, Requirement::new().role("user")).await, (Ok(ada.id), 1), "everybody has it");
    assert_eq!(asks(&ada, editor()).await, (Err(E::Forbidden), 2));
    grant(&app, &root, &ada, "editor").await;
    assert_eq!(asks(&ada, editor().role("user")).await, (Ok(ada.id), 2));
    assert_eq!(asks(&ada, both()).await, (Err(E::Forbidden), 2));
    grant(&app, &root, &ada, "writer").await;
    assert_eq!(asks(&ada, both()).await, (Ok(ada.id), 2));
    for impossible in ["", " editor", "editor ", "еditor", "*"] {
        assert_eq!(asks(&ada, Requirement::new().role(impossible)).await.0, Err(E::Forbidden), "{impossible:?}");
    }
    let program = limited(&app, &ada, "db", &["notes:write"]).await;
    assert_eq!(asks(&program, editor()).await, (Err(E::ScopeUpgradeRequired), 1));
    assert_eq!(asks(&program, editor().scopes(["notes:write"])).await, (Ok(ada.id), 2));
    assert_eq!(asks(&program, editor().scopes(["notes:read"])).await, (Err(E::ScopeUpgradeRequired), 1));
    revoke(&app, &root, &ada, "editor").await;
    assert_eq!(asks(&ada, both()).await, (Err(E::Forbidden), 2));
    assert_eq!(asks(&ada, Requirement::new().role("writer")).await, (Ok(ada.id), 2));
}

/// Backends whose tokens name the roles, or do not.
fn web_tokens() -> Vec<Backend> {
    let claims: CustomClaims = Arc::new(|subject: &TokenSubject<'_>| {
        let count = subject.roles.map_or(Value::Null, |roles| json!(roles.roles.len()));
        let seen = json!({ "backend": subject.session.backend, "email": subject.user.email, "count": count });
        Map::from_iter([("seen".to_owned(), seen), ("roles".to_owned(), json!("the app's own"))])
    });
    let with = JwtOptions { roles: true, claims: Some(claims.clone()), ..JwtOptions::default() };
    let without = JwtOptions { claims: Some(claims), ..JwtOptions::default() };
    vec![
        Backend::bearer("db"),
        Backend::bearer("with").jwt(with).refresh(RefreshOptions::default()),
        Backend::bearer("without").jwt(without).refresh(RefreshOptions::default()),
    ]
}

/// A pair of tokens, and the claims of the access token.
fn pair(answer: &Value) -> (Value, Value) {
    let token = answer["access_token"].as_str().expect("a token");
    (answer["refresh_token"].clone(), parts(token).1)
}

async fn web_tokens_name_the_roles(cx: Cx) {
    let app = cx.app_with(Setup::default().backends(web_tokens)).await;
    let (root, ada) = (app.superuser("root").await, app.user("ada").await);
    let login = app.try_login(&ada.email, PASSWORD, "with").await.is(200).json();
    let refresh = async |token: &Value| {
        pair(&app.post("/auth/token/refresh").json(json!({ "refresh_token": token })).send().await.is(200).json())
    };
    let says = |claims: &Value, roles: Value| {
        assert_eq!((&claims["roles"], &claims["default_role"]), (&roles, &json!("user")));
        let count = roles.as_array().map(Vec::len);
        assert_eq!(claims["seen"], json!({ "backend": "with", "email": "ada@example.org", "count": count }));
    };
    let (token, claims) = pair(&login);
    says(&claims, json!(["user"]));
    grant(&app, &root, &ada, "editor").await;
    let (token, claims) = refresh(&token).await;
    says(&claims, json!(["editor", "user"]));
    revoke(&app, &root, &ada, "editor").await;
    let (_, claims) = refresh(&token).await;
    says(&claims, json!(["user"]));
    // The others have what the app says.
    let (_, claims) = pair(&app.try_login(&ada.email, PASSWORD, "without").await.is(200).json());
    let seen = json!({ "backend": "without", "email": "ada@example.org", "count": null });
    assert_eq!((&claims["roles"], claims.get("default_role"), &claims["seen"]), (&json!("the app's own"), None, &seen));
}

async fn roles_are_loaded_where_they_are_wanted(cx: Cx) {
    let app = cx.app_with(Setup::default().backends(web_tokens)).await;
    let ada = app.user("ada").await;
    let mut costs = Vec::new();
    for backend in ["with", "without"] {
        let login = app.try_login(&ada.email, PASSWORD, backend).await.is(200).json();
        let _ = app.statements().take();
        let body = json!({ "refresh_token": login["refresh_token"] });
        app.post("/auth/token/refresh").json(body).send().await.is(200);
        costs.push(app.statements().take().len());
    }
    assert_eq!(costs, [app.cost("token.refresh") + 1, app.cost("token.refresh")]);
}

async fn roles_are_exported_and_go_with_the_account(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("root").await, app.user("ada").await);
    let export = async || app.get("/users/me/export").by(&ada).send().await.is(200).json()["roles"].clone();
    assert_eq!(export().await, json!([]));
    grant(&app, &root, &ada, ROLE).await;
    let exported = export().await;
    assert_eq!((exported[0]["role"].clone(), exported[0]["granted_by"].clone()), (json!(ROLE), json!(root.id)));
    assert!(exported[0]["granted_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{exported}");
    app.delete("/users/me").by(&ada).json(json!({ "password": PASSWORD })).send().await.is(204);
    assert_eq!(app.count("authn_user_role").await, 0);
    app.get(&format!("{}/roles", ada.path())).by(&root).send().await.fails(E::NotFound);
}
