//! The root secret in a file beside the database, for a single server.

use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use auth_core::installation::is_unused;
use auth_core::{OsRandom, Random, RootSecret};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sea_orm::DatabaseConnection;
use sea_orm_migration::SchemaManager;

/// The secret in the file, which is created together with an empty database only: any other has data that a lost secret
/// encrypted.
///
/// # Errors
/// Fails when the file can be neither read nor created, or when it is missing although the database was used.
pub(crate) async fn of_file(database_url: &str, db: &DatabaseConnection) -> Result<RootSecret, Box<dyn Error>> {
    let path = path(database_url);
    let name = path.display();
    if !path.exists() {
        if SchemaManager::new(db).has_table("authn_meta").await? && !is_unused(db).await? {
            return Err(format!(
                "it is not set, and the file {name} is missing, which held the secret of this database unless another server \
                 has it: set AUTH_SECRET to that secret, or restore the file; if the secret is lost for good, set another and \
                 run the admin command `accept-key`"
            )
            .into());
        }
        create(&path).map_err(|cause| format!("it is not set, and the file {name} cannot be created: {cause}"))?;
    }
    tracing::warn!(path = %name, "AUTH_SECRET is not set: the keys are derived from this file, which only this server has");
    let text = fs::read_to_string(&path)
        .map_err(|cause| format!("it is not set, and the file {name} cannot be read: {cause}"))?;
    Ok(RootSecret::new(text.trim()))
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

    fn directory(name: &str) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("app-support-{name}-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        directory
    }

    #[tokio::test]
    async fn is_made_for_an_empty_database_only() {
        let directory = directory("empty");
        let url = format!("sqlite://{}?mode=rwc", directory.join("auth.db").display());
        let db = sea_orm::Database::connect(&url).await.unwrap();
        let file = directory.join("auth.db.secret");
        // Before the migrations, as the admin command sees it, and after them.
        of_file(&url, &db).await.unwrap();
        fs::remove_file(&file).unwrap();
        auth_migration::migrate(&db).await.unwrap();
        let secret = of_file(&url, &db).await.unwrap();
        let auth = |secret: RootSecret| {
            let builder = auth_core::Auth::builder(db.clone()).public_url("http://localhost:3000");
            builder.secret(secret).backend(auth_core::Backend::bearer("db")).build().unwrap()
        };
        auth(secret).installation().check_keys().await.unwrap();
        // The next start takes the same one.
        auth(of_file(&url, &db).await.unwrap()).installation().check_keys().await.unwrap();
        let text = fs::read_to_string(&file).unwrap();
        fs::remove_file(&file).unwrap();
        let refused = of_file(&url, &db).await.unwrap_err().to_string();
        assert!(refused.contains("auth.db.secret is missing") && refused.contains("AUTH_SECRET"), "{refused}");
        assert!(!file.exists(), "nothing is made in its place");
        fs::write(&file, text).unwrap();
        auth(of_file(&url, &db).await.unwrap()).installation().check_keys().await.unwrap();
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn is_made_once() {
        let directory = directory("once");
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
