//! A request that each endpoint takes, for the scenarios that walk the whole table.

use auth_http::{BodyType, Endpoint};
use auth_testkit::ROLE;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{App, Login, PASSWORD, Request};

/// A request that reaches the endpoint, with its parameters filled in.
pub(crate) fn bare(app: &App, endpoint: &Endpoint) -> Request {
    app.request(endpoint.method.clone(), &path(endpoint))
}

/// The same with a body that the endpoint takes.
pub(crate) fn request(app: &App, endpoint: &Endpoint) -> Request {
    match endpoint.body_type() {
        BodyType::None => bare(app, endpoint),
        BodyType::Json | BodyType::JsonOrForm => bare(app, endpoint).json(body(endpoint)),
    }
}

/// The path, with an id that nothing has.
pub(crate) fn path(endpoint: &Endpoint) -> String {
    let path = path_of(&endpoint.full_path(), &Uuid::max().to_string());
    match endpoint.action() {
        // Well formed, so that it is looked for.
        "hasura.refresh" | "hasura.logout" => format!("{path}?refresh_token={}", "A".repeat(88)),
        _ => path,
    }
}

/// A path with this id, and with what its other parameters take.
pub(crate) fn path_of(template: &str, id: &str) -> String {
    template.replace("{id}", id).replace("{role}", ROLE)
}

/// A body that validates. Public endpoints need one, because they have nothing to refuse before it.
pub(crate) fn body(endpoint: &Endpoint) -> Value {
    match endpoint.action() {
        "registration.register" => json!({ "email": "sample@example.org", "password": PASSWORD }),
        "login.login" => json!({ "username": "sample@example.org", "password": PASSWORD }),
        "hasura.register" | "hasura.login" => json!({ "email": "sample@example.org", "password": PASSWORD }),
        "hasura.change_password" => json!({ "old_password": PASSWORD, "new_password": PASSWORD }),
        "verification.request" | "password_reset.request" | "magic_link.request" => {
            json!({ "email": "sample@example.org" })
        }
        "password_reset.reset" | "invitation.accept" => json!({ "token": "none", "password": PASSWORD }),
        // Well formed, so that it is looked for.
        "token.refresh" | "token.revoke" => json!({ "refresh_token": "A".repeat(88) }),
        "admin.reset_password" => json!({ "new_password": PASSWORD }),
        _ if endpoint.requirement().is_some() => json!({}),
        // Most of the others redeem what was mailed. Add a row for one that takes something else.
        _ => json!({ "token": "none" }),
    }
}

/// Somebody who may call the endpoint, through the backend that it is for.
pub(crate) async fn caller(app: &App, endpoint: &Endpoint) -> Option<Login> {
    let name = endpoint.id.replace(['.', '_'], "-");
    if matches!(endpoint.action(), "hasura.revoke" | "hasura.change_password") {
        let who = app.register(&name).await;
        let token = pair(app, &who).await["jwt_token"].as_str().expect("a token").to_owned();
        return Some(Login { token, cookie: None, ..who });
    }
    let requirement = endpoint.requirement()?;
    let backend = endpoint.backend().unwrap_or("db");
    let login = app.login(&app.register(&name).await, backend).await;
    if requirement.is_for_superusers() {
        app.promote(&login).await;
    }
    Some(login)
}

/// A request that succeeds, from somebody who may send it; one that needs what was mailed is told that its token is bad.
pub(crate) async fn succeeding(app: &App, endpoint: &Endpoint) -> Request {
    let caller = caller(app, endpoint).await;
    let request = ready(app, endpoint, caller.as_ref()).await;
    caller.iter().fold(request, |request, caller| request.by(caller))
}

/// The same without the caller's token.
pub(crate) async fn ready(app: &App, endpoint: &Endpoint, caller: Option<&Login>) -> Request {
    let target = app.register(&format!("target-{}", endpoint.id.replace(['.', '_'], "-"))).await;
    if endpoint.action() == "invitation.send" {
        // Only an account that nobody has used yet can be invited.
        app.remove_password(&target).await;
    }
    let id = match caller {
        Some(caller) if matches!(endpoint.feature(), "session" | "device") => {
            let name = format!("{}s", endpoint.feature());
            let list = app.get(&format!("/auth/{name}")).by(caller).send().await.is(200).json();
            list[name][0]["id"].as_str().expect("an id").to_owned()
        }
        _ => target.id.to_string(),
    };
    let request = app.request(endpoint.method.clone(), &path_of(&endpoint.full_path(), &id));
    if matches!(endpoint.action(), "hasura.refresh" | "hasura.logout") {
        let pair = pair(app, &target).await;
        let token = pair["refresh_token"].as_str().expect("a token");
        return app.request(endpoint.method.clone(), &format!("{}?refresh_token={token}", endpoint.full_path()));
    }
    match endpoint.body_type() {
        BodyType::None => request,
        _ if matches!(endpoint.action(), "token.refresh" | "token.revoke") => {
            let login = app.try_login(&target.email, PASSWORD, "jwt").await.is(200).json();
            request.json(json!({ "refresh_token": login["refresh_token"] }))
        }
        _ => request.json(accepted(endpoint, &target)),
    }
}

/// A pair of tokens of an account.
async fn pair(app: &App, who: &Login) -> Value {
    let body = json!({ "email": who.email, "password": PASSWORD, "cookie": false });
    app.post("/hasura/auth/login").json(body).send().await.is(200).json()
}

/// A body that the endpoint does what it is for with. `target` is somebody else.
fn accepted(endpoint: &Endpoint, target: &Login) -> Value {
    match endpoint.action() {
        "registration.register" | "hasura.register" => {
            json!({ "email": format!("fresh-{}@example.org", target.id), "password": PASSWORD })
        }
        "hasura.login" => json!({ "email": target.email, "password": PASSWORD }),
        "profile.change_password" | "hasura.change_password" => {
            json!({ "old_password": PASSWORD, "new_password": "kettle-Umbrella-42-river" })
        }
        "profile.update" => json!({ "display_name": "Ada" }),
        "admin.create" => json!({ "username": format!("fresh-{}", &target.id.simple().to_string()[12..]) }),
        "email_change.request" => json!({ "new_email": format!("new-{}@example.org", target.id) }),
        "login.login" => json!({ "username": target.email, "password": PASSWORD }),
        _ => body(endpoint),
    }
}
