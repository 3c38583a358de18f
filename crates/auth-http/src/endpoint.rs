//! One route as a value: what routing, dispatch, documentation and the coverage check all read.

use std::borrow::Cow;

use auth_core::{ErrorCode, Principal};
use futures_util::future::BoxFuture;
use http::{Method, StatusCode};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr};

use crate::Problem;
use crate::csrf;
use crate::decode::{Decode, Schema};
use crate::dispatch::Call;
use crate::reply::Reply;

/// Routes that are mounted together, below one prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Group {
    /// Credentials, sessions and tokens: below `/auth`.
    Auth,
    /// Accounts: below `/users`.
    Users,
    /// The health check: `/healthz`.
    Health,
}

impl Group {
    /// Every group, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::Auth, Self::Users, Self::Health];

    /// Where the group is mounted when the app does not choose a place.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Auth => "/auth",
            Self::Users => "/users",
            Self::Health => "",
        }
    }
}

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Active users.
    Active,
    /// Active superusers.
    Superuser,
}

/// What a route takes as its body.
#[derive(Clone, Copy, Debug)]
pub enum BodyType {
    /// Nothing; a body is ignored.
    None,
    /// A JSON object.
    Json,
    /// A JSON object or a form.
    JsonOrForm,
}

pub(crate) type SchemaOf = fn() -> Schema;

/// Adds the named shapes that a shape refers to.
pub(crate) type ComponentsOf = fn(&mut Vec<(String, Schema)>);

/// An answer that is no problem.
#[derive(Clone, Debug)]
pub struct Success {
    /// The status.
    pub status: StatusCode,
    /// What it says.
    pub description: &'static str,
    pub(crate) schema: Option<SchemaOf>,
    pub(crate) components: ComponentsOf,
}

/// The shape of an answer that says nothing.
fn null() -> Schema {
    RefOr::T(ObjectBuilder::new().schema_type(Type::Null).into())
}

type Answer = BoxFuture<'static, Result<Reply, Problem>>;

/// What runs, with what its access rule has proved: a handler that takes a principal cannot be called without one.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    Public(fn(Call) -> Answer),
    Active(fn(Call, Principal) -> Answer),
    Superuser(fn(Call, Principal) -> Answer),
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
    /// The path below the group's prefix, with parameters as `{name}`.
    pub path: Cow<'static, str>,
    /// What it takes as its body.
    pub body: BodyType,
    /// The answers that are no problems.
    pub successes: Vec<Success>,
    /// Only this backend's tokens count.
    pub backend: Option<String>,
    pub(crate) handler: Handler,
    pub(crate) body_schema: Option<SchemaOf>,
    pub(crate) query_schema: Option<SchemaOf>,
    pub(crate) takes_expired_password: bool,
    own_errors: Vec<ErrorCode>,
    uses_database: bool,
}

impl Endpoint {
    pub(crate) fn new(
        id: impl Into<Cow<'static, str>>,
        group: Group,
        method: Method,
        path: impl Into<Cow<'static, str>>,
        handler: Handler,
    ) -> Self {
        Self {
            id: id.into(),
            summary: "",
            group,
            method,
            path: path.into(),
            body: BodyType::None,
            successes: Vec::new(),
            backend: None,
            handler,
            body_schema: None,
            query_schema: None,
            takes_expired_password: false,
            own_errors: Vec::new(),
            uses_database: true,
        }
    }

    pub(crate) fn summary(self, summary: &'static str) -> Self {
        Self { summary, ..self }
    }

    pub(crate) fn json<T: Decode>(self) -> Self {
        Self { body: BodyType::Json, body_schema: Some(T::schema), ..self }
    }

    pub(crate) fn json_or_form<T: Decode>(self) -> Self {
        Self { body: BodyType::JsonOrForm, body_schema: Some(T::schema), ..self }
    }

    pub(crate) fn query<T: Decode>(self) -> Self {
        Self { query_schema: Some(T::schema), ..self }
    }

    /// One more answer, with a shape that has no name of its own, or without a body.
    pub(crate) fn success(mut self, status: u16, description: &'static str, schema: Option<SchemaOf>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        self.successes.push(Success { status, description, schema, components: |_| {} });
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

    /// 202 with `null`.
    pub(crate) fn accepted(self, description: &'static str) -> Self {
        self.success(202, description, Some(null))
    }

    /// 200 with `null`.
    pub(crate) fn done(self, description: &'static str) -> Self {
        self.success(200, description, Some(null))
    }

    pub(crate) fn errors(self, errors: &[ErrorCode]) -> Self {
        Self { own_errors: errors.to_vec(), ..self }
    }

    pub(crate) fn for_backend(self, backend: &str) -> Self {
        Self { backend: Some(backend.to_owned()), ..self }
    }

    /// The route may be used while the account must change its password.
    pub(crate) fn takes_expired_password(self) -> Self {
        Self { takes_expired_password: true, ..self }
    }

    /// The route answers without the database.
    pub(crate) fn without_database(self) -> Self {
        Self { uses_database: false, ..self }
    }

    /// The feature: the first part of the id.
    #[must_use]
    pub fn feature(&self) -> &str {
        self.id.split('.').next().unwrap_or_default()
    }

    /// Who may call it.
    #[must_use]
    pub fn access(&self) -> Access {
        match self.handler {
            Handler::Public(_) => Access::Public,
            Handler::Active(_) => Access::Active,
            Handler::Superuser(_) => Access::Superuser,
        }
    }

    /// The path with the group's usual prefix.
    #[must_use]
    pub fn full_path(&self) -> String {
        format!("{}{}", self.group.prefix(), self.path)
    }

    /// Whether the method may change something.
    #[must_use]
    pub fn is_unsafe(&self) -> bool {
        !csrf::is_safe(&self.method)
    }

    /// Every code that the route can answer: its own, and those that follow from what it is. Left out are 500, which is
    /// a defect, and 408, which depends on the network alone.
    #[must_use]
    pub fn errors_declared(&self) -> Vec<ErrorCode> {
        use ErrorCode as E;
        let access = self.access();
        let takes_body = !matches!(self.body, BodyType::None);
        let derived = [
            (E::Unauthorized, access != Access::Public),
            (E::PasswordChangeRequired, access != Access::Public && !self.takes_expired_password),
            (E::Forbidden, access == Access::Superuser),
            (E::CsrfRejected, self.is_unsafe()),
            (E::BodyTooLarge, self.is_unsafe()),
            (E::UnsupportedMediaType, takes_body),
            (E::Validation, takes_body || self.query_schema.is_some()),
            (E::NotFound, self.path.contains('{')),
            (E::Overloaded, self.uses_database),
        ];
        let mut errors = self.own_errors.clone();
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
