//! Who did it: every route that changes something leaves an event, and each event names the account whose session asked
//! for it, or whose owner gave a password or opened a mailed link (SEC-03).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use auth_core::audit::{AuditEvent, AuditQuery};
use auth_core::{ErrorCode as E, EventKind, Limits};
use auth_http::Endpoint;
use serde_json::{Value, json};
use uuid::Uuid;

use super::device::event_told;
use crate::mails::{
    CONFIRM_DEVICE, CONFIRM_EMAIL, EMAIL_CHANGED, INVITATION, MAGIC_LINK, RESET_PASSWORD, VERIFY_EMAIL,
};
use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Request, Scenario, Setup, samples};

pub(super) const SCENARIOS: &[Scenario] =
    scenarios![every_change_names_who_made_it, a_superuser_leaves_a_direction, what_fails_names_the_session_too];

const NEW: &str = "kettle-Umbrella-42-river";

/// Who causes an event.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Actor {
    /// Somebody without a session, a password or a link.
    Nobody,
    /// The owner of the account that it is about, by a session, a password or a mailed link.
    Owner,
    /// A superuser, about the account of somebody else.
    Superuser,
}

use Actor::{Nobody, Owner, Superuser};

/// The action of each endpoint that changes something, an event that it leaves, and who causes that.
const ROWS: &[(&str, &str, Actor)] = &[
    ("registration.register", "register", Nobody),
    ("login.login", "login_success", Owner),
    ("session.logout", "logout", Owner),
    ("session.end", "session_revoked", Owner),
    ("session.logout_all", "sessions_revoked", Owner),
    ("session.logout_others", "sessions_revoked", Owner),
    ("profile.update", "user_updated", Owner),
    ("profile.change_password", "password_changed", Owner),
    ("profile.delete", "user_deleted", Owner),
    ("verification.request", "verify_requested", Nobody),
    ("verification.verify", "verified", Owner),
    ("password_reset.request", "reset_requested", Nobody),
    ("password_reset.reset", "reset_done", Owner),
    ("email_change.request", "address_change_requested", Owner),
    ("email_change.confirm", "address_changed", Owner),
    ("email_change.revert", "address_reverted", Owner),
    ("magic_link.request", "magic_requested", Nobody),
    ("magic_link.verify", "login_success", Owner),
    ("device.confirm", "device_confirmed", Owner),
    ("device.forget", "device_forgotten", Owner),
    ("invitation.send", "invited", Superuser),
    ("invitation.accept", "invitation_accepted", Owner),
    ("admin.create", "register", Superuser),
    ("admin.update", "user_updated", Superuser),
    ("admin.reset_password", "admin_password_reset", Superuser),
    ("admin.delete", "user_deleted", Superuser),
    ("role.grant", "role_granted", Superuser),
    ("role.revoke", "role_revoked", Superuser),
];

/// The endpoint of an action that has the backend `db`, where backends have their own.
fn endpoint(app: &App, action: &str) -> Arc<Endpoint> {
    let mut all = app.table().endpoints().iter().filter(|endpoint| endpoint.action() == action);
    let db = all.clone().find(|endpoint| endpoint.is_below_backend() && endpoint.backend() == Some("db"));
    db.or_else(|| all.next()).unwrap_or_else(|| panic!("remove the row of {action}: there is no such endpoint")).clone()
}

/// What happened since a moment.
async fn since(app: &App, moment: time::OffsetDateTime) -> Vec<AuditEvent> {
    let query = AuditQuery { limit: Some(100), ..AuditQuery::default() };
    let page = app.auth().audit().list(query).await.expect("a page");
    page.items.into_iter().filter(|event| event.at >= moment).collect()
}

async fn every_change_names_who_made_it(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("root").await;
    let feature = |action: &'static str| action.split('.').next().unwrap_or(action);
    let rows: BTreeSet<&str> = ROWS.iter().map(|row| row.0).collect();
    let features: BTreeSet<&str> = ROWS.iter().map(|row| feature(row.0)).collect();
    let changes = app.table().endpoints().iter().filter(|row| row.is_unsafe()).map(|row| row.action());
    let changes: BTreeSet<&str> = changes.filter(|action| features.contains(feature(action))).collect();
    assert_eq!(changes, rows, "each endpoint of these features that changes something has a row, with its event");
    for (action, name, actor) in ROWS {
        let (request, who) = ready(&app, action, &root).await;
        app.deliver().await;
        app.clock().advance(Duration::from_millis(1));
        let before = app.auth().now();
        let answer = request.send().await;
        assert!(answer.status.is_success(), "{action}: {}", answer.text());
        app.deliver().await;
        let events = since(&app, before).await;
        assert!(events.iter().any(|event| event.name == *name), "{action} leaves no {name}: {events:?}");
        for event in events {
            let subject = event.subject_id.unwrap_or_else(|| panic!("{action}: {event:?}"));
            // An account that the request has created has an id that is not known before.
            if !matches!(*action, "registration.register" | "admin.create") {
                assert_eq!(subject, who.id, "{action}: {event:?}");
            }
            let expected = match actor {
                Nobody => None,
                Owner => Some(who.id),
                Superuser => Some(root.id),
            };
            assert_eq!(event.actor_id, expected, "{action}: {event:?}");
        }
    }
}

/// A request of an action that succeeds, and the account that it is about.
async fn ready(app: &App, action: &str, root: &Login) -> (Request, Login) {
    let name = action.replace(['.', '_'], "-");
    let who = app.user(&name).await;
    let endpoint = endpoint(app, action);
    let path = samples::path_of(&endpoint.full_path(), &who.id.to_string());
    let request = app.request(endpoint.method.clone(), &path);
    let mail = || json!({ "email": who.email });
    let by = |request: Request| request.by(&who);
    let request = match action {
        "registration.register" => request.json(json!({ "email": "new@example.org", "password": PASSWORD })),
        "login.login" => request.json(json!({ "username": who.email, "password": PASSWORD })),
        "session.logout" | "session.logout_others" => by(request),
        "session.end" => {
            let other = app.login(&who, "cookie").await;
            let list = app.get("/auth/sessions").by(&other).send().await.is(200).json();
            let sessions = list["sessions"].as_array().expect("a list");
            let id = sessions.iter().find(|session| session["current"] == json!(true)).expect("one")["id"].clone();
            by(app.delete(&format!("/auth/sessions/{}", id.as_str().expect("an id"))))
        }
        "device.forget" => {
            app.login(&who, "cookie").await;
            let list = app.get("/auth/devices").by(&who).send().await.is(200).json();
            let id = list["devices"][0]["id"].as_str().expect("an id").to_owned();
            by(app.delete(&format!("/auth/devices/{id}")))
        }
        "session.logout_all" => by(request).json(json!({ "everywhere": true })),
        "profile.update" => by(request).json(json!({ "display_name": "Ada" })),
        "profile.change_password" => by(request).json(json!({ "old_password": PASSWORD, "new_password": NEW })),
        "profile.delete" => by(request).json(json!({ "password": PASSWORD })),
        "verification.request" | "password_reset.request" | "magic_link.request" => request.json(mail()),
        "email_change.request" => by(request).json(json!({ "new_email": format!("{name}-new@example.org") })),
        "invitation.send" => {
            let body = json!({ "email": "guest@example.org" });
            let guest = Login::new(&app.post("/users").by(root).json(body).send().await.is(201).json());
            return (app.post(&format!("{}/invite", guest.path())).by(root), guest);
        }
        "admin.create" => request.by(root).json(json!({ "email": "made@example.org", "is_superuser": true })),
        "admin.update" => request.by(root).json(json!({ "is_superuser": true, "password": NEW })),
        "admin.reset_password" => request.by(root).json(json!({ "new_password": NEW })),
        "admin.delete" | "role.grant" => request.by(root),
        "role.revoke" => {
            app.put(&path).by(root).send().await.is(204);
            request.by(root)
        }
        _ => return redeemed(app, action, request, who, root).await,
    };
    (request, who)
}

/// The same of actions that redeem what was mailed.
async fn redeemed(app: &App, action: &str, request: Request, who: Login, root: &Login) -> (Request, Login) {
    let ask = async |path: &str, body: Value| app.post(path).by(&who).json(body).send().await.is(202);
    let new = format!("new-{}", who.email);
    let token = match action {
        "verification.verify" => app.token_to(&who.email, VERIFY_EMAIL).await,
        "password_reset.reset" => {
            app.post("/auth/forgot-password").json(json!({ "email": who.email })).send().await.is(202);
            app.token_to(&who.email, RESET_PASSWORD).await
        }
        "magic_link.verify" => {
            app.post("/auth/magic-link").json(json!({ "email": who.email })).send().await.is(202);
            app.token_to(&who.email, MAGIC_LINK).await
        }
        "device.confirm" => {
            // Only where attempts are limited, they may be too many.
            let limited = app.server_with(Setup::default().auth(|auth| auth.limits(Limits::default()))).await;
            for _ in 0..5 {
                limited.try_login(&who.email, NEW, "cookie").await.fails(E::LoginBadCredentials);
            }
            limited.try_login(&who.email, NEW, "cookie").await.fails(E::RateLimited);
            event_told(&limited).await;
            limited.token_to(&who.email, CONFIRM_DEVICE).await
        }
        "email_change.confirm" => {
            ask("/auth/change-email", json!({ "new_email": new })).await;
            app.token_to(&new, CONFIRM_EMAIL).await
        }
        "email_change.revert" => {
            app.verify(&who).await;
            ask("/auth/change-email", json!({ "new_email": new })).await;
            let body = json!({ "token": app.token_to(&new, CONFIRM_EMAIL).await });
            app.post("/auth/change-email/confirm").json(body).send().await.is(200);
            app.token_to(&who.email, EMAIL_CHANGED).await
        }
        "invitation.accept" => {
            let body = json!({ "email": "invited@example.org" });
            let guest = Login::new(&app.post("/users").by(root).json(body).send().await.is(201).json());
            let token = app.token_to(&guest.email, INVITATION).await;
            return (request.json(json!({ "token": token, "password": NEW })), guest);
        }
        _ => panic!("say here how a request of {action} succeeds"),
    };
    (request.json(json!({ "token": token, "password": NEW })), who)
}

async fn a_superuser_leaves_a_direction(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("root").await, app.register("ada").await);
    let change = async |body: Value| app.patch(&ada.path()).by(&root).json(body).send().await.is(200);
    for is_superuser in [true, false] {
        change(json!({ "is_superuser": is_superuser })).await;
        let event = event!(app, RoleChanged);
        assert_eq!(event.kind, EventKind::RoleChanged { user_id: ada.id, is_superuser });
        assert_eq!(event.actor_id, Some(root.id));
    }
    for is_active in [false, true] {
        change(json!({ "is_active": is_active })).await;
        let event = event!(app, ActivationChanged);
        assert_eq!(event.kind, EventKind::ActivationChanged { user_id: ada.id, is_active });
        assert_eq!(event.actor_id, Some(root.id));
    }
    let body = json!({ "email": "grace@example.org", "is_superuser": true });
    let grace: Uuid = Login::new(&app.post("/users").by(&root).json(body).send().await.is(201).json()).id;
    let event = event!(app, RoleChanged);
    assert_eq!(event.kind, EventKind::RoleChanged { user_id: grace, is_superuser: true });
    assert_eq!(event.actor_id, Some(root.id));
}

async fn what_fails_names_the_session_too(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    let wrong = json!({ "old_password": "wrong-Password-1", "new_password": NEW });
    app.post("/auth/change-password").by(&ada).json(wrong).send().await.fails(E::ChangePasswordBadPassword);
    assert_eq!(event!(app, PasswordChangeFailed).actor_id, Some(ada.id));
    app.try_login(&ada.email, "wrong-Password-1", "db").await.fails(E::LoginBadCredentials);
    assert_eq!(event!(app, LoginFailed).actor_id, None, "whose password was guessed has done nothing");
}
