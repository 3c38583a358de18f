//! Checks docs/openapi.json with the reference validator of the OpenAPI project's Python tools, where it is installed.

use std::path::PathBuf;
use std::process::Command;

use crate::metadata::Metadata;
use crate::process;
use crate::workspace::root;

const MODULE: &str = "openapi_spec_validator";
/// The package's name at pip.
pub(crate) const PACKAGE: &str = "openapi-spec-validator";

/// What came of a validation.
pub(crate) struct Outcome {
    pub(crate) valid: bool,
    pub(crate) note: String,
}

/// The virtual environment that `cargo xtask setup` makes.
pub(crate) fn environment(metadata: &Metadata) -> PathBuf {
    metadata.target_directory.join("python")
}

/// The first Python that has the validator.
pub(crate) fn python(metadata: &Metadata) -> Option<PathBuf> {
    let candidates = [environment(metadata).join("bin/python3"), PathBuf::from("python3")];
    let import = format!("import {MODULE}");
    candidates.into_iter().find(|python| process::succeeds(Command::new(python).args(["-c", &import])))
}

/// Validates the document. Not having the validator is no failure.
pub(crate) fn validate(metadata: &Metadata) -> Outcome {
    let document = root().join("docs/openapi.json");
    let outcome = |valid, note: &str| Outcome { valid, note: note.to_owned() };
    if !document.is_file() {
        return outcome(true, "skipped openapi: docs/openapi.json is missing; write it with: cargo xtask codegen");
    }
    let Some(python) = python(metadata) else {
        let hint = format!("skipped openapi: no Python with {MODULE}; install with: python3 -m pip install {PACKAGE}");
        return outcome(true, &hint);
    };
    match process::output(Command::new(python).args(["-m", MODULE]).arg(document)) {
        Ok(_) => outcome(true, "valid openapi: docs/openapi.json"),
        Err(problems) => outcome(false, &format!("invalid openapi: {problems}")),
    }
}
