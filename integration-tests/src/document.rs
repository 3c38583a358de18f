//! docs/openapi.json as a judge: an answer that it does not describe is refused, down to each field and header.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use auth_http::Endpoint;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use jsonschema::{Draft, Validator};
use serde_json::Value;

use crate::{answer, route};

/// Compiled once for the whole run.
static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let text = include_str!("../../docs/openapi.json");
    Document::new(serde_json::from_str(text).expect("docs/openapi.json is JSON")).expect("docs/openapi.json is sound")
});

/// Headers of every answer, which the document need not repeat: those of `coverage.rs`, and those that servers add.
const COMMON: [&str; 13] = [
    "cache-control",
    "connection",
    "content-length",
    "content-security-policy",
    "content-type",
    "cross-origin-resource-policy",
    "date",
    "referrer-policy",
    "strict-transport-security",
    "transfer-encoding",
    "vary",
    "x-content-type-options",
    "x-frame-options",
];

/// The operations by their ids.
struct Document(BTreeMap<String, Operation>);

struct Operation {
    method: String,
    /// The path, with parameters as `{name}`.
    path: String,
    /// The responses by their statuses.
    responses: BTreeMap<u16, Response>,
}

#[derive(Default)]
struct Response {
    /// The shape of each media type.
    content: BTreeMap<String, Validator>,
    /// The headers, by names in lower case.
    headers: BTreeMap<String, Header>,
}

struct Header {
    /// Whether every such answer has it.
    required: bool,
    value: Validator,
}

/// What came back: the status, the headers, the body.
type Came<'a> = (StatusCode, &'a HeaderMap, &'a [u8]);

/// Checks what came back from a route.
pub(crate) fn check(endpoint: &Endpoint, method: &Method, answer: Came<'_>) -> Result<(), String> {
    DOCUMENT.operation(endpoint)?.check(method, answer)
}

/// The same for an answer of a server in another process, whose table is out of reach: by the path without a query.
pub(crate) fn check_path(method: &Method, path: &str, answer: Came<'_>) -> Result<(), String> {
    DOCUMENT.at(method, path)?.check(method, answer)
}

impl Document {
    fn new(document: Value) -> Result<Self, String> {
        let mut operations = BTreeMap::new();
        let all = entries(&document["paths"]).flat_map(|(path, item)| entries(item).map(move |entry| (path, entry)));
        for (path, (method, declared)) in all {
            let id = declared["operationId"].as_str().ok_or_else(|| format!("{path}: an operation without an id"))?;
            let responses = responses(&document, declared)?;
            let operation = Operation { method: method.to_uppercase(), path: path.clone(), responses };
            operations.insert(id.to_owned(), operation);
        }
        Ok(Self(operations))
    }

    /// The operation of a route. The document shows the routes that backends have of their own once: those of the
    /// default backend, too, are judged by what is said of all backends, because an app of the suite may have others
    /// than the document.
    fn operation(&self, endpoint: &Endpoint) -> Result<&Operation, String> {
        let id = match endpoint.backend() {
            Some(_) => format!("{}.{{backend}}", endpoint.action()),
            None => endpoint.id.to_string(),
        };
        self.0.get(&id).ok_or_else(|| format!("no operation {id}: run `cargo xtask codegen`"))
    }

    /// A path that is spelled out comes before one with parameters.
    fn at(&self, method: &Method, path: &str) -> Result<&Operation, String> {
        let of_method = || self.0.values().filter(|operation| operation.method == method.as_str());
        let spelled = of_method().find(|operation| operation.path == path);
        let found = spelled.or_else(|| of_method().find(|operation| route::matches(&operation.path, path)));
        found.ok_or_else(|| format!("no operation {method} {path}"))
    }
}

impl Operation {
    fn check(&self, method: &Method, (status, headers, body): Came<'_>) -> Result<(), String> {
        let response = self.responses.get(&status.as_u16());
        let response = response.ok_or_else(|| format!("{} {}: {status} is not declared", self.method, self.path))?;
        response.check_headers(headers)?;
        let body = (*method != Method::HEAD).then_some(body);
        response.check_body(headers.get("content-type").map(|value| value.as_bytes()), body)
    }
}

impl Response {
    fn check_headers(&self, headers: &HeaderMap) -> Result<(), String> {
        for (name, header) in &self.headers {
            let values = headers.get_all(name);
            // Whether it may ask for a bearer token depends on the app's backends: see `coverage.rs`.
            if header.required && name != "www-authenticate" && values.iter().next().is_none() {
                return Err(format!("the header {name} is missing"));
            }
            for text in values.iter().map(|value| String::from_utf8_lossy(value.as_bytes())) {
                let value = text.parse::<u64>().map_or_else(|_| Value::from(text.as_ref()), Value::from);
                header.value.validate(&value).map_err(|cause| format!("{name}: {cause}"))?;
            }
        }
        // Any answer may remove the cookies of other domains and paths, and prolong that of the session.
        let is_common = |cookie: &HeaderValue| {
            cookie.to_str().is_ok_and(|text| text.contains("; Max-Age=") && !answer::is_device(text))
        };
        let are_common = |name: &str| name == "set-cookie" && headers.get_all(name).iter().all(is_common);
        let declared = |name: &str| COMMON.contains(&name) || self.headers.contains_key(name) || are_common(name);
        let undeclared = headers.keys().find(|name| !declared(name.as_str()));
        undeclared.map_or(Ok(()), |name| Err(format!("the header {name} is not declared")))
    }

    /// Nothing is known of a body that a HEAD request left out.
    fn check_body(&self, content_type: Option<&[u8]>, body: Option<&[u8]>) -> Result<(), String> {
        let Some(content_type) = content_type else {
            let empty = self.content.is_empty() && body.is_none_or(<[u8]>::is_empty);
            return if empty { Ok(()) } else { Err("a body without a declared type".to_owned()) };
        };
        let content_type = String::from_utf8_lossy(content_type);
        let shape = self.content.get(content_type.as_ref());
        let shape = shape.ok_or_else(|| format!("the type {content_type} is not declared"))?;
        let Some(body) = body else { return Ok(()) };
        let body: Value = serde_json::from_slice(body).map_err(|cause| format!("no JSON: {cause}"))?;
        let problems: Vec<String> =
            shape.iter_errors(&body).map(|problem| format!("{}: {problem}", problem.instance_path())).collect();
        if problems.is_empty() { Ok(()) } else { Err(problems.join("; ")) }
    }
}

fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn responses(document: &Value, operation: &Value) -> Result<BTreeMap<u16, Response>, String> {
    let mut responses = BTreeMap::new();
    for (status, declared) in entries(&operation["responses"]) {
        let status = status.parse().map_err(|cause| format!("the status {status}: {cause}"))?;
        responses.insert(status, response(document, resolve(document, declared))?);
    }
    Ok(responses)
}

fn response(document: &Value, declared: &Value) -> Result<Response, String> {
    let mut response = Response::default();
    for (kind, content) in entries(&declared["content"]) {
        response.content.insert(kind.clone(), compile(document, &content["schema"])?);
    }
    for (name, header) in entries(&declared["headers"]) {
        let header = resolve(document, header);
        let required = header["required"] == true;
        let value = compile(document, &header["schema"])?;
        response.headers.insert(name.to_ascii_lowercase(), Header { required, value });
    }
    Ok(response)
}

/// Follows a reference, if it is one.
fn resolve<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let place = value["$ref"].as_str().map(|place| place.trim_start_matches('#'));
    place.and_then(|place| document.pointer(place)).unwrap_or(value)
}

/// A validator of one shape. References lead to the document's components, and nowhere else.
fn compile(document: &Value, schema: &Value) -> Result<Validator, String> {
    let mut schema = schema.clone();
    schema["components"]["schemas"] = document["components"]["schemas"].clone();
    close(&mut schema);
    let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true).offline();
    options.build(&schema).map_err(|cause| format!("{cause} at {}", cause.instance_path()))
}

/// Lets objects have the fields that they declare and no other. An object that declares none is the app's own.
fn close(schema: &mut Value) {
    if let Value::Object(object) = schema {
        if object.contains_key("properties") {
            object.entry("additionalProperties").or_insert(Value::Bool(false));
        }
        object.values_mut().for_each(close);
    } else if let Value::Array(items) = schema {
        items.iter_mut().for_each(close);
    }
}
