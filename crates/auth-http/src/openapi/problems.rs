//! The answers that are problems.

use std::collections::BTreeSet;

use auth_core::{Auth, ErrorCode};
use http::StatusCode;
use serde_json::{Value, json};
use utoipa::openapi::content::{Content, ContentBuilder};
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{Object, Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::describe;
use crate::credential;
use crate::decode::Schema;
use crate::endpoint::Endpoint;
use crate::problem::{FieldProblem, Problem, Shape};
use crate::table::Table;

const VALIDATION: &str = "ValidationProblem";

/// The shapes that problems refer to.
pub(super) fn schemas() -> Vec<(String, Schema)> {
    let fields = ArrayBuilder::new().items(Ref::from_schema_name(FieldProblem::name()));
    let validation = body(fields).description(Some("Every field that does not validate."));
    vec![(FieldProblem::name().into_owned(), FieldProblem::schema()), (VALIDATION.to_owned(), validation.into())]
}

/// The responses that several routes share: those of one code alone.
pub(super) fn shared_responses(table: &Table) -> Vec<(String, Response)> {
    let endpoints = table.endpoints().iter().filter(|endpoint| endpoint.group.shape() == Shape::Detail);
    let groups = endpoints.flat_map(|endpoint| describe::errors_by_status(endpoint));
    let alone: BTreeSet<ErrorCode> = groups.filter_map(|(_, codes)| only(&codes)).collect();
    alone.into_iter().map(|code| (component(code), response(table.auth(), Shape::Detail, &[code]))).collect()
}

/// A route's problems, one response for each status.
pub(super) fn responses(auth: &Auth, endpoint: &Endpoint) -> Vec<(String, RefOr<Response>)> {
    let answer = |(status, codes): (u16, Vec<ErrorCode>)| {
        let shape = endpoint.group.shape();
        let response = match only(&codes) {
            Some(code) if shape == Shape::Detail => RefOr::Ref(Ref::from_response_name(component(code))),
            _ => RefOr::T(response(auth, shape, &codes)),
        };
        (status.to_string(), response)
    };
    describe::errors_by_status(endpoint).into_iter().map(answer).collect()
}

fn only(codes: &[ErrorCode]) -> Option<ErrorCode> {
    match codes {
        [code] => Some(*code),
        _ => None,
    }
}

/// The name of a code's response: that of the code in Rust, because some texts on the wire have blanks.
fn component(code: ErrorCode) -> String {
    format!("{code:?}")
}

fn response(auth: &Auth, shape: Shape, codes: &[ErrorCode]) -> Response {
    let content = match shape {
        Shape::Detail => content(codes),
        Shape::Hasura => Content::new(Some(hasura())),
    };
    let description = match codes {
        [code] => format!("`{}`: {}", code.as_str(), code.meaning()),
        codes => codes.iter().map(|code| format!("- `{}`: {}\n", code.as_str(), code.meaning())).collect(),
    };
    let response = ResponseBuilder::new().description(description).content("application/json", content);
    let response = headers(auth, shape, codes)
        .into_iter()
        .fold(response, |response, (name, header)| response.header(name, header));
    response.build()
}

fn content(codes: &[ErrorCode]) -> Content {
    let content = ContentBuilder::new().schema(Some(schema(codes)));
    if let Some(code) = only(codes) {
        return content.example(Some(example(code))).build();
    }
    let examples = codes.iter().map(|code| {
        (component(*code), ExampleBuilder::new().summary(code.meaning()).value(Some(example(*code))).build())
    });
    content.examples_from_iter(examples).build()
}

/// The shape of a body that says one of these codes.
fn schema(codes: &[ErrorCode]) -> Schema {
    let mut shapes: Vec<Schema> = Vec::new();
    if codes.contains(&ErrorCode::Validation) {
        shapes.push(RefOr::Ref(Ref::from_schema_name(VALIDATION)));
    }
    let coded = codes.iter().copied().filter(|code| *code != ErrorCode::Validation);
    let (explained, bare): (Vec<_>, Vec<_>) = coded.partition(|code| code.has_reason());
    let (extended, bare): (Vec<_>, Vec<_>) = bare.into_iter().partition(|code| extra(*code).is_some());
    let with_extra = |code| Some(body(one_of(&[code])).property("extra", extra(code)?).required("extra").into());
    shapes.extend(extended.into_iter().filter_map(with_extra));
    if !bare.is_empty() {
        shapes.push(body(one_of(&bare)).into());
    }
    if !explained.is_empty() {
        let reason = ObjectBuilder::new().schema_type(Type::String).description(Some("The reason, for the user."));
        let detail = ObjectBuilder::new().property("code", one_of(&explained)).property("reason", reason);
        shapes.push(body(detail.required("code").required("reason")).into());
    }
    match shapes.len() {
        1 => shapes.remove(0),
        _ => RefOr::T(shapes.into_iter().fold(OneOfBuilder::new(), OneOfBuilder::item).into()),
    }
}

/// The shape of problems in the layout of hasura-backend-plus.
fn hasura() -> ObjectBuilder {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let body = ObjectBuilder::new().property("statusCode", ObjectBuilder::new().schema_type(Type::Integer));
    let body = body.property("error", text().description(Some("The name of the status.")));
    let body = body.property("message", text().description(Some("What happened, for a person.")));
    ["statusCode", "error", "message"].into_iter().fold(body, ObjectBuilder::required)
}

/// `{"detail": …}`, the shape of every other problem.
fn body(detail: impl Into<Schema>) -> ObjectBuilder {
    ObjectBuilder::new().property("detail", detail).required("detail")
}

/// The shape of what stands beside the detail of a code.
fn extra(code: ErrorCode) -> Option<ObjectBuilder> {
    match code {
        ErrorCode::ScopeUpgradeRequired => {
            let scopes = ArrayBuilder::new().items(ObjectBuilder::new().schema_type(Type::String));
            let scopes = scopes.description(Some("The scopes that are missing; none where no scope suffices."));
            Some(ObjectBuilder::new().property("scopes", scopes).required("scopes"))
        }
        _ => None,
    }
}

fn one_of(codes: &[ErrorCode]) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes.iter().map(|code| code.as_str())))
}

fn example(code: ErrorCode) -> Value {
    match code {
        ErrorCode::Validation => json!({ "detail": [FieldProblem::new("missing", "body", "email", "Field required")] }),
        code if code.has_reason() => {
            json!({ "detail": { "code": code.as_str(), "reason": "The reason, for the user." } })
        }
        ErrorCode::ScopeUpgradeRequired => json!({ "detail": code.as_str(), "extra": { "scopes": [] } }),
        code => json!({ "detail": code.as_str() }),
    }
}

fn headers(auth: &Auth, shape: Shape, codes: &[ErrorCode]) -> Vec<(&'static str, Header)> {
    let mut headers = Vec::new();
    let is_challenged = |code: &ErrorCode| Problem::new(*code).shaped(shape).status() == StatusCode::UNAUTHORIZED;
    if codes.iter().any(is_challenged) && credential::takes_bearer_in(auth, shape) {
        let about = "`Bearer` (RFC 6750, section 3).";
        headers.push(("WWW-Authenticate", header(Object::with_type(Type::String), about, true)));
    }
    if codes.iter().any(|code| matches!(code, ErrorCode::Overloaded | ErrorCode::RateLimited)) {
        let about = "How many seconds to wait before the next attempt.";
        headers.push(("Retry-After", header(Object::with_type(Type::Integer), about, true)));
    }
    if codes.contains(&ErrorCode::MethodNotAllowed) {
        let about = "The methods that the path has.";
        headers.push(("Allow", header(Object::with_type(Type::String), about, true)));
    }
    headers
}

/// A header, and whether every such answer has it. The library that builds the document knows no `required` of headers.
pub(super) fn header(schema: Object, about: &str, always: bool) -> Header {
    let header = HeaderBuilder::new().schema(Some(schema)).description(Some(about));
    header.extensions(always.then(|| Extensions::from_iter([("required", true)]))).build()
}
