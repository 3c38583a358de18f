//! The public keys of the tokens.

use auth_core::{Auth, key_set};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};

use crate::call::Call;
use crate::decode::Schema;
use crate::endpoint::{DeclaredHeader, Endpoint, Group};
use crate::problem::Problem;
use crate::reply::Reply;

const PUBLIC: [DeclaredHeader; 2] = [
    DeclaredHeader {
        name: "Access-Control-Allow-Origin",
        about: "`*`: pages of any site may read it, and any cache may keep it for five minutes.",
        always: true,
    },
    DeclaredHeader { name: "ETag", about: "Names the version, for `If-None-Match`.", always: true },
];

pub(super) fn endpoints(_: &Auth) -> Vec<Endpoint> {
    vec![
        Endpoint::get("token.keys", Group::Auth, "/jwks.json")
            .public(keys)
            .summary("Returns the public keys that verify this server's JSON Web Tokens (RFC 7517).")
            .success(200, "The key set; empty if every key is a shared secret.", Some(schema))
            .headers(&PUBLIC)
            .success(304, "The client has it: `If-None-Match` names its `ETag`.", None)
            .headers(&PUBLIC)
            .costs(0),
    ]
}

async fn keys(call: Call) -> Result<Reply, Problem> {
    Reply::public(&call.parts.headers, &key_set(call.auth.backends()))
}

fn schema() -> Schema {
    let key = ObjectBuilder::new().schema_type(Type::Object);
    let keys = ArrayBuilder::new().items(key);
    RefOr::T(ObjectBuilder::new().schema_type(Type::Object).property("keys", keys).required("keys").into())
}
