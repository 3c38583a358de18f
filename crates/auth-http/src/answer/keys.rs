//! Public keys in answers.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};

use crate::decode::Schema;
use crate::endpoint::{DeclaredHeader, Endpoint};

const PUBLIC: [DeclaredHeader; 2] = [
    DeclaredHeader {
        name: "Access-Control-Allow-Origin",
        about: "`*`: pages of any site may read it, and any cache may keep it for five minutes.",
        always: true,
    },
    DeclaredHeader { name: "ETag", about: "Names the version, for `If-None-Match`.", always: true },
];

/// Declares that a route answers a key set (RFC 7517), which is the same for everybody.
pub(crate) fn declare_keys(endpoint: Endpoint, description: &'static str) -> Endpoint {
    endpoint
        .success(200, description, Some(schema))
        .headers(&PUBLIC)
        .success(304, "The client has it: `If-None-Match` names its `ETag`.", None)
        .headers(&PUBLIC)
}

fn schema() -> Schema {
    let key = ObjectBuilder::new().schema_type(Type::Object);
    let keys = ArrayBuilder::new().items(key);
    RefOr::T(ObjectBuilder::new().schema_type(Type::Object).property("keys", keys).required("keys").into())
}
