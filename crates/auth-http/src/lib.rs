//! The wire of the authentication library: routes, decoding, cookies and errors, free of any framework.
//!
//! Every route is declared once, in the [`Table`]: method, path, who may call it, what it takes, what it can answer, and
//! its handler. The adapters register one native route for each entry and pass requests to [`Table::call`]; the OpenAPI
//! document, the generated pages and the coverage check of the contract suite read the same table.

mod answer;
mod authn;
mod barrier;
pub mod body;
mod call;
#[cfg(test)]
mod canary_tests;
mod conditional;
pub mod cookie;
mod credential;
mod csrf;
mod decode;
pub mod docs;
mod endpoint;
mod exclusions;
pub mod extract;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod handler;
mod headers;
mod middleware;
pub mod openapi;
mod peer;
mod problem;
mod reply;
mod requirement;
mod routes;
mod table;
#[cfg(test)]
mod tests;
mod trace;

pub use answer::user::PublicUser;
pub use authn::{AnyBackend, Backends, RequestHead, access_claims, authenticate};
pub use conditional::PublicDocument;
pub use decode::BodyType;
pub use endpoint::{Endpoint, Group, Success};
pub use exclusions::{Exclusions, Pattern};
pub use middleware::Protection;
pub use problem::{FieldProblem, Problem};
pub use requirement::{Requirement, Role};
pub use table::{MountedPath, Table};

pub use {auth_core, http};
