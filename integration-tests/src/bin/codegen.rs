//! Writes the files in docs/ that are made from the table of routes: `codegen DIRECTORY`.
//!
//! `cargo xtask codegen` runs it and compares.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use auth_core::hasura::HasuraOptions;
use auth_core::token::JwtOptions;
use auth_core::{Auth, Backend, CookieOptions, OsRandom, Random, RefreshOptions, RootSecret};
use auth_http::{Table, docs, openapi};
use integration_tests::add_features;
use sea_orm::{ConnectOptions, Database};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args_os().nth(1).map(PathBuf::from).ok_or("usage: codegen DIRECTORY")?;
    let table = Table::new(&auth().await?)?;
    let document = serde_json::to_string_pretty(&openapi::document(&table))?;
    fs::write(directory.join("openapi.json"), document + "\n")?;
    fs::write(directory.join("endpoints.md"), docs::endpoints_markdown(&table))?;
    fs::write(directory.join("errors.md"), docs::errors_markdown(&table))?;
    Ok(())
}

/// The configuration of the example apps. Nothing of it but the names of backends and the public URL gets into the
/// files: the secret is thrown away, and nobody asks the database anything.
async fn auth() -> Result<Auth, Box<dyn Error>> {
    let mut secret = [0; 32];
    OsRandom.fill(&mut secret)?;
    let db = Database::connect(ConnectOptions::new("sqlite::memory:").max_connections(1).to_owned()).await?;
    let builder = Auth::builder(db)
        .public_url("http://localhost:3000")
        .service_name("Notes")
        .secret(RootSecret::new(secret))
        .backend(Backend::cookie("cookie", CookieOptions::default()))
        .backend(Backend::bearer("jwt").jwt(JwtOptions::default()).refresh(RefreshOptions::default()))
        .backend(Backend::bearer("db"))
        .hasura(HasuraOptions::default());
    Ok(add_features(builder).build()?)
}
