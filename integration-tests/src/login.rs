//! People with accounts, and browsers with cookies.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use uuid::Uuid;

use crate::Answer;
use crate::answer::is_device;

/// The password of everybody who has not chosen another one.
pub const PASSWORD: &str = "plum-tractor-Orbit-19";

/// Somebody who is logged in.
#[derive(Clone, Debug)]
pub struct Login {
    /// The account.
    pub id: Uuid,
    /// The address.
    pub email: String,
    /// The token.
    pub token: String,
    /// The cookie that carries the token; without one it is a bearer token.
    pub cookie: Option<String>,
}

impl Login {
    /// The path of the account for superusers.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/users/{}", self.id)
    }

    /// The same person with the token of another login answer.
    #[must_use]
    pub fn with(&self, answer: &Answer) -> Self {
        let (cookie, token) = match answer.session_cookies().is_empty() {
            true if answer.header("auth-token").is_some() => {
                (None, answer.header("auth-token").unwrap_or_default().to_owned())
            }
            true => (None, answer.json()["access_token"].as_str().expect("a bearer login has a token").to_owned()),
            false => {
                let (name, value) = answer.cookie();
                (Some(name), value)
            }
        };
        Self { token, cookie, ..self.clone() }
    }

    pub(crate) fn new(account: &Value) -> Self {
        let text = |name: &str| account[name].as_str().unwrap_or_default().to_owned();
        let id = text("id").parse().expect("an account has an id");
        Self { id, email: text("email"), token: String::new(), cookie: None }
    }
}

/// The cookies of a browser. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Jar(Arc<Mutex<BTreeMap<String, String>>>);

impl Jar {
    /// The `Cookie` header, when there is any cookie.
    #[must_use]
    pub fn header(&self) -> Option<String> {
        let cookies = self.0.lock().expect("no holder panics");
        let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Whether there is a cookie beside that of a known device.
    #[must_use]
    pub fn has_session(&self) -> bool {
        let cookies = self.0.lock().expect("no holder panics");
        cookies.keys().any(|name| !is_device(name))
    }

    /// Does what an answer's `Set-Cookie` headers say.
    pub fn keep(&self, answer: &Answer) {
        let mut cookies = self.0.lock().expect("no holder panics");
        for cookie in answer.set_cookies() {
            let pair = cookie.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie has a name and a value");
            if cookie.split("; ").any(|attribute| attribute == "Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
