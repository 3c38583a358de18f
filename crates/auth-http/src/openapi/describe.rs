//! Words and examples for routes, shared by the OpenAPI document and the pages.

use auth_core::BuiltBackend;
use auth_core::{Auth, ErrorCode, Transport};
use serde_json::{Map, Value, json};
use utoipa::openapi::schema::{KnownFormat, Object, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema as OpenApiSchema};

use crate::decode::Schema;
use crate::endpoint::{Endpoint, Success};
use crate::problem::Problem;
use crate::table::Table;

/// Where the app is reached, without a slash at the end.
pub(crate) fn base_url(auth: &Auth) -> String {
    auth.settings().public_url.as_str().trim_end_matches('/').to_owned()
}

/// A backend, as an item of a list in Markdown.
pub(crate) fn backend(backend: &BuiltBackend) -> String {
    let name = &backend.name;
    match &backend.transport {
        Transport::Bearer => format!("- `{name}`: the header `Authorization: Bearer` (RFC 6750)"),
        Transport::Cookie { name: cookie, .. } => format!("- `{name}`: the cookie `{cookie}`, kept by the browser"),
    }
}

/// The routes as documents show them: those that differ by the backend in their path are one. No list is empty.
pub(crate) fn operations(table: &Table) -> Vec<Vec<&Endpoint>> {
    let mut operations: Vec<Vec<&Endpoint>> = Vec::new();
    for endpoint in table.endpoints() {
        let same = |shown: &Endpoint| endpoint.is_below_backend() && shown.shown_id() == endpoint.shown_id();
        match operations.iter_mut().find(|routes| routes.iter().any(|shown| same(shown))) {
            Some(routes) => routes.push(endpoint),
            None => operations.push(vec![endpoint]),
        }
    }
    operations
}

/// The answers of an operation that are not problems, each with the backends that give it, if not every one does.
pub(crate) fn successes<'e>(routes: &[&'e Endpoint]) -> Vec<(&'e Success, String)> {
    let mut found: Vec<(&Success, Vec<&str>)> = Vec::new();
    for route in routes {
        let backend = route.backend().unwrap_or_default();
        for success in &route.successes {
            match found.iter_mut().find(|(other, _)| other.status == success.status) {
                Some((_, backends)) => backends.push(backend),
                None => found.push((success, vec![backend])),
            }
        }
    }
    let describe = |(success, backends): (&'e Success, Vec<&str>)| {
        let description = success.description;
        if backends.len() == routes.len() {
            return (success, description.to_owned());
        }
        let names: Vec<String> = backends.into_iter().map(|name| format!("`{name}`")).collect();
        (success, format!("{description} At {}.", names.join(", ")))
    };
    found.into_iter().map(describe).collect()
}

/// Who may call a route, in Markdown.
pub(crate) fn access(endpoint: &Endpoint) -> String {
    let Some(requirement) = endpoint.requirement() else { return "everyone".to_owned() };
    let who = requirement.description();
    let who = match endpoint.backend() {
        Some(_) if endpoint.is_below_backend() => format!("{who}, by a token of `{{backend}}`"),
        Some(backend) => format!("{who}, by a token of `{backend}`"),
        None => who,
    };
    match requirement.limited_sessions() {
        Some(sessions) => format!("{who}; also for {sessions}"),
        None => who,
    }
}

/// The codes that a route can answer, by status.
pub(crate) fn errors_by_status(endpoint: &Endpoint) -> Vec<(u16, Vec<ErrorCode>)> {
    let shape = endpoint.group.shape();
    let mut statuses = std::collections::BTreeMap::<u16, Vec<ErrorCode>>::new();
    for code in endpoint.declared_errors() {
        statuses.entry(Problem::new(code).shaped(shape).status().as_u16()).or_default().push(code);
    }
    statuses.into_iter().collect()
}

/// The names of the parameters in a route's path.
pub(crate) fn path_parameters(endpoint: &Endpoint) -> impl Iterator<Item = &str> {
    endpoint.path().split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

/// A field of a body or a query.
pub(crate) struct FieldDoc {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) description: String,
    pub(crate) schema: Schema,
}

/// The fields of an object, in the order of their declaration.
pub(crate) fn fields(schema: &Schema) -> Vec<FieldDoc> {
    let RefOr::T(OpenApiSchema::Object(object)) = schema else { return Vec::new() };
    let field = |(name, schema): (&String, &Schema)| FieldDoc {
        name: name.clone(),
        required: object.required.contains(name),
        description: plain(schema).and_then(|value| value.description.clone()).unwrap_or_default(),
        schema: schema.clone(),
    };
    object.properties.iter().map(field).collect()
}

fn plain(schema: &Schema) -> Option<&Object> {
    match schema {
        RefOr::T(OpenApiSchema::Object(object)) => Some(object),
        _ => None,
    }
}

/// The type of a value that is not null.
fn main_type(value: &Object) -> Option<&Type> {
    match &value.schema_type {
        SchemaType::Type(kind) => Some(kind),
        SchemaType::Array(kinds) => kinds.first(),
        SchemaType::AnyValue => None,
    }
}

/// A body that would pass: the required fields, and the first one in any case.
pub(crate) fn example(schema: &Schema) -> Value {
    let shown = |(index, field): &(usize, FieldDoc)| *index == 0 || field.required;
    let fields = fields(schema).into_iter().enumerate().filter(shown);
    let object: Map<String, Value> = fields.map(|(_, field)| (field.name.clone(), example_value(&field))).collect();
    Value::Object(object)
}

fn example_value(field: &FieldDoc) -> Value {
    let Some(value) = plain(&field.schema) else { return Value::Null };
    if let Some(first) = value.enum_values.as_ref().and_then(|values| values.first()) {
        return first.clone();
    }
    match (main_type(value), &value.format) {
        (_, Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))) => json!("0199a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"),
        (_, Some(SchemaFormat::KnownFormat(KnownFormat::Password))) => json!("correct horse battery staple"),
        (_, Some(SchemaFormat::Custom(format))) if format == "email" => json!("ada@example.com"),
        (Some(Type::Boolean), _) => json!(true),
        (Some(Type::Integer), _) => json!(20),
        (Some(Type::Object), _) => json!({}),
        // What the example of the registration makes can log in with its address.
        _ if field.name == "username" && value.pattern.is_none() => json!("ada@example.com"),
        _ => json!("ada"),
    }
}
