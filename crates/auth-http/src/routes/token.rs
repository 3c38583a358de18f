//! The public keys of the tokens.

use auth_core::{Auth, key_set};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};

use crate::call::Call;
use crate::decode::Schema;
use crate::endpoint::{Endpoint, Group};
use crate::problem::Problem;
use crate::reply::Reply;

pub(super) fn endpoints(_: &Auth) -> Vec<Endpoint> {
    vec![
        Endpoint::get("token.keys", Group::Auth, "/jwks.json")
            .public(keys)
            .summary("Returns the public keys that verify this server's JSON Web Tokens (RFC 7517).")
            .success(200, "The key set; empty if every key is a shared secret.", Some(schema))
            .costs(0),
    ]
}

async fn keys(call: Call) -> Result<Reply, Problem> {
    Reply::ok(&key_set(call.auth.backends()))
}

fn schema() -> Schema {
    let key = ObjectBuilder::new().schema_type(Type::Object);
    let keys = ArrayBuilder::new().items(key);
    RefOr::T(ObjectBuilder::new().schema_type(Type::Object).property("keys", keys).required("keys").into())
}
