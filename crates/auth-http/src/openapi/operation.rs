//! One route as an operation.

use auth_core::Auth;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::response::{Response, ResponseBuilder, Responses, ResponsesBuilder};
use utoipa::openapi::schema::{KnownFormat, Object, ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{Content, ContentBuilder, Ref, RefOr, Required, Schema as OpenApiSchema};

use super::{describe, problems, security};
use crate::decode::{BodyType, Schema};
use crate::endpoint::{DeclaredHeader, Endpoint, Success};
use crate::requirement::Requirement;

/// The operation of a route, or of those that several backends have; `endpoint` is the first of `routes`.
pub(super) fn operation(auth: &Auth, endpoint: &Endpoint, routes: &[&Endpoint]) -> Operation {
    let parameters: Vec<Parameter> = backend(routes).into_iter().chain(parameters(endpoint)).collect();
    let securities: Vec<_> = routes.iter().flat_map(|route| security::requirements(auth, route)).collect();
    OperationBuilder::new()
        .operation_id(Some(endpoint.shown_id()))
        .tag(endpoint.feature())
        .summary(Some(endpoint.summary.trim_end_matches('.')))
        .description(Some(description(endpoint)))
        .parameters((!parameters.is_empty()).then_some(parameters))
        .request_body(request_body(endpoint))
        .responses(responses(auth, endpoint, routes))
        .securities((!securities.is_empty()).then_some(securities))
        .build()
}

fn description(endpoint: &Endpoint) -> String {
    let mut text = format!("For {}.", describe::access(endpoint));
    if endpoint.body_type() == BodyType::JsonOrForm {
        text.push_str(" The body is JSON or a form, as its `Content-Type` says.");
    }
    if endpoint.requirement().is_some_and(Requirement::is_open_to_pending_password_change) {
        text.push_str(" Also open to users who must change their password.");
    }
    text
}

/// The parameter for the name of the backend, where the path has one.
fn backend(routes: &[&Endpoint]) -> Option<Parameter> {
    let below = routes.iter().filter(|route| route.is_below_backend());
    let names: Vec<&str> = below.filter_map(|route| route.backend()).collect();
    if names.is_empty() {
        return None;
    }
    let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
    let parameter = ParameterBuilder::new().name("backend").parameter_in(ParameterIn::Path).required(Required::True);
    Some(parameter.description(Some("The name of a backend.")).schema(Some(schema)).build())
}

fn parameters(endpoint: &Endpoint) -> Vec<Parameter> {
    let path = describe::path_parameters(endpoint).map(|name| {
        let schema = ObjectBuilder::new().schema_type(Type::String);
        let (schema, about) = match name {
            "id" => {
                let uuid = schema.format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)));
                (uuid, Some("The id, a UUID. A malformed id answers 404, like one that does not exist."))
            }
            "role" => (schema, Some("The name of a role. ASCII letters may be in upper case.")),
            _ => (schema, None),
        };
        let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True);
        parameter.description(about).schema(Some(schema)).build()
    });
    let query = endpoint.shapes.query.map(|schema| describe::fields(&schema())).unwrap_or_default();
    let query = query.into_iter().map(|field| {
        let required = if field.required { Required::True } else { Required::False };
        let parameter = ParameterBuilder::new().name(field.name).parameter_in(ParameterIn::Query).required(required);
        parameter.description(Some(field.description)).schema(Some(undescribed(field.schema))).build()
    });
    path.chain(query).collect()
}

/// A parameter says itself what it means; its schema need not do so again. It is there or not, and never null.
fn undescribed(schema: Schema) -> Schema {
    match schema {
        RefOr::T(OpenApiSchema::Object(mut object)) => {
            object.description = None;
            if let SchemaType::Array(kinds) = &object.schema_type
                && let Some(kind) = kinds.first()
            {
                object.schema_type = SchemaType::Type(kind.clone());
            }
            RefOr::T(OpenApiSchema::Object(object))
        }
        other => other,
    }
}

/// The shape of a route's body, by the name of the request.
pub(super) fn body_component(endpoint: &Endpoint) -> Option<(String, Schema)> {
    let schema = endpoint.shapes.body?();
    let RefOr::T(OpenApiSchema::Object(object)) = &schema else { return None };
    object.title.clone().map(|name| (name, schema))
}

fn request_body(endpoint: &Endpoint) -> Option<RequestBody> {
    let types: &[&str] = match endpoint.body_type() {
        BodyType::None => return None,
        BodyType::Json => &["application/json"],
        BodyType::JsonOrForm => &["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
    };
    let schema = endpoint.shapes.body?();
    let needed = describe::fields(&schema).iter().any(|field| field.required);
    let example = describe::example(&schema);
    let schema = match body_component(endpoint) {
        Some((name, _)) => RefOr::Ref(Ref::from_schema_name(name)),
        None => schema,
    };
    let content = ContentBuilder::new().schema(Some(schema)).example(Some(example)).build();
    let body = RequestBodyBuilder::new().required(Some(if needed { Required::True } else { Required::False }));
    Some(types.iter().fold(body, |body, kind| body.content(*kind, content.clone())).build())
}

fn responses(auth: &Auth, endpoint: &Endpoint, routes: &[&Endpoint]) -> Responses {
    let successes = describe::successes(routes)
        .into_iter()
        .map(|(answer, description)| (answer.status.as_str().to_owned(), RefOr::T(success(answer, description))));
    ResponsesBuilder::new()
        .responses_from_iter(successes)
        .responses_from_iter(problems::responses(auth, endpoint))
        .build()
}

fn success(success: &Success, description: String) -> Response {
    let mut response = ResponseBuilder::new().description(description);
    if let Some(schema) = success.schema {
        response = response.content("application/json", Content::new(Some(schema())));
    }
    let headers = success.headers.iter();
    headers.fold(response, |response, header| response.header(header.name, declared(header))).build()
}

fn declared(header: &DeclaredHeader) -> Header {
    problems::header(Object::with_type(Type::String), header.about, header.always)
}
