//! The document against the table that it is made from.

use std::collections::BTreeSet;

use auth_core::{Auth, Backend, CookieOptions, ErrorCode, RootSecret};
use sea_orm::{ConnectOptions, Database};
use serde_json::{Value, json};

use super::*;
use crate::{BodyType, Problem};

/// The table of an app with three backends and a name that wants escaping. Nothing ever connects to its database.
pub(crate) async fn table() -> Table {
    let options = ConnectOptions::new("sqlite::memory:").connect_lazy(true).to_owned();
    let auth = Auth::builder(Database::connect(options).await.unwrap())
        .public_url("https://notes.example.com/app/")
        .service_name("Tom & <Jerry> \"Notes\"")
        .secret(RootSecret::new(*b"0f8a4c2e6b1d9375e0a4c8f2d6b1937f"))
        .backend(Backend::cookie("cookie", CookieOptions::default()))
        .backend(Backend::bearer("jwt").jwt(auth_core::token::JwtOptions::default()))
        .backend(Backend::bearer("db"))
        .build();
    Table::new(&auth.unwrap()).unwrap()
}

/// What the document says about a route.
fn operation<'d>(document: &'d Value, endpoint: &Endpoint) -> &'d Value {
    &document["paths"][endpoint.shown_path()][endpoint.method.as_str().to_ascii_lowercase()]
}

/// Follows a reference, if it is one.
fn resolve<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value["$ref"].as_str() {
        Some(place) => document.pointer(place.trim_start_matches('#')).unwrap_or(&Value::Null),
        None => value,
    }
}

/// Calls `visit` with every object in a value.
fn walk(value: &Value, visit: &mut impl FnMut(&serde_json::Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            visit(object);
            object.values().for_each(|value| walk(value, visit));
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        _ => {}
    }
}

#[tokio::test]
async fn says_every_route_once() {
    let table = table().await;
    let document = document(&table);
    let operations = document["paths"].as_object().unwrap().values().map(|path| path.as_object().unwrap().len());
    assert_eq!(operations.sum::<usize>(), describe::operations(&table).len());
    for endpoint in table.endpoints() {
        let operation = operation(&document, endpoint);
        assert_eq!(operation["operationId"], endpoint.shown_id().as_ref(), "{endpoint:?}");
        assert_eq!(operation["tags"], json!([endpoint.feature()]), "{endpoint:?}");
        assert!(!operation["summary"].as_str().unwrap().is_empty(), "{endpoint:?}");
        assert_eq!(operation.get("requestBody").is_some(), endpoint.body_type() != BodyType::None, "{endpoint:?}");
    }
}

#[tokio::test]
async fn says_every_answer_and_no_other() {
    let table = table().await;
    let document = document(&table);
    for routes in describe::operations(&table) {
        let endpoint = routes[0];
        let responses = operation(&document, endpoint)["responses"].as_object().unwrap();
        let successes = routes.iter().flat_map(|route| &route.successes).map(|success| success.status);
        let problems = routes.iter().flat_map(|route| route.declared_errors()).map(|code| Problem::new(code).status());
        let statuses: BTreeSet<String> = successes.chain(problems).map(|status| status.as_str().to_owned()).collect();
        assert_eq!(responses.keys().cloned().collect::<BTreeSet<_>>(), statuses, "{endpoint:?}");
    }
}

#[tokio::test]
async fn problems_name_their_codes_in_schema_and_example() {
    let table = table().await;
    let document = document(&table);
    for endpoint in table.endpoints() {
        for code in endpoint.declared_errors() {
            let status = Problem::new(code).status();
            let response = &operation(&document, endpoint)["responses"][status.as_str()];
            let response = resolve(&document, response);
            let text = response.to_string();
            assert!(response["description"].as_str().unwrap().contains(code.as_str()), "{endpoint:?} {code:?}");
            match code {
                ErrorCode::Validation => assert!(text.contains("\"Field required\""), "{endpoint:?}"),
                _ => {
                    assert!(enumerated(response).contains(code.as_str()), "{endpoint:?} {code:?}");
                    let example = text.contains(&format!("{{\"detail\":\"{}\"", code.as_str()));
                    let explained = text.contains(&format!("{{\"detail\":{{\"code\":\"{}\"", code.as_str()));
                    assert_eq!((example, explained), (!code.has_reason(), code.has_reason()), "{code:?}");
                }
            }
        }
    }
}

fn enumerated(value: &Value) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    walk(value, &mut |object| {
        if let Some(Value::Array(values)) = object.get("enum") {
            codes.extend(values.iter().filter_map(Value::as_str).map(str::to_owned));
        }
    });
    codes
}

#[tokio::test]
async fn references_lead_somewhere_and_every_component_is_used() {
    let document = document(&table().await);
    let mut used = BTreeSet::new();
    walk(&document, &mut |object| {
        if let Some(Value::String(place)) = object.get("$ref") {
            used.insert(place.trim_start_matches('#').to_owned());
        }
    });
    assert!(used.iter().any(|place| place.ends_with("/PublicUser")), "{used:?}");
    for place in &used {
        assert!(document.pointer(place).is_some(), "{place}");
    }
    for kind in ["schemas", "responses"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            assert!(used.contains(&format!("/components/{kind}/{name}")), "{kind} {name}");
        }
    }
}

#[tokio::test]
async fn security_follows_the_access_rule() {
    let table = table().await;
    let document = document(&table);
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    let expected = ["cookie", "db", "db.password", "jwt", "jwt.password"];
    assert_eq!(schemes.keys().map(String::as_str).collect::<Vec<_>>(), expected);
    assert_eq!(schemes["cookie"]["name"], "__Host-auth");
    let flow = &schemes["jwt.password"]["flows"]["password"];
    assert_eq!(flow["tokenUrl"], "https://notes.example.com/app/auth/jwt/login");
    for endpoint in table.endpoints() {
        let security = &operation(&document, endpoint)["security"];
        let named: BTreeSet<&str> = match security {
            Value::Array(any) => {
                any.iter().flat_map(|one| one.as_object().unwrap().keys()).map(String::as_str).collect()
            }
            _ => BTreeSet::new(),
        };
        let expected: BTreeSet<&str> = match (endpoint.requirement(), endpoint.backend()) {
            (None, _) => BTreeSet::new(),
            (_, None) => expected.into(),
            _ if endpoint.is_below_backend() => expected.into(),
            (_, Some(only)) => expected.into_iter().filter(|name| name.split('.').next() == Some(only)).collect(),
        };
        assert_eq!(named, expected, "{endpoint:?}");
    }
}

#[tokio::test]
async fn parameters_are_those_of_the_path_and_the_query() {
    let table = table().await;
    let document = document(&table);
    let mut seen = 0;
    for endpoint in table.endpoints() {
        let parameters = operation(&document, endpoint)["parameters"].as_array().cloned().unwrap_or_default();
        let path = parameters.iter().filter(|parameter| parameter["in"] == "path").collect::<Vec<_>>();
        assert_eq!(path.len(), endpoint.shown_path().matches('{').count(), "{endpoint:?}");
        assert!(path.iter().all(|parameter| parameter["required"] == true), "{endpoint:?}");
        seen += parameters.len();
        if endpoint.id == "admin.list" {
            let names: Vec<&Value> = parameters.iter().map(|parameter| &parameter["name"]).collect();
            assert_eq!(names, ["cursor", "limit", "q"]);
        }
    }
    assert!(seen > 3, "{seen}");
}

#[tokio::test]
async fn bodies_have_types_and_examples() {
    let table = table().await;
    let document = document(&table);
    let register = &document["paths"]["/auth/register"]["post"]["requestBody"]["content"]["application/json"];
    assert_eq!(register["schema"]["$ref"], "#/components/schemas/RegisterRequest");
    let expected = json!({ "email": "ada@example.com", "password": "correct horse battery staple" });
    assert_eq!(register["example"], expected);
    let login = &document["paths"]["/auth/login"]["post"]["requestBody"];
    let types: Vec<_> = login["content"].as_object().unwrap().keys().collect();
    assert_eq!(types, ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"]);
    assert_eq!(login["required"], true);
    assert_eq!(document["paths"]["/users/me"]["patch"]["requestBody"]["required"], false);
}

#[test]
fn codes_with_a_reason_say_so() {
    for code in ErrorCode::ALL {
        assert_eq!(code.has_reason(), code.meaning().contains("`reason`"), "{code:?}");
    }
}

#[tokio::test]
async fn shapes_tell_null_from_missing() {
    let document = document(&table().await);
    let schemas = &document["components"]["schemas"];
    let cases = [
        ("UpdateRequest", "username", json!(["string", "null"]), false),
        ("UpdateRequest", "email", json!("string"), false),
        ("RegisterRequest", "email", json!("string"), true),
        ("PublicUser", "email", json!(["string", "null"]), true),
        ("PageAnswer", "next", json!(["string", "null"]), true),
        ("TokenAnswer", "expires_in", json!("integer"), false),
    ];
    for (name, field, kind, required) in cases {
        assert_eq!(schemas[name]["properties"][field]["type"], kind, "{name} {field}");
        let listed = schemas[name]["required"].as_array().is_some_and(|names| names.contains(&json!(field)));
        assert_eq!(listed, required, "{name} {field}");
    }
}

#[tokio::test]
async fn features_and_servers_are_described() {
    let document = document(&table().await);
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"], json!([{ "url": "https://notes.example.com/app" }]));
    for tag in document["tags"].as_array().unwrap() {
        assert!(tag["description"].is_string(), "{tag}");
    }
    let unauthorized = &document["components"]["responses"]["Unauthorized"]["headers"];
    assert!(unauthorized["WWW-Authenticate"].is_object(), "{unauthorized}");
}
