//! The fields of one body or query, and the macro that declares them.

use std::collections::HashSet;

use serde_json::{Map, Value};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema as OpenApiSchema};

use super::field::{Field, Schema};
use crate::problem::{FieldProblem, Problem};

/// Something that a body or a query is decoded into.
pub(crate) trait Decode: Sized {
    /// Takes every field; `None` when one of them was recorded as failing.
    fn decode(fields: &mut Fields) -> Option<Self>;

    /// The shape, for the OpenAPI document.
    fn schema() -> Schema;
}

/// Fields that are being taken one by one.
#[derive(Debug)]
pub(crate) struct Fields {
    place: &'static str,
    object: Map<String, Value>,
    /// The names that a form or a query has more than once. They matter only for fields that are taken.
    repeated: HashSet<String>,
    /// Whether the fields are a form's, which has no other way to leave one out than to leave it empty.
    are_of_form: bool,
    problems: Vec<FieldProblem>,
}

impl Fields {
    /// The fields of a JSON object.
    pub(super) fn of_json(object: Map<String, Value>) -> Self {
        Self { object, ..Self::none("body", false) }
    }

    /// The fields of a form, which are still to be inserted.
    pub(super) fn of_form() -> Self {
        Self::none("body", true)
    }

    /// The fields of a query, which are still to be inserted.
    pub(super) fn of_query() -> Self {
        Self::none("query", false)
    }

    fn none(place: &'static str, are_of_form: bool) -> Self {
        Self { place, object: Map::new(), repeated: HashSet::new(), are_of_form, problems: Vec::new() }
    }

    pub(super) fn place(&self) -> &'static str {
        self.place
    }

    /// Adds a field of a form or a query.
    pub(super) fn insert(&mut self, name: &str, value: String) {
        if self.object.insert(name.to_owned(), Value::String(value)).is_some() {
            self.repeated.insert(name.to_owned());
        }
    }

    /// Takes a field, or records why it cannot be had.
    pub(crate) fn take<T: Field>(&mut self, name: &str) -> Option<T> {
        let are_of_form = self.are_of_form;
        let is_left_out = |value: &Value| are_of_form && !T::REQUIRED && !T::EMPTY_IS_A_VALUE && value == "";
        let decoded = match self.object.remove(name) {
            _ if self.repeated.contains(name) => Err(("duplicate", "the field must be given once".to_owned())),
            Some(value) if is_left_out(&value) => T::absent(),
            Some(value) => T::decode(value),
            None => T::absent(),
        };
        decoded.map_err(|(kind, msg)| self.fail(kind, name, msg)).ok()
    }

    /// Insists that one of these fields is there, and no second one; what is null is not there. An empty text is not there
    /// either in a form, and beside a field that is not empty. The first one stands for them all.
    pub(crate) fn exactly_one(&mut self, names: &[&str]) {
        let is_filled = |name: &&str| {
            let value = self.object.get(*name).filter(|value| !value.is_null());
            value.is_some_and(|value| value != "" || self.repeated.contains(*name))
        };
        if self.are_of_form || names.iter().any(is_filled) {
            let empty: Vec<&str> = names.iter().copied().filter(|name| !is_filled(name)).collect();
            empty.into_iter().for_each(|name| drop(self.object.remove(name)));
        }
        let given = names.iter().filter(|name| self.object.get(**name).is_some_and(|value| !value.is_null())).count();
        let first = names.first().copied().unwrap_or_default();
        match given {
            0 => self.fail("missing", first, "Field required"),
            1 => {}
            _ => self.fail("duplicate", first, format!("Give one of {}", names.join(", "))),
        }
    }

    /// Records that a field is not as it should be.
    pub(crate) fn fail(&mut self, kind: &'static str, name: &str, msg: impl Into<String>) {
        self.problems.push(FieldProblem::new(kind, self.place, name, msg));
    }

    /// Decodes the whole, or answers with everything that failed.
    pub(crate) fn finish<T: Decode>(mut self) -> Result<T, Problem> {
        match T::decode(&mut self) {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => Err(Problem::validation(self.problems)),
        }
    }
}

/// An object's schema under construction.
pub(crate) fn property<T: Field>(object: ObjectBuilder, name: &str, doc: &str) -> ObjectBuilder {
    let schema = match T::schema() {
        RefOr::T(OpenApiSchema::Object(mut schema)) => {
            schema.description = Some(doc.trim().to_owned());
            RefOr::T(OpenApiSchema::Object(schema))
        }
        other => other,
    };
    let object = object.schema_type(Type::Object).property(name, schema);
    if T::REQUIRED { object.required(name) } else { object }
}

/// Declares what a route takes: a struct whose fields are decoded, checked and described by their types.
macro_rules! request {
    ($(#[$meta:meta])* $name:ident { $(#[doc = $doc:literal] $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        pub(crate) struct $name { $(#[doc = $doc] pub(crate) $field: $type,)* }

        impl $crate::decode::Decode for $name {
            fn decode(fields: &mut $crate::decode::Fields) -> Option<Self> {
                $(let $field = fields.take::<$type>(stringify!($field));)*
                Some(Self { $($field: $field?,)* })
            }

            fn schema() -> $crate::decode::Schema {
                let object = utoipa::openapi::schema::ObjectBuilder::new().title(Some(stringify!($name)));
                $(let object = $crate::decode::property::<$type>(object, stringify!($field), $doc);)*
                utoipa::openapi::RefOr::T(object.into())
            }
        }
    };
}
pub(crate) use request;
