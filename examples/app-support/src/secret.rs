//! The root secret: from the environment, or from a file beside the database.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use auth_core::secrecy::{ExposeSecret, SecretString};
use auth_core::{OsRandom, Random, RootSecret};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The secret that was given, or the one in the file, which is made at the first start.
///
/// # Errors
/// When the file can be neither read nor made.
pub(crate) fn root_secret(given: Option<&SecretString>, database_url: &str) -> io::Result<RootSecret> {
    if let Some(secret) = given {
        return Ok(RootSecret::new(secret.expose_secret()));
    }
    let path = path(database_url);
    if !path.exists() {
        create(&path)?;
    }
    tracing::warn!(path = %path.display(), "AUTH_SECRET is not set: the keys are derived from this file");
    Ok(RootSecret::new(fs::read_to_string(&path)?.trim()))
}

/// Beside the file of a SQLite database; in the working directory for others.
fn path(database_url: &str) -> PathBuf {
    let file = database_url
        .strip_prefix("sqlite:")
        .map(|rest| rest.strip_prefix("//").unwrap_or(rest))
        .map(|rest| rest.split('?').next().unwrap_or_default())
        .filter(|file| !file.is_empty() && !file.starts_with(":memory:"));
    match file {
        Some(file) => format!("{file}.secret").into(),
        None => "auth.secret".into(),
    }
}

/// Makes the file whole and readable by its owner only, or leaves alone the one that another process made meanwhile.
fn create(path: &Path) -> io::Result<()> {
    let mut bytes = [0; 48];
    OsRandom.fill(&mut bytes).map_err(io::Error::other)?;
    let draft = path.with_extension(format!("secret.{}", std::process::id()));
    let mut file = private(&draft)?;
    file.write_all(STANDARD.encode(bytes).as_bytes())?;
    file.sync_all()?;
    // Unlike renaming, linking never replaces a file.
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => Err(cause),
        _ => Ok(()),
    }
}

fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lies_beside_the_database() {
        for (url, expected) in [
            ("sqlite://auth.db?mode=rwc", "auth.db.secret"),
            ("sqlite:data/auth.db", "data/auth.db.secret"),
            ("sqlite:///var/lib/notes/auth.db", "/var/lib/notes/auth.db.secret"),
            ("sqlite::memory:", "auth.secret"),
            ("postgres://localhost/notes", "auth.secret"),
        ] {
            assert_eq!(path(url), Path::new(expected), "{url}");
        }
    }

    #[test]
    fn is_made_once() {
        let directory = std::env::temp_dir().join(format!("app-support-secret-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("auth.db.secret");
        create(&path).unwrap();
        let first = fs::read_to_string(&path).unwrap();
        create(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), first);
        assert_eq!(first.len(), 64);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);
        fs::remove_dir_all(&directory).unwrap();
    }
}
