//! The health check.

use http::Method;
use serde_json::json;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::Problem;
use crate::decode::Schema;
use crate::dispatch::Call;
use crate::endpoint::{Endpoint, Group, Handler};
use crate::reply::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(
            "health.check",
            Group::Health,
            Method::GET,
            "/healthz",
            Handler::Public(|call| Box::pin(check(call))),
        )
        .summary("Tells that the server runs and takes requests.")
        .success(200, "It does.", Some(schema))
        .without_database(),
    ]
}

async fn check(_: Call) -> Result<Reply, Problem> {
    Reply::ok(&json!({ "status": "ok" }))
}

fn schema() -> Schema {
    let status = ObjectBuilder::new().schema_type(Type::String);
    RefOr::T(ObjectBuilder::new().schema_type(Type::Object).property("status", status).required("status").into())
}
