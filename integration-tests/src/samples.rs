//! A request that each endpoint takes, for the scenarios that walk the whole table.

use auth_http::{Access, BodyType, Endpoint};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{App, Login, PASSWORD, Request};

/// A request that reaches the endpoint, with its parameters filled in.
pub(crate) fn bare(app: &App, endpoint: &Endpoint) -> Request {
    app.request(endpoint.method.clone(), &path(endpoint))
}

/// The same with a body that the endpoint takes.
pub(crate) fn request(app: &App, endpoint: &Endpoint) -> Request {
    match endpoint.body {
        BodyType::None => bare(app, endpoint),
        BodyType::Json | BodyType::JsonOrForm => bare(app, endpoint).json(body(endpoint)),
    }
}

/// The path, with an id that nothing has.
pub(crate) fn path(endpoint: &Endpoint) -> String {
    endpoint.full_path().replace("{id}", &Uuid::max().to_string())
}

/// A body that validates. Public endpoints need one, because they have nothing to refuse before it.
pub(crate) fn body(endpoint: &Endpoint) -> Value {
    let action = endpoint.id.split('.').take(2).collect::<Vec<_>>().join(".");
    match action.as_str() {
        "account.register" => json!({ "email": "sample@example.org", "password": PASSWORD }),
        "session.login" => json!({ "username": "sample@example.org", "password": PASSWORD }),
        "verification.request" | "password_reset.request" | "magic_link.request" => {
            json!({ "email": "sample@example.org" })
        }
        "verification.verify" | "email_change.confirm" | "email_change.revert" | "magic_link.verify" => {
            json!({ "token": "none" })
        }
        "password_reset.reset" => json!({ "token": "none", "password": PASSWORD }),
        "admin.reset_password" => json!({ "new_password": PASSWORD }),
        _ if endpoint.access() != Access::Public => json!({}),
        _ => panic!("add a body that validates for {} to samples.rs", endpoint.id),
    }
}

/// Somebody who may call the endpoint, through the backend that it is for.
pub(crate) async fn caller(app: &App, endpoint: &Endpoint) -> Option<Login> {
    if endpoint.access() == Access::Public {
        return None;
    }
    let name = endpoint.id.replace(['.', '_'], "-");
    let backend = endpoint.backend.as_deref().unwrap_or("db");
    let login = app.login(&app.register(&name).await, backend).await;
    if endpoint.access() == Access::Superuser {
        app.set(&login, "is_superuser = TRUE").await;
    }
    Some(login)
}
