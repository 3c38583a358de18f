//! The health check.

use auth_core::Auth;
use serde_json::json;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::call::Call;
use crate::decode::Schema;
use crate::endpoint::{Endpoint, Group};
use crate::problem::Problem;
use crate::reply::Reply;

pub(super) fn endpoints(_: &Auth) -> Vec<Endpoint> {
    vec![
        Endpoint::get("health.check", Group::Health, "/healthz")
            .public(check)
            .summary("Reports that the server accepts requests.")
            .success(200, "It does.", Some(schema))
            .costs(0),
    ]
}

async fn check(_: Call) -> Result<Reply, Problem> {
    Reply::ok(&json!({ "status": "ok" }))
}

fn schema() -> Schema {
    let status = ObjectBuilder::new().schema_type(Type::String);
    RefOr::T(ObjectBuilder::new().schema_type(Type::Object).property("status", status).required("status").into())
}
