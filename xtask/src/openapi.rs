//! Checks docs/openapi.json with the reference validator of the OpenAPI project's Python tools, where it is installed.

use std::process::Command;

use crate::metadata::Metadata;
use crate::process;
use crate::python::Packages;
use crate::workspace::root;

const MODULE: &str = "openapi_spec_validator";
const PACKAGE: &str = "openapi-spec-validator";

/// What the validator is made of.
pub(crate) const VALIDATOR: Packages = Packages { modules: &[MODULE], names: &[PACKAGE] };

/// What came of a validation.
pub(crate) struct Outcome {
    pub(crate) valid: bool,
    pub(crate) note: String,
}

/// Validates the document. A missing validator is not a failure.
pub(crate) fn validate(metadata: &Metadata) -> Outcome {
    let document = root().join("docs/openapi.json");
    let outcome = |valid, note: &str| Outcome { valid, note: note.to_owned() };
    if !document.is_file() {
        return outcome(true, "skipped openapi: docs/openapi.json is missing; write it with: cargo xtask codegen");
    }
    let Some(python) = VALIDATOR.python(metadata) else {
        let hint = format!("skipped openapi: no Python with {MODULE}; install with: python3 -m pip install {PACKAGE}");
        return outcome(true, &hint);
    };
    match process::output(Command::new(python).args(["-m", MODULE]).arg(document)) {
        Ok(_) => outcome(true, "valid openapi: docs/openapi.json"),
        Err(problems) => outcome(false, &format!("invalid openapi: {problems}")),
    }
}
