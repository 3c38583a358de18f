//! An answer, and the questions that scenarios ask of it.

use auth_core::ErrorCode;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use crate::statuses;

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What was asked, for messages.
    pub asked: String,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// Insists on a status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.asked, self.text());
        self
    }

    /// Insists on an error with its status and the contract's body.
    #[track_caller]
    pub fn fails(self, code: ErrorCode) -> Self {
        let pairs = self.message_of_pairs().is_some();
        let expected = if pairs { statuses::status_of_pairs(code) } else { statuses::status(code) };
        assert_eq!(self.status, expected, "{}: expected {code:?}, got {}", self.asked, self.text());
        assert_eq!(self.code(), code.as_str(), "{}: {}", self.asked, self.text());
        if code != ErrorCode::Validation && !pairs {
            let detail = &self.json()["detail"];
            let with_reason =
                detail["reason"].is_string() && *detail == json!({ "code": code.as_str(), "reason": detail["reason"] });
            assert!(with_reason || *detail == code.as_str(), "{}: {}", self.asked, self.text());
        }
        self
    }

    /// Insists on 422 for exactly these fields of the body or the query, in any order: (field, type).
    #[track_caller]
    pub fn rejects(self, fields: &[(&str, &str)]) -> Self {
        let answer = self.fails(ErrorCode::Validation);
        let found: Vec<(String, String)> =
            answer.json()["detail"].as_array().into_iter().flatten().map(field).collect();
        let mut found: Vec<(&str, &str)> = found.iter().map(|(name, kind)| (name.as_str(), kind.as_str())).collect();
        let mut expected = fields.to_vec();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{}: {}", answer.asked, answer.text());
        answer
    }

    /// The error's code, or nothing for a success.
    #[must_use]
    pub fn code(&self) -> String {
        let Ok(body) = serde_json::from_slice::<Value>(&self.body) else { return String::new() };
        if let Some(message) = self.message_of_pairs() {
            let path = self.asked.split(['?', ' ']).find(|part| part.starts_with('/')).unwrap_or_default();
            return statuses::code_of_pairs(path, self.status.as_u16(), &message).as_str().to_owned();
        }
        match &body["detail"] {
            Value::String(code) => code.clone(),
            Value::Array(_) => ErrorCode::Validation.as_str().to_owned(),
            Value::Object(detail) => detail.get("code").and_then(Value::as_str).unwrap_or_default().to_owned(),
            _ => String::new(),
        }
    }

    /// What a problem of the routes of token pairs says to a person: those have another shape.
    fn message_of_pairs(&self) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        (body["statusCode"] == self.status.as_u16()).then(|| body["message"].as_str().map(str::to_owned)).flatten()
    }

    /// The body as JSON.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{}: {}", self.asked, self.text());
        serde_json::from_slice(&self.body).unwrap_or_else(|cause| panic!("{}: {cause}: {}", self.asked, self.text()))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{} {}", self.status, String::from_utf8_lossy(&self.body))
    }

    /// A header that may be there once.
    #[must_use]
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?;
        assert!(values.next().is_none(), "{}: more than one {name}", self.asked);
        Some(value.to_str().expect("the header is text"))
    }

    /// The `Set-Cookie` headers.
    #[must_use]
    pub fn set_cookies(&self) -> Vec<&str> {
        self.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().expect("a cookie is text")).collect()
    }

    /// The `Set-Cookie` headers but that of a known device.
    #[must_use]
    pub fn session_cookies(&self) -> Vec<&str> {
        self.set_cookies().into_iter().filter(|cookie| !is_device(cookie)).collect()
    }

    /// The cookie by which the browser is known from now on, as `name=value`.
    #[must_use]
    pub fn device_cookie(&self) -> Option<&str> {
        self.set_cookies().into_iter().find(|cookie| is_device(cookie)).and_then(|cookie| cookie.split(';').next())
    }

    /// The name and the value of the one cookie that is set, beside that of a known device.
    #[must_use]
    #[track_caller]
    pub fn cookie(&self) -> (String, String) {
        let cookies = self.session_cookies();
        let [cookie] = cookies.as_slice() else { panic!("{}: not one cookie: {cookies:?}", self.asked) };
        let pair = cookie.split(';').next().unwrap_or_default();
        let (name, value) = pair.split_once('=').expect("a cookie has a name and a value");
        (name.to_owned(), value.to_owned())
    }
}

/// Whether it is the cookie of a known device.
pub(crate) fn is_device(cookie: &str) -> bool {
    cookie.starts_with("__Host-device") || cookie.starts_with("device_")
}

fn field(problem: &Value) -> (String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    assert!(problem["msg"].is_string(), "{problem}");
    let name = problem["loc"].as_array().and_then(|place| place.last()).map(text).unwrap_or_default();
    (name, text(&problem["type"]))
}
