//! The documents that are the same for every visitor, each at its own path.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::{HeaderValue, Response, StatusCode};
use utoipa_swagger_ui::Config;

use super::{answer, page};

/// The paths of the documents.
pub(super) const FILES: [&str; 6] = ["/app.js", "/app.css", "/docs", "/docs/viewer.js", VIEWER_STYLE, VIEWER_SCRIPT];

const VIEWER_STYLE: &str = "/docs/swagger-ui.css";
const VIEWER_SCRIPT: &str = "/docs/swagger-ui-bundle.js";

/// Swagger UI needs nothing but its own files, the icons in its style sheet, and this server to talk to.
const VIEWER_CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The document at a path.
pub(super) fn file(path: &str) -> Option<Response<Bytes>> {
    Some(match path {
        "/app.js" => script(include_bytes!("app.js")),
        "/app.css" => answer(StatusCode::OK, "text/css; charset=utf-8", Bytes::from_static(include_bytes!("app.css"))),
        "/docs" => page(StatusCode::OK, VIEWER_CSP, Bytes::from_static(include_bytes!("docs.html"))),
        "/docs/viewer.js" => script(include_bytes!("viewer.js")),
        VIEWER_STYLE => viewer(VIEWER_STYLE, "text/css; charset=utf-8")?,
        VIEWER_SCRIPT => viewer(VIEWER_SCRIPT, "text/javascript; charset=utf-8")?,
        _ => return None,
    })
}

fn script(text: &'static [u8]) -> Response<Bytes> {
    answer(StatusCode::OK, "text/javascript; charset=utf-8", Bytes::from_static(text))
}

/// A file of Swagger UI, which comes with its crate.
fn viewer(path: &str, content_type: &'static str) -> Option<Response<Bytes>> {
    let file = utoipa_swagger_ui::serve(path.strip_prefix("/docs/")?, Arc::new(Config::from(""))).ok()??;
    let bytes = match file.bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    };
    let mut response = answer(StatusCode::OK, content_type, bytes);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    Some(response)
}

#[cfg(test)]
mod tests {
    use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};

    use super::*;

    fn text(path: &str) -> String {
        let file = file(path).unwrap_or_else(|| panic!("{path} is not served"));
        String::from_utf8(file.into_body().to_vec()).unwrap()
    }

    #[test]
    fn every_file_is_there() {
        for path in FILES {
            let file = file(path).unwrap();
            assert!(!file.body().is_empty(), "{path}");
            assert!(file.headers().contains_key(CONTENT_TYPE), "{path}");
        }
        for path in ["/docs/", "/docs/index.html", "/docs/oauth2-redirect.html", "/docs/../app.js", ""] {
            assert!(file(path).is_none(), "{path:?}");
        }
    }

    #[test]
    fn the_viewer_asks_for_what_is_served_and_runs_nothing_else() {
        let page = text("/docs");
        let values = |attribute| page.split(attribute).skip(1).filter_map(|rest| rest.split('"').next());
        let (sources, links): (Vec<_>, Vec<_>) = (values(" src=\"").collect(), values(" href=\"").collect());
        assert_eq!((sources.len(), links.as_slice()), (2, &["data:,", VIEWER_STYLE][..]), "{page}");
        assert!(sources.iter().all(|source| FILES.contains(source)), "{sources:?}");
        assert_eq!(page.matches("<script").count(), sources.len(), "no script within the page");
        assert!(text("/docs/viewer.js").contains("\"/docs/openapi.json\""));
        let response = file("/docs").unwrap();
        let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("default-src 'none'; script-src 'self';") && !policy.contains("unsafe-"), "{policy}");
    }
}
