//! Turning scenarios into tests with names, and running them.

use std::any::Any;
use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auth_core::sea_orm::DbErr;
use auth_http::Table;
use auth_testkit::{Engine, Template, TestParts};
use futures_util::FutureExt;
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::scenarios::FEATURES;
use crate::{Cx, Scenario, Setup, Target, coverage, vectors};

/// How many scenarios run at once when the command line does not say.
const THREADS: usize = 4;

/// The name of the threads that scenarios run on.
const THREAD: &str = "scenario";

/// How long a scenario may take before it counts as hanging.
const DEADLINE: Duration = Duration::from_secs(300);

/// How many of the slowest scenarios are named at the end.
const SLOWEST: usize = 10;

/// How long each scenario took. Only told, never judged: that would depend on the machine.
static TIMES: Mutex<Vec<(Duration, String)>> = Mutex::new(Vec::new());

/// What the environment says about a run.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The URL of a PostgreSQL account that may create databases.
    pub postgres: Option<String>,
    /// The URL of a MariaDB account that may create databases.
    pub mariadb: Option<String>,
    /// A Python with the packages that `vectors/make.py` uses.
    pub python: Option<String>,
    /// A Python with the packages of `sink/sink.py`.
    pub sink_python: Option<String>,
    /// The program of a Redis server.
    pub redis: Option<String>,
    /// The program of a Valkey server.
    pub valkey: Option<String>,
    /// The names of the targets that are wanted; empty for the usual ones.
    pub targets: Vec<String>,
    /// The names of the databases that are wanted; empty for the usual ones.
    pub databases: Vec<String>,
    /// Whether every target meets every database.
    pub full: bool,
    /// Targets that meet a database besides the usual ones, such as `axum:postgres`.
    pub pairs: Vec<String>,
}

impl Environment {
    fn wants_target(&self, target: Target) -> bool {
        self.targets.is_empty() || self.targets.iter().any(|name| name == target.name())
    }

    fn wants_engine(&self, engine: Engine) -> bool {
        self.databases.is_empty() || self.databases.iter().any(|name| name == engine.name())
    }

    /// Whether a target and a database meet. Databases differ below the frameworks: by default only one of them sees all.
    fn pairs(&self, target: Target, engine: Engine) -> bool {
        let usual = target == Target::Direct || (engine == Engine::Sqlite && target != Target::Pair);
        let named = !self.targets.is_empty() || !self.databases.is_empty();
        let pair = format!("{}:{}", target.name(), engine.name());
        let meet = usual || self.full || named || self.pairs.contains(&pair);
        self.wants_target(target) && self.wants_engine(engine) && meet
    }

    /// The kinds of server that keep tokens, each with its variable and, where it is there, its program.
    fn redis_servers(&self) -> impl Iterator<Item = (&'static str, &'static str, Option<&String>)> {
        let redis = ("redis", "TEST_REDIS_SERVER", self.redis.as_ref());
        [redis, ("valkey", "TEST_VALKEY_SERVER", self.valkey.as_ref())].into_iter()
    }

    /// The server of an engine, or how to get one.
    fn server(&self, engine: Engine) -> Result<Option<String>, String> {
        let (server, variable, package) = match engine {
            Engine::Sqlite => return Ok(None),
            Engine::Postgres => (&self.postgres, "TEST_POSTGRES_URL", "postgresql"),
            Engine::Mariadb => (&self.mariadb, "TEST_MARIADB_URL", "mariadb-server"),
        };
        let absent = || {
            format!("{variable} is not set; `cargo xtask test` starts one, install with `apt-get install {package}`")
        };
        server.clone().map(Some).ok_or_else(absent)
    }
}

/// A database whose template is made when the first scenario needs it.
struct Databases {
    engine: Engine,
    server: Option<String>,
    template: OnceCell<Arc<Template>>,
}

impl Databases {
    async fn template(&self) -> Result<Arc<Template>, DbErr> {
        let prepare = || async { Template::prepare(self.engine, self.server.as_deref()).await.map(Arc::new) };
        self.template.get_or_try_init(prepare).await.cloned()
    }
}

/// Runs the suite as the command line says.
#[must_use]
pub fn run(environment: &Environment, mut arguments: Arguments) -> ExitCode {
    arguments.test_threads.get_or_insert(THREADS);
    remember_panics();
    let runtime = Builder::new_multi_thread().worker_threads(THREADS).thread_name(THREAD).enable_all().build();
    let runtime = Arc::new(runtime.expect("a runtime"));
    let (mut trials, mut databases) = (Vec::new(), Vec::new());
    for engine in Engine::ALL.into_iter().filter(|engine| environment.wants_engine(*engine)) {
        match environment.server(engine) {
            Ok(server) => {
                let engine = Arc::new(Databases { engine, server, template: OnceCell::new() });
                trials.extend(trials_on(environment, &engine, &runtime));
                databases.push(engine);
            }
            Err(reason) => {
                eprintln!("skipped {}: {reason}", engine.name());
                trials.push(Trial::test(format!("{}::skipped", engine.name()), || Ok(())).with_ignored_flag(true));
            }
        }
    }
    trials.push(fresh_hashes(environment, &runtime));
    let conclusion = libtest_mimic::run(&arguments, trials);
    let complete = arguments.filter.is_none() && arguments.skip.is_empty() && !arguments.list && !arguments.ignored;
    print_slowest();
    let covered = !complete || conclusion.has_failed() || runtime.block_on(is_covered(environment));
    runtime.block_on(discard(databases));
    if covered { conclusion.exit_code() } else { ExitCode::from(101) }
}

/// The proof that password hashes verify which other implementations make now, where they are installed.
fn fresh_hashes(environment: &Environment, runtime: &Arc<Runtime>) -> Trial {
    const NAME: &str = "direct::foreign_hash::fresh";
    let Some(python) = environment.python.clone() else {
        return skipped(NAME, "TEST_HASHES_PYTHON");
    };
    let runtime = runtime.clone();
    Trial::test(NAME, move || runtime.block_on(vectors::verify_fresh(&python)).map_err(Failed::from))
}

/// What stands for a test that lacks what a variable of the environment names.
fn skipped(name: &str, variable: &str) -> Trial {
    eprintln!("skipped {name}: {variable} is not set; `cargo xtask test` sets it after `cargo xtask setup`");
    Trial::test(format!("{name}::skipped"), || Ok(())).with_ignored_flag(true)
}

/// Where a scenario runs, and with what.
#[derive(Clone)]
struct Context {
    target: Target,
    databases: Arc<Databases>,
    sink_python: Option<String>,
    redis: Option<String>,
}

fn trials_on(environment: &Environment, databases: &Arc<Databases>, runtime: &Arc<Runtime>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for target in Target::ALL.into_iter().filter(|target| environment.pairs(*target, databases.engine)) {
        for (feature, scenarios) in FEATURES {
            for scenario in scenarios.iter().filter(|scenario| scenario.runs_on(target, databases.engine)) {
                let name = format!("{}::{}::{feature}::{}", target.name(), databases.engine.name(), scenario.name);
                if scenario.mails && environment.sink_python.is_none() {
                    trials.push(skipped(&name, "TEST_SINK_PYTHON"));
                    continue;
                }
                let sink_python = environment.sink_python.clone();
                let cx = Context { target, databases: databases.clone(), sink_python, redis: None };
                if scenario.redis {
                    trials.extend(environment.redis_servers().map(|(server, variable, program)| {
                        let name = format!("{name}::{server}");
                        let Some(program) = program else { return skipped(&name, variable) };
                        trial(name, *scenario, Context { redis: Some(program.clone()), ..cx.clone() }, runtime)
                    }));
                    continue;
                }
                trials.push(trial(name, *scenario, cx, runtime));
            }
        }
    }
    trials
}

fn trial(name: String, scenario: Scenario, cx: Context, runtime: &Arc<Runtime>) -> Trial {
    let (runtime, label) = (runtime.clone(), name.clone());
    Trial::test(name, move || runtime.block_on(timed(label, prove(scenario, cx))))
}

async fn timed<T>(name: String, work: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let result = work.await;
    TIMES.lock().unwrap_or_else(PoisonError::into_inner).push((began.elapsed(), name));
    result
}

/// Where the time goes, so that its growth with each feature is seen early.
fn print_slowest() {
    let mut times = std::mem::take(&mut *TIMES.lock().unwrap_or_else(PoisonError::into_inner));
    times.sort_unstable_by(|a, b| b.cmp(a));
    for (time, name) in times.iter().take(SLOWEST) {
        eprintln!("slowest: {:6.2} s {name}", time.as_secs_f64());
    }
}

async fn prove(scenario: Scenario, context: Context) -> Result<(), Failed> {
    let Context { target, databases, sink_python, redis } = context;
    let template = databases.template().await.map_err(|cause| format!("{}: {cause}", databases.engine.name()))?;
    let cx = Cx::new(target, template, sink_python, redis);
    // In a task, because the runtime's own threads are quicker at it than a thread that looks in from outside.
    let work = AssertUnwindSafe((scenario.run)(cx.clone())).catch_unwind();
    let work = work.map(|result| result.map_err(describe));
    let result = tokio::spawn(tokio::time::timeout(DEADLINE, work)).await.map_err(|failure| failure.to_string())?;
    cx.close().await;
    match result {
        Ok(outcome) => outcome.map_err(Failed::from),
        Err(_) => Err(format!("took longer than {DEADLINE:?}").into()),
    }
}

async fn is_covered(environment: &Environment) -> bool {
    let db = auth_core::sea_orm::Database::connect("sqlite::memory:").await.expect("a connection");
    let auth = Setup::default().apply(TestParts::default().builder(db)).build().expect("a good configuration");
    let table = Table::new(&auth).expect("backends with names of their own");
    // What only one server can show is left out of the pair.
    let targets = Target::ALL.into_iter().filter(|target| *target != Target::Pair && environment.wants_target(*target));
    let missing: Vec<String> = targets.flat_map(|target| coverage::missing(&table, target)).collect();
    for line in &missing {
        eprintln!("not covered: {line}");
    }
    missing.is_empty()
}

async fn discard(databases: Vec<Arc<Databases>>) {
    for databases in databases.into_iter().filter_map(Arc::into_inner) {
        let template = databases.template.into_inner().and_then(Arc::into_inner);
        if let Some(template) = template
            && let Err(cause) = template.discard().await
        {
            eprintln!("a template database was left behind: {cause}");
        }
    }
}

thread_local! {
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Remembers where a panic happened; prints those that no scenario reports, but for the deliberate ones.
fn remember_panics() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let deliberate = info.payload_as_str().is_some_and(|text| text.starts_with("deliberate"));
        let reported = std::thread::current().name() == Some(THREAD) && place.starts_with("integration-tests");
        if !deliberate && !reported {
            print(info);
        }
        PLACE.with_borrow_mut(|remembered| *remembered = place);
    }));
}

fn describe(panic: Box<dyn Any + Send>) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("{}: {}", PLACE.with_borrow(Clone::clone), text.unwrap_or("a panic without words"))
}
