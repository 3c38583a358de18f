//! Bodies and queries.

use auth_core::identifier::{self, Email, Username};
use auth_core::json::{check_storable, parse_strict};
use auth_core::password::Password;
use auth_core::uuid::Uuid;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::shared::headers;
use crate::decode::{self, Attributes, BodyType, Checkbox, KnownPassword, Patch, ShownText, Text, request};
use crate::problem::Problem;

request! {
    /// A field of each type that a form can hold, and one that it cannot.
    Sample {
        #[doc = "An address."]
        email: Option<Email>,
        #[doc = "A user name."]
        username: Option<Username>,
        #[doc = "A name that is shown."]
        name: Option<ShownText<60>>,
        #[doc = "A text."]
        text: Patch<Text<200>>,
        #[doc = "A password."]
        password: Option<KnownPassword>,
        #[doc = "A checkbox."]
        flag: Option<Checkbox>,
        #[doc = "A number."]
        number: Option<u64>,
        #[doc = "An id."]
        id: Option<Uuid>,
        #[doc = "An object."]
        attributes: Option<Attributes>,
    }
}

request! {
    /// The query of a page.
    PageQuery {
        #[doc = "The place of the page."]
        cursor: Option<Uuid>,
        #[doc = "Its size."]
        limit: Option<u64>,
        #[doc = "A beginning."]
        q: Option<Text<320>>,
    }
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=----formdata-7MA4YWxkTrZu0gW";
const DELIMITER: &str = "------formdata-7MA4YWxkTrZu0gW";

type Pairs = Vec<(&'static str, String)>;

/// JSON: what the strict parser takes is the same when it is written and read once more, and decodes like any other body.
pub(super) fn json(input: &[u8]) {
    if let Ok(value) = parse_strict(input) {
        let again = parse_strict(value.to_string().as_bytes());
        assert_eq!(again.as_ref().ok(), Some(&value));
        assert_eq!(serde_json::from_slice::<Value>(input).ok().as_ref(), Some(&value));
        // What can be stored has no NUL, which PostgreSQL refuses. A backslash before the same letters is text.
        let has_nul = value.to_string().replace(r"\\", "").contains(r"\u0000");
        assert!(check_storable(&value).is_err() || !has_nul);
        // A key that an object has twice is refused.
        let (key, rest) =
            (value.as_object().and_then(|object| object.keys().next()), input.trim_ascii().strip_prefix(b"{"));
        if let Some((key, rest)) = key.zip(rest) {
            let twice = [format!("{{{}:0,", Value::from(key.as_str())).as_bytes(), rest].concat();
            assert!(parse_strict(&twice).is_err(), "{key} was taken twice");
        }
    }
    decoded(JSON, input);
}

/// Forms in one line.
pub(super) fn form(input: &[u8]) {
    let Some(pairs) = decoded(FORM, input) else { return };
    // A field that is there twice is refused, whatever is between them.
    for (name, _) in pairs {
        let twice = [input, format!("&{name}=").as_bytes()].concat();
        assert!(decode(&of_type(FORM), &twice, BodyType::JsonOrForm).is_err(), "{name} was taken twice");
    }
}

/// Forms of several parts.
pub(super) fn multipart(input: &[u8]) {
    let Some(pairs) = decoded(MULTIPART, input).filter(|_| input.starts_with(DELIMITER.as_bytes())) else { return };
    for (name, _) in pairs {
        let twice = [as_part(&(name, String::new())).as_bytes(), input].concat();
        assert!(decode(&of_type(MULTIPART), &twice, BodyType::JsonOrForm).is_err(), "{name} was taken twice");
    }
}

/// A body of any type: headers, an empty line, and the body.
pub(super) fn body(input: &[u8]) {
    let end = input.windows(2).position(|window| window == b"\n\n");
    let (head, body) = end.map_or((input, &b""[..]), |end| (&input[..end], &input[end + 2..]));
    let headers = headers(head);
    let any = check(&headers, body, BodyType::JsonOrForm);
    let json = check(&headers, body, BodyType::Json);
    // A route that takes JSON alone reads nothing else, and reads it in the same way.
    let is_json =
        |value: &HeaderValue| value.as_bytes().to_ascii_lowercase().windows(4).any(|window| window == b"json");
    let may_be_json = body.is_empty() || headers.get(CONTENT_TYPE).is_some_and(is_json);
    assert!(json.is_none() || json == any && may_be_json);
}

/// Queries: a page and its cursor. A form takes what a query does, and empty fields too.
pub(super) fn query(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let found = decode::query::<PageQuery>(Some(text));
    let as_form = decode::body::<PageQuery>(&of_type(FORM), &Bytes::copy_from_slice(input), BodyType::JsonOrForm);
    assert!(found.is_err() || as_form.is_ok() || text.starts_with('\u{feff}'));
    match found {
        Ok(page) => {
            let pairs = |PageQuery { cursor, limit, q }| (cursor, limit, q.map(|text| text.0));
            let found = pairs(page);
            let mut written = form_urlencoded::Serializer::new(String::new());
            let texts = [found.0.map(|id| id.to_string()), found.1.map(|number| number.to_string()), found.2.clone()];
            for (name, text) in ["cursor", "limit", "q"].into_iter().zip(texts) {
                written.extend_pairs(text.map(|text| (name, text)));
            }
            assert_eq!(decode::query::<PageQuery>(Some(&written.finish())).ok().map(pairs), Some(found));
        }
        Err(problem) => is_clear(problem),
    }
}

fn decoded(content_type: &'static str, body: &[u8]) -> Option<Pairs> {
    check(&of_type(content_type), body, BodyType::JsonOrForm)
}

fn of_type(content_type: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))])
}

/// Decodes a body. What was understood is understood in the same way however it is written.
fn check(headers: &HeaderMap, body: &[u8], accept: BodyType) -> Option<Pairs> {
    let sample = match decode(headers, body, accept) {
        Ok(sample) => sample,
        Err(problem) => {
            is_clear(problem);
            return None;
        }
    };
    if let Some(Attributes(object)) = &sample.attributes {
        assert_eq!(check_storable(&Value::Object(object.clone())), Ok(()));
    }
    let pairs = pairs(sample);
    pairs.iter().for_each(|(name, text)| is_bounded(name, text));
    for (content_type, text) in [(JSON, as_json(&pairs)), (FORM, as_form(&pairs)), (MULTIPART, as_parts(&pairs))] {
        // Nothing at all is of no type.
        let again = decode(&of_type(content_type), text.as_bytes(), BodyType::JsonOrForm).map(self::pairs);
        // In a form, an optional field that is empty is not there, if empty means nothing.
        let is_left_out = |(name, text): &(&str, String)| content_type != JSON && *name == "name" && text.is_empty();
        let expected: Pairs = pairs.iter().filter(|pair| !is_left_out(pair)).cloned().collect();
        assert_eq!(again.ok(), Some(expected), "{text}");
    }
    Some(pairs)
}

fn decode(headers: &HeaderMap, body: &[u8], accept: BodyType) -> Result<Sample, Problem> {
    decode::body(headers, &Bytes::copy_from_slice(body), accept)
}

/// The fields that are there, as texts, but for the object.
fn pairs(sample: Sample) -> Pairs {
    let Sample { email, username, name, text, password, flag, number, id, attributes: _ } = sample;
    let all = [
        ("email", email.map(|email| email.as_str().to_owned())),
        ("username", username.map(|name| name.as_str().to_owned())),
        ("name", name.map(|text| text.0)),
        ("text", text.0.flatten().map(|text| text.0)),
        ("password", password.map(|password| password.0.expose().to_owned()).filter(|text| is_comparable(text))),
        ("flag", flag.map(|flag| flag.0.to_string())),
        ("number", number.map(|number| number.to_string())),
        ("id", id.map(|id| id.to_string())),
    ];
    all.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
}

/// What a field holds is as short as its type says, and has no character that the type forbids.
fn is_bounded(name: &str, text: &str) {
    let (most, has_forbidden): (_, fn(&str) -> bool) = match name {
        "name" => (60, identifier::has_forbidden_in_shown_text),
        "password" => (Password::MAX_COMPARED_BYTES, identifier::has_forbidden_in_password),
        "email" => (254, identifier::has_forbidden_characters),
        _ => (200, identifier::has_forbidden_characters),
    };
    assert!(text.chars().count() <= most && !has_forbidden(text), "{name}: {text:?}");
}

/// A password is limited as it was received; its normal form may be longer.
fn is_comparable(password: &str) -> bool {
    password.len() <= Password::MAX_COMPARED_BYTES
}

fn as_json(pairs: &Pairs) -> String {
    let object: Map<String, Value> =
        pairs.iter().map(|(name, text)| ((*name).to_owned(), text.clone().into())).collect();
    Value::Object(object).to_string()
}

fn as_form(pairs: &Pairs) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn as_parts(pairs: &Pairs) -> String {
    format!("{}{DELIMITER}--\r\n", pairs.iter().map(as_part).collect::<String>())
}

fn as_part((name, text): &(&str, String)) -> String {
    format!("{DELIMITER}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
}

/// A refusal says what is wrong, in JSON.
fn is_clear(problem: Problem) {
    let response = problem.into_response();
    assert!([415, 422].contains(&response.status().as_u16()), "{response:?}");
    let answer: Value = serde_json::from_slice(response.body()).expect("an answer in JSON");
    assert!(answer["detail"].is_array() || answer["detail"] == "UNSUPPORTED_MEDIA_TYPE", "{answer}");
}
