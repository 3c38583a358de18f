//! The admin command of an app: what its operators do from a shell, on the app's own [`Auth`].
//!
//! An app links it into a small binary of its own that builds the same `Auth` as its server:
//!
//! ```no_run
//! # async fn example(auth: auth_core::Auth) {
//! let arguments: Vec<String> = std::env::args().skip(1).collect();
//! let result = auth_cli::run(&auth, &arguments, &mut std::io::BufReader::new(std::io::stdin()), &mut std::io::stdout()).await;
//! # let _ = result;
//! # }
//! ```

mod accounts;
mod doctor;
mod import;
mod keys;
mod roles;
mod upkeep;

use std::io::{BufRead, Write};

use auth_core::{Auth, Error, ErrorCode};

/// What `help` prints.
const HELP: &str = "\
commands:
  create-superuser EMAIL          create a superuser; the password is read from standard input
  set-password NAME               set a password, read from standard input; ends every session
  import [--dry-run]              import accounts of another system from standard input, one JSON object a line, or say
                                  what would be imported
  sessions NAME                   list the sessions of an account
  revoke NAME SESSION|all         end one session of an account, or all of them
  roles list                      list the roles that exist
  roles create ROLE               create a role
  roles grant NAME ROLE           grant a role to an account
  roles revoke NAME ROLE          revoke a role of an account
  activity [NAME]                 show the newest events, of an account or of all
  outbox [revive]                 count the mails that wait and the dead letters, or send the latter again
  after-restore                   after a backup was restored: end what it brought back
  accept-key                      use this database with the present secret, because the former one is lost
  keys                            list the signing keys
  keys prepare                    make the next signing key and publish it
  keys promote                    let the next key sign, once it has been published for long enough
  keys drop KEY                   remove a key that others may know, and end its tokens
  purge                           delete what has expired
  migrate                         bring the tables up to date
  doctor                          check the database, the secret, the clock, mail and more
  help                            this
NAME is an email address or a user name.
";

/// What went wrong, in words that say what to do.
pub type Result<T = ()> = std::result::Result<T, String>;

/// Runs one command. Passwords are read from `input`, so that no list of processes shows them; what there is to say
/// goes to `output`.
///
/// # Errors
/// Fails with what went wrong; `doctor` fails when a check does.
pub async fn run(
    auth: &Auth,
    arguments: &[String],
    input: &mut (dyn BufRead + Send),
    output: &mut (dyn Write + Send),
) -> Result {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["help" | "--help" | "-h"] => print(output, HELP),
        ["create-superuser", email] => accounts::create_superuser(auth, email, input, output).await,
        ["set-password", name] => accounts::set_password(auth, name, input, output).await,
        ["import"] => import::import(auth, false, input, output).await,
        ["import", "--dry-run"] => import::import(auth, true, input, output).await,
        ["sessions", name] => accounts::sessions(auth, name, output).await,
        ["revoke", name, session] => accounts::revoke(auth, name, session, output).await,
        ["roles", "list"] => roles::list(auth, output).await,
        ["roles", "create", role] => roles::create(auth, role, output).await,
        ["roles", "grant", name, role] => roles::grant(auth, name, role, output).await,
        ["roles", "revoke", name, role] => roles::revoke(auth, name, role, output).await,
        ["activity"] => accounts::activity(auth, None, output).await,
        ["activity", name] => accounts::activity(auth, Some(name), output).await,
        ["outbox"] => upkeep::outbox(auth, output).await,
        ["outbox", "revive"] => upkeep::revive(auth, output).await,
        ["after-restore"] => upkeep::after_restore(auth, output).await,
        ["accept-key"] => upkeep::accept_key(auth, output).await,
        ["keys"] => keys::list(auth, output).await,
        ["keys", "prepare"] => keys::prepare(auth, output).await,
        ["keys", "promote"] => keys::promote(auth, output).await,
        ["keys", "drop", id] => keys::remove(auth, id, output).await,
        ["purge"] => upkeep::purge(auth, output).await,
        ["migrate"] => upkeep::migrate(auth, output).await,
        ["doctor"] => doctor::examine(auth, output).await,
        [command, ..] => Err(format!("unknown command `{command}`, or wrong arguments\n\n{HELP}")),
    }
}

fn print(output: &mut (dyn Write + Send), text: &str) -> Result {
    output.write_all(text.as_bytes()).and_then(|()| output.flush()).map_err(|cause| cause.to_string())
}

/// An error of the library for a person at a shell.
fn explain(error: &Error) -> String {
    if let Some(reason) = error.reason() {
        return reason.to_owned();
    }
    match error {
        Error::Invalid { message, .. } => message.clone(),
        Error::Refused { code: ErrorCode::NotFound, .. } => "no such account or session".to_owned(),
        other if other.code() == ErrorCode::Overloaded => format!("the database is unavailable or busy: {other}"),
        other => other.to_string(),
    }
}
