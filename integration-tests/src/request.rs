//! A request under construction, and its way to the target.

use auth_core::ErrorCode;
use auth_http::{Problem, Table};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use serde_json::Value;
use url::form_urlencoded;

use crate::route::{self, Route};
use crate::{Answer, App, Jar, Login, coverage};

/// The `User-Agent` of Firefox on Windows.
pub(crate) const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0";

/// A request. Nothing is sent before [`send`](Self::send).
#[derive(Clone)]
#[must_use = "send it"]
pub struct Request {
    app: App,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Body,
    jar: Option<Jar>,
}

#[derive(Clone)]
enum Body {
    None,
    /// With a `Content-Length`.
    Whole(Bytes),
    /// Without one: `Transfer-Encoding: chunked` on a socket.
    Chunks(Vec<Bytes>),
}

impl Request {
    pub(crate) fn new(app: &App, method: Method, path: &str) -> Self {
        let (headers, body) = (HeaderMap::new(), Body::None);
        Self { app: app.clone(), method, path: path.to_owned(), headers, body, jar: None }
    }

    /// One more header. A value may hold any bytes that HTTP allows.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name: HeaderName = name.parse().expect("a valid header name");
        let value = HeaderValue::from_bytes(value.as_ref()).expect("a valid header value");
        self.headers.append(name, value);
        self
    }

    /// Carries somebody's token.
    pub fn by(self, login: &Login) -> Self {
        match &login.cookie {
            Some(name) => self.cookie(name, &login.token),
            None => self.bearer(&login.token),
        }
    }

    /// Carries a bearer token.
    pub fn bearer(self, token: &str) -> Self {
        self.header(AUTHORIZATION.as_str(), format!("Bearer {token}"))
    }

    /// Carries one more cookie, in a header of its own.
    pub fn cookie(self, name: &str, value: &str) -> Self {
        self.header(COOKIE.as_str(), format!("{name}={value}"))
    }

    /// Carries the cookies of a browser, and lets it keep those of the answer.
    pub fn jar(self, jar: &Jar) -> Self {
        Self { jar: Some(jar.clone()), ..self }
    }

    /// Comes from a page of this origin.
    pub fn origin(self, origin: &str) -> Self {
        self.header("origin", origin)
    }

    /// A JSON body.
    #[allow(clippy::needless_pass_by_value, reason = "callers write `json!` in place")]
    pub fn json(self, body: Value) -> Self {
        self.bytes("application/json", body.to_string())
    }

    /// A form.
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.bytes("application/x-www-form-urlencoded", body)
    }

    /// Any body, of any type; the type may be empty.
    pub fn bytes(self, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { body: Body::Whole(body.into()), ..self.content_type(content_type) }
    }

    /// Any body in chunks whose total nobody announces.
    pub fn chunks(self, content_type: &str, chunks: Vec<Bytes>) -> Self {
        Self { body: Body::Chunks(chunks), ..self.content_type(content_type) }
    }

    fn content_type(self, content_type: &str) -> Self {
        if content_type.is_empty() { self } else { self.header(CONTENT_TYPE.as_str(), content_type) }
    }

    /// Sends the request. Every answer is recorded for the coverage of the contract, and refused when the endpoint does
    /// not declare it.
    pub async fn send(mut self) -> Answer {
        if let Some(cookies) = self.jar.as_ref().and_then(Jar::header) {
            self = self.header(COOKIE.as_str(), cookies);
        }
        let Self { app, method, path, headers, body, jar } = self;
        let asked = format!("{method} {path}");
        let bare = path.split('?').next().unwrap_or_default();
        let route = route::find(app.table(), &method, bare);
        let response = match app.address() {
            Some(address) => over_socket(&app, &method, &format!("http://{address}{path}"), headers, body).await,
            None => in_process(app.table_in_turn(), &route, &method, &path, headers, body).await,
        };
        let (parts, body) = response.into_parts();
        // Servers leave it out.
        let body = if method == Method::HEAD { Bytes::new() } else { body };
        let answer = Answer { asked, status: parts.status, headers: parts.headers, body };
        coverage::inspect(&app, &route, &method, &answer);
        if let Some(jar) = jar {
            jar.keep(&answer);
        }
        answer
    }
}

async fn in_process(
    table: &Table,
    route: &Route,
    method: &Method,
    path: &str,
    mut headers: HeaderMap,
    body: Body,
) -> Response<Bytes> {
    let endpoint = match route {
        Route::Endpoint(endpoint) => endpoint,
        Route::MethodNotAllowed(path) => return path.method_not_allowed().into_response(),
        Route::NotFound | Route::Host => return Problem::new(ErrorCode::NotFound).into_response(),
    };
    let chunks = match body {
        Body::None => Vec::new(),
        Body::Whole(body) => {
            headers.insert(CONTENT_LENGTH, body.len().into());
            vec![body]
        }
        Body::Chunks(chunks) => chunks,
    };
    let (mut parts, ()) = http::Request::builder().method(method).uri(path).body(()).expect("a valid URI").into_parts();
    parts.headers = headers;
    let chunks = futures_util::stream::iter(chunks.into_iter().map(Ok::<_, std::io::Error>));
    table.call(endpoint, parts, chunks, Some(std::net::Ipv4Addr::LOCALHOST.into())).await
}

async fn over_socket(app: &App, method: &Method, url: &str, headers: HeaderMap, body: Body) -> Response<Bytes> {
    let request = app.http().request(method.clone(), url).headers(headers);
    let request = match body {
        Body::None => request,
        Body::Whole(body) => request.body(body),
        Body::Chunks(chunks) => {
            let chunks = futures_util::stream::iter(chunks.into_iter().map(Ok::<_, std::io::Error>));
            request.body(reqwest::Body::wrap_stream(chunks))
        }
    };
    let response = request.send().await.unwrap_or_else(|cause| panic!("{method} {url}: {cause:?}"));
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.bytes().await.unwrap_or_else(|cause| panic!("{method} {url}: {cause:?}"));
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
