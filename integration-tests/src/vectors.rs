//! Password hashes that other implementations made: the committed ones, and fresh ones where Python has the packages.

use std::path::Path;
use std::process::Command;

use auth_core::password::{FirebaseSignerKey, HasherConfig, Password, PasswordHasher, Verdict};
use serde::Deserialize;

/// A password and a hash of it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Vector {
    pub(crate) scheme: String,
    pub(crate) password: String,
    pub(crate) hash: String,
}

/// The hasher's configuration, able to verify all of them: with the signer key in the documentation of Firebase's scrypt.
pub(crate) fn config() -> HasherConfig {
    let key = "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==";
    let key = FirebaseSignerKey::from_base64(key).expect("a signer key");
    HasherConfig { firebase_signer_key: Some(key), ..HasherConfig::insecure_for_tests() }
}

/// The committed hashes.
pub(crate) fn committed() -> Vec<Vector> {
    let text = include_str!("../../crates/auth-core/src/password/foreign/vectors.json");
    serde_json::from_str(text).expect("vectors")
}

/// One committed hash of each scheme.
pub(crate) fn of_each_scheme() -> Vec<Vector> {
    let mut vectors = committed();
    vectors.dedup_by(|next, first| next.scheme == first.scheme);
    vectors
}

/// Has `vectors/make.py` make hashes with fresh salts, and verifies them. Fails, too, when a scheme was added to the
/// script and not to the committed hashes.
pub(crate) async fn verify_fresh(python: &str) -> Result<(), String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/make.py");
    let made = Command::new(python).arg(script).output().map_err(|cause| format!("{python}: {cause}"))?;
    if !made.status.success() {
        return Err(format!("{python}: {}", String::from_utf8_lossy(&made.stderr)));
    }
    let fresh: Vec<Vector> = serde_json::from_slice(&made.stdout).map_err(|cause| cause.to_string())?;
    let names = |vectors: &[Vector]| vectors.iter().map(|vector| vector.scheme.clone()).collect::<Vec<_>>();
    if names(&fresh) != names(&committed()) {
        return Err("make.py makes other schemes than vectors.json has; write it anew".to_owned());
    }
    let hasher = PasswordHasher::new(config()).map_err(|cause| cause.to_string())?;
    for Vector { scheme, password, hash } in fresh {
        let stored = hasher.adopt(&hash).map_err(|cause| format!("{scheme}: {hash}: {cause}"))?;
        let verdict = hasher.verify(Password::new(&password), Some(stored)).await;
        if !matches!(verdict, Ok(Verdict::Right { outdated: true })) {
            return Err(format!("{scheme}: {verdict:?} for {hash} of {password}"));
        }
    }
    Ok(())
}
