//! The wire of the authentication library: routes, decoding, cookies and errors, free of any framework.
//!
//! Every route is declared once, in the [`Table`]: method, path, who may call it, what it takes, what it can answer, and
//! its handler. The adapters register one native route for each entry and pass requests to [`Table::call`]; the OpenAPI
//! document, the generated pages and the coverage check of the contract suite read the same table.

pub mod body;
mod cookie;
mod credential;
mod csrf;
mod decode;
mod dispatch;
pub mod docs;
mod endpoint;
pub mod extract;
mod gate;
mod guard;
mod middleware;
pub mod openapi;
mod peer;
mod problem;
mod reply;
mod routes;
#[cfg(test)]
mod tests;

pub use dispatch::{MountedPath, Table};
pub use endpoint::{Access, BodyType, Endpoint, Group, Success};
pub use gate::{Gate, Pattern};
pub use guard::{AnyBackend, Backends, RequestHead, Requirement, access_claims, authenticate};
pub use middleware::Protection;
pub use problem::{FieldProblem, Problem};
pub use routes::account::PublicUser;

pub use {auth_core, http};
