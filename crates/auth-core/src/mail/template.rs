//! Templates: what each kind of mail says in each language.

mod builder;
mod form;
mod render;
mod samples;
#[cfg(test)]
mod tests;

pub use self::builder::{TemplateErrors, TemplatesBuilder};
pub use self::render::{Service, Templates};
#[cfg(test)]
pub(super) use self::samples::sample_user;
