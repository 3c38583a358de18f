//! One route as a value: what routing, dispatch, documentation and the coverage check all read.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use auth_core::ErrorCode;
use http::{Method, StatusCode};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr};

use crate::call::Route;
use crate::csrf;
use crate::decode::{BodyType, Schema};
use crate::handler::{AnswersEveryone, AnswersUsers, Handler, SchemaOf, Shapes};
use crate::problem::Shape;
use crate::requirement::Requirement;

/// Routes that are mounted together, below one prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Group {
    /// Credentials, sessions and tokens: below `/auth`.
    Auth,
    /// Accounts: below `/users`.
    Users,
    /// Token pairs as hasura-backend-plus gave them out: below `/hasura`.
    Hasura,
    /// The health check: `/healthz`.
    Health,
}

impl Group {
    /// Every group, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Auth, Self::Users, Self::Hasura, Self::Health];

    /// Where the group is mounted when the app does not choose a place.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Auth => "/auth",
            Self::Users => "/users",
            Self::Hasura => "/hasura",
            Self::Health => "",
        }
    }
}

impl Group {
    /// How its problems are written down.
    pub(crate) fn shape(self) -> Shape {
        match self {
            Self::Hasura => Shape::Hasura,
            Self::Auth | Self::Users | Self::Health => Shape::Detail,
        }
    }
}

/// Adds the named shapes that a shape refers to.
pub(crate) type ComponentsOf = fn(&mut Vec<(String, Schema)>);

/// An answer that is not a problem.
#[derive(Clone, Debug)]
pub struct Success {
    /// The status.
    pub status: StatusCode,
    /// What it says.
    pub description: &'static str,
    pub(crate) schema: Option<SchemaOf>,
    pub(crate) components: ComponentsOf,
    pub(crate) headers: &'static [DeclaredHeader],
}

/// A header that an answer has besides those of every answer.
#[derive(Debug)]
pub(crate) struct DeclaredHeader {
    pub(crate) name: &'static str,
    /// What it says, and when, unless every such answer has it.
    pub(crate) about: &'static str,
    pub(crate) always: bool,
}

/// The shape of an answer that says nothing.
fn null() -> Schema {
    RefOr::T(ObjectBuilder::new().schema_type(Type::Null).into())
}

/// A route without a handler yet. What it requires is said together with the handler.
pub(crate) struct Draft {
    id: &'static str,
    group: Group,
    method: Method,
    path: &'static str,
}

impl Draft {
    /// A route for everyone.
    pub(crate) fn public<Args>(self, handler: impl AnswersEveryone<Args>) -> Endpoint {
        let mut shapes = Shapes::default();
        let handler = Handler::Public(handler.into_handler(&mut shapes));
        self.finish(handler, shapes)
    }

    /// A route for active users.
    pub(crate) fn user<Args>(self, handler: impl AnswersUsers<Args>) -> Endpoint {
        self.requires(Requirement::new(), handler)
    }

    /// A route for superusers; with a recent login where its method changes something.
    pub(crate) fn superuser<Args>(self, handler: impl AnswersUsers<Args>) -> Endpoint {
        self.requires(Requirement::new().superuser(), handler)
    }

    /// A route for users who meet a requirement. Sessions that are limited to scopes do not pass unless the requirement
    /// says which do, and superusers need a recent login where the method changes something.
    pub(crate) fn requires<Args>(self, requirement: Requirement, handler: impl AnswersUsers<Args>) -> Endpoint {
        let mut shapes = Shapes::default();
        let handler =
            Handler::User(requirement.of_route(!csrf::is_safe(&self.method)), handler.into_handler(&mut shapes));
        self.finish(handler, shapes)
    }

    fn finish(self, handler: Handler, shapes: Shapes) -> Endpoint {
        let Self { id, group, method, path } = self;
        let body = if shapes.body.is_some() { BodyType::Json } else { BodyType::None };
        Endpoint {
            id: id.into(),
            summary: "",
            group,
            method,
            successes: Vec::new(),
            action: id,
            path,
            below_backend: false,
            route: Arc::new(Route { template: path.into(), body, backend: None }),
            handler,
            shapes,
            own_errors: Vec::new(),
            statements: None,
            acts_on_get: false,
            waits: Duration::ZERO,
        }
    }
}

/// One route.
#[derive(Clone)]
pub struct Endpoint {
    /// A stable name: feature, dot, action, and for a backend's own routes a dot and the backend.
    pub id: Cow<'static, str>,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// The group that it is mounted with.
    pub group: Group,
    /// The method.
    pub method: Method,
    /// The answers that are not problems.
    pub successes: Vec<Success>,
    pub(crate) handler: Handler,
    pub(crate) route: Arc<Route>,
    pub(crate) shapes: Shapes,
    action: &'static str,
    path: &'static str,
    below_backend: bool,
    own_errors: Vec<ErrorCode>,
    statements: Option<usize>,
    acts_on_get: bool,
    /// How long it may wait for somebody, beside its own work.
    pub(crate) waits: Duration,
}

/// How the routes of a feature are declared.
impl Endpoint {
    pub(crate) fn get(id: &'static str, group: Group, path: &'static str) -> Draft {
        Draft { id, group, method: Method::GET, path }
    }

    pub(crate) fn post(id: &'static str, group: Group, path: &'static str) -> Draft {
        Draft { id, group, method: Method::POST, path }
    }

    pub(crate) fn put(id: &'static str, group: Group, path: &'static str) -> Draft {
        Draft { id, group, method: Method::PUT, path }
    }

    pub(crate) fn patch(id: &'static str, group: Group, path: &'static str) -> Draft {
        Draft { id, group, method: Method::PATCH, path }
    }

    pub(crate) fn delete(id: &'static str, group: Group, path: &'static str) -> Draft {
        Draft { id, group, method: Method::DELETE, path }
    }

    pub(crate) fn summary(self, summary: &'static str) -> Self {
        Self { summary, ..self }
    }

    /// The body may also be a form.
    pub(crate) fn or_form(mut self) -> Self {
        Arc::make_mut(&mut self.route).body = BodyType::JsonOrForm;
        self
    }

    /// One more answer, with a shape that has no name of its own, or without a body.
    pub(crate) fn success(mut self, status: u16, description: &'static str, schema: Option<SchemaOf>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        self.successes.push(Success { status, description, schema, components: |_| {}, headers: &[] });
        self
    }

    /// One more answer, whose shape is a component of the OpenAPI document.
    pub(crate) fn answers<T: ToSchema>(self, status: u16, description: &'static str) -> Self {
        let mut endpoint = self.success(status, description, Some(|| RefOr::Ref(Ref::from_schema_name(T::name()))));
        if let Some(success) = endpoint.successes.last_mut() {
            success.components = |components| {
                components.push((T::name().into_owned(), T::schema()));
                T::schemas(components);
            };
        }
        endpoint
    }

    /// The headers of the answer that was declared last.
    pub(crate) fn headers(mut self, headers: &'static [DeclaredHeader]) -> Self {
        if let Some(success) = self.successes.last_mut() {
            success.headers = headers;
        }
        self
    }

    /// 202 with `null`.
    pub(crate) fn accepted(self, description: &'static str) -> Self {
        self.success(202, description, Some(null))
    }

    /// 200 with `null`.
    pub(crate) fn done(self, description: &'static str) -> Self {
        self.success(200, description, Some(null))
    }

    /// 204.
    pub(crate) fn empty(self, description: &'static str) -> Self {
        self.success(204, description, None)
    }

    /// The codes that do not follow from what the route is.
    pub(crate) fn errors(self, errors: &[ErrorCode]) -> Self {
        Self { own_errors: errors.to_vec(), ..self }
    }

    /// It may wait for somebody, for so long at most.
    pub(crate) fn waits(self, waits: Duration) -> Self {
        Self { waits, ..self }
    }

    /// It changes something although its method is `GET`, because its clients know no other way. `HEAD` is refused then.
    pub(crate) fn acts_on_get(self) -> Self {
        Self { acts_on_get: true, ..self }
    }

    /// How many statements a successful request costs, the authentication among them, where that is a fixed number. A
    /// route that costs none answers without the database.
    pub(crate) fn costs(self, statements: usize) -> Self {
        Self { statements: Some(statements), ..self }
    }

    /// The route of one backend, which alone counts there. Below the backend's name it has an id of its own.
    pub(crate) fn of_backend(mut self, name: &str, below_its_name: bool) -> Self {
        let route = Arc::make_mut(&mut self.route);
        route.backend = Some(name.to_owned());
        if below_its_name {
            route.template = format!("/{name}{}", self.path).into();
            self.below_backend = true;
            self.id = format!("{}.{name}", self.action).into();
        }
        self
    }
}

/// What a route is.
impl Endpoint {
    /// The feature: the first part of the id.
    #[must_use]
    pub fn feature(&self) -> &str {
        self.id.split('.').next().unwrap_or_default()
    }

    /// The id without the backend: the same for the routes that backends have of their own.
    #[must_use]
    pub fn action(&self) -> &'static str {
        self.action
    }

    /// What a user must be to pass; `None` where everyone may call.
    #[must_use]
    pub fn requirement(&self) -> Option<&Requirement> {
        match &self.handler {
            Handler::Public(_) => None,
            Handler::User(requirement, _) => Some(requirement),
        }
    }

    /// The path below the group's prefix, with parameters as `{name}`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.route.template
    }

    /// The path with the group's usual prefix.
    #[must_use]
    pub fn full_path(&self) -> String {
        format!("{}{}", self.group.prefix(), self.path())
    }

    /// What it takes as its body.
    #[must_use]
    pub fn body_type(&self) -> BodyType {
        self.route.body
    }

    /// The backend whose tokens alone count.
    #[must_use]
    pub fn backend(&self) -> Option<&str> {
        self.route.backend.as_deref()
    }

    /// Whether the path begins with the name of the backend.
    #[must_use]
    pub fn is_below_backend(&self) -> bool {
        self.below_backend
    }

    /// The path with the group's usual prefix, as documents show it: with `{backend}` for the name of the backend, so
    /// that the routes which several backends have of their own are shown once.
    #[must_use]
    pub fn shown_path(&self) -> String {
        let backend = if self.below_backend { "/{backend}" } else { "" };
        format!("{}{backend}{}", self.group.prefix(), self.path)
    }

    /// The id as documents show it, with `{backend}` in the same way.
    #[must_use]
    pub fn shown_id(&self) -> Cow<'static, str> {
        if self.below_backend { format!("{}.{{backend}}", self.action).into() } else { self.id.clone() }
    }

    /// How many statements a successful request costs, the authentication among them; `None` where that depends on the
    /// request. Not counted is what happens once in a while beside it, such as noting that the session was used.
    #[must_use]
    pub fn statements(&self) -> Option<usize> {
        self.statements
    }

    /// Whether a request may change something.
    #[must_use]
    pub fn is_unsafe(&self) -> bool {
        self.acts_on_get || !csrf::is_safe(&self.method)
    }

    /// Whether it reads what the client sends as a body. Clients send none with `GET`.
    pub(crate) fn reads_body(&self) -> bool {
        !csrf::is_safe(&self.method)
    }

    /// Whether it answers requests of a method: `GET` answers `HEAD` as well, unless it changes something.
    pub(crate) fn takes(&self, method: &Method) -> bool {
        self.method == *method || (self.method == Method::GET && *method == Method::HEAD && !self.acts_on_get)
    }

    /// What `Allow` says of it.
    pub(crate) fn allowed_methods(&self) -> &str {
        if self.takes(&Method::HEAD) { "GET, HEAD" } else { self.method.as_str() }
    }

    /// Every code that the route can answer: its own, and those that follow from what it is. Left out are 500, which is
    /// a defect, and 408, which depends on the network alone.
    #[must_use]
    pub fn declared_errors(&self) -> Vec<ErrorCode> {
        use ErrorCode as E;
        let takes_body = self.shapes.body.is_some();
        let derived = [
            // One that only reads could be asked for by a handshake.
            (E::CsrfRejected, self.is_unsafe() || self.requirement().is_some()),
            (E::BodyTooLarge, self.reads_body()),
            (E::PreconditionFailed, self.is_unsafe()),
            (E::UnsupportedMediaType, takes_body),
            (E::Validation, takes_body || self.shapes.query.is_some()),
            (E::NotFound, self.path().contains('{')),
            (E::MethodNotAllowed, self.acts_on_get),
            (E::Overloaded, self.statements != Some(0)),
        ];
        let mut errors = self.own_errors.clone();
        errors.extend(self.requirement().map(Requirement::errors).unwrap_or_default());
        errors.extend(derived.into_iter().filter_map(|(code, holds)| holds.then_some(code)));
        errors.sort_unstable();
        errors.dedup();
        errors
    }
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ({})", self.method, self.full_path(), self.id)
    }
}
