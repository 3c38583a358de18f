//! What routes of several features answer with.

pub(crate) mod backend;
pub(crate) mod event;
pub(crate) mod keys;
pub(crate) mod session;
pub(crate) mod token;
pub(crate) mod user;
