//! `cargo xtask walk`: pastes what `examples/README.md` tells people to paste, into a shell, beside each of the example apps,
//! tries out their viewer of the API in a browser, and has a client that was written for another server use them.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};

use crate::metadata::Metadata;
use crate::process::Running;
use crate::workspace::{cargo, find_program, root};
use crate::{Result, metadata, process, python};

const APPS: [&str; 3] = ["axum-app", "actix-app", "poem-app"];
const PAGE: &str = "examples/README.md";
const VIEWER: &str = "integration-tests/browser/viewer.py";
const CLIENT: &str = "integration-tests/clients/synmetrix.py";

/// The first superuser of the apps, as the page has it.
const SUPERUSER: [&str; 2] = ["root@example.com", "granite-Lantern-55-orbit"];

/// What Debian calls the browser, and the program that drives it.
pub(crate) const BROWSER: [&str; 2] = ["chromium", "chromium-driver"];

/// Walks, or says what is missing.
pub(crate) fn command() -> Result {
    if let Some(missing) = missing() {
        println!("skipped the walk: {missing}");
        return Ok(());
    }
    run()
}

/// Walks beside each app, with everything there.
pub(crate) fn run() -> Result {
    process::run(cargo().args(["build", "--workspace", "--bins"]))?;
    let page = fs::read_to_string(root().join(PAGE)).map_err(|e| format!("{PAGE}: {e}"))?;
    let script = script(&page)?;
    let metadata = metadata::load()?;
    let browser = browser(&metadata);
    let directory = &metadata.target_directory;
    for app in APPS {
        let python = browser.as_deref().ok();
        let result = walk(&directory.join("debug").join(app), &directory.join("walk").join(app), &script, python);
        result.map_err(|e| format!("{app}: {e}"))?;
        println!("{app}: everything in {PAGE} works");
        match python::SYNMETRIX.python(&metadata) {
            Some(python) => {
                let result = client(&directory.join("debug").join(app), &directory.join("walk").join(app), &python);
                result.map_err(|e| format!("{app}: {e}"))?;
                println!("{app}: the client of Synmetrix works");
            }
            None => println!("{app}: skipped the client of Synmetrix: the Python package is not installed"),
        }
        match &browser {
            Ok(_) => println!("{app}: the viewer of the API works in a browser"),
            Err(missing) => println!("{app}: skipped the viewer of the API: {missing}"),
        }
    }
    Ok(())
}

/// What the walk needs and this machine lacks.
pub(crate) fn missing() -> Option<&'static str> {
    let lacks = |program| find_program(program, &[]).is_none();
    if lacks("curl") {
        return Some("curl is not installed; install with: apt-get install curl");
    }
    lacks("bash").then_some("bash is not installed; install with: apt-get install bash")
}

/// The Python that can drive the browser.
fn browser(metadata: &Metadata) -> Result<PathBuf> {
    match missing_browser() {
        Some(missing) => Err(missing.to_owned()),
        None => {
            python::BROWSER.python(metadata).ok_or_else(|| "the Python package selenium is not installed".to_owned())
        }
    }
}

/// What the browser lacks.
pub(crate) fn missing_browser() -> Option<&'static str> {
    let lacks = |program| find_program(program, &[]).is_none();
    (lacks("chromium") || lacks("chromedriver")).then_some("chromium and chromedriver are not installed")
}

/// The blocks that are to be pasted, of which each line has to succeed.
fn script(page: &str) -> Result<String> {
    let mut script = "set -eux\n".to_owned();
    let mut inside = false;
    for line in page.lines() {
        match (inside, line) {
            (false, "```sh") => inside = true,
            (true, "```") => inside = false,
            // They are the walk's own.
            (true, line) if line.starts_with("URL=") || line.starts_with("LOG=") => {}
            // What has to fail: a shell that ends at the first failure takes no notice of one that does not come.
            (true, line) if line.starts_with("! ") => {
                writeln!(script, "if {}; then echo 'this must fail'; exit 1; fi", &line[2..])
                    .map_err(|e| e.to_string())?;
            }
            (true, line) => writeln!(script, "{line}").map_err(|e| e.to_string())?,
            _ => {}
        }
    }
    if script.contains("post /auth/register") { Ok(script) } else { Err(format!("{PAGE}: nothing to paste")) }
}

fn walk(app: &Path, directory: &Path, script: &str, python: Option<&Path>) -> Result {
    let app = App::start(app, directory, &[("ADMIN_EMAIL", SUPERUSER[0]), ("ADMIN_PASSWORD", SUPERUSER[1])])?;
    let mut shell = Command::new("bash");
    shell.args(["-c", script]).env("URL", &app.url).env("LOG", &app.log);
    let viewer = python.map(|python| {
        let mut viewer = Command::new(python);
        viewer.arg(root().join(VIEWER)).arg(&app.url).args(SUPERUSER);
        viewer
    });
    std::iter::once(shell).chain(viewer).try_for_each(|command| app.serves(command))
}

/// Has the client of Synmetrix do all that it can, which registers more often than one client may.
fn client(app: &Path, directory: &Path, python: &Path) -> Result {
    let app = App::start(app, directory, &[("RATE_LIMITS", "off"), ("HASURA_MAGIC_LINK_WAIT", "60")])?;
    let mut client = Command::new(python);
    client.arg(root().join(CLIENT)).arg(&app.url).arg(&app.log);
    app.serves(client)
}

/// An app that runs in a directory of its own.
struct App {
    url: String,
    log: PathBuf,
    directory: PathBuf,
    _running: Running,
    /// Held open: the app says more than the walk reads.
    _output: BufReader<ChildStdout>,
}

impl App {
    fn start(app: &Path, directory: &Path, environment: &[(&str, &str)]) -> Result<Self> {
        // What an earlier walk left.
        let _ = fs::remove_dir_all(directory);
        fs::create_dir_all(directory).map_err(|e| format!("{}: {e}", directory.display()))?;
        let log = directory.join("app.log");
        let file = File::create(&log).map_err(|e| format!("no log: {e}"))?;
        let mut command = Command::new(app);
        command.env("BIND", "127.0.0.1:0").env("DATABASE_URL", "sqlite://auth.db?mode=rwc");
        command.envs(environment.iter().copied());
        command.current_dir(directory).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file);
        let mut running = Running::start(&mut command)?;
        let output = running.child().stdout.take().ok_or("the app has no output")?;
        let mut output = BufReader::new(output);
        let mut lines = output.by_ref().lines().map_while(std::io::Result::ok);
        let url = lines.find_map(|line| line.strip_prefix("listening on ").map(str::to_owned));
        let url = url.ok_or_else(|| format!("it does not start:\n{}", read(&log)))?;
        Ok(Self { url, log, directory: directory.to_owned(), _running: running, _output: output })
    }

    /// Runs a command that uses the app.
    fn serves(&self, mut command: Command) -> Result {
        let used = process::output(command.current_dir(&self.directory));
        used.map(drop).map_err(|e| format!("{e}\n\nits log:\n{}", read(&self.log)))
    }
}

fn read(log: &Path) -> String {
    fs::read_to_string(log).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_blocks_to_be_pasted_are() {
        let page = "```text\nrm -rf /\n```\n\n```sh\nURL=x\npost /auth/register\n```\nwords\n```sh\nLOG=y\nls\n```\n";
        let script = script(page).unwrap();
        assert!(script.ends_with("post /auth/register\nls\n"), "{script}");
        assert!(!["rm", "URL=", "LOG=", "words"].iter().any(|word| script.contains(word)), "{script}");
        assert!(super::script("nothing").is_err());
    }
}
