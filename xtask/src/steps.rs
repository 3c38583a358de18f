//! A list of steps, run one after the other, with what each of them costs.

use std::fmt;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

use crate::counts::Counts;
use crate::workspace::cargo;
use crate::{Result, process};

/// A step with its name and the command that repeats it alone.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) rerun: &'static str,
    pub(crate) run: fn() -> Result<Outcome>,
}

pub(crate) enum Outcome {
    Done,
    /// Done, with what there is to say about it.
    Noted(String),
    Skipped(String),
    Tested(Counts),
}

/// What to do about a step that fails.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnFailure {
    /// End: what follows would take minutes for nothing.
    End,
    /// Run the others too, for a whole picture, and fail at last.
    GoOn,
}

/// What a step takes.
struct Cost {
    elapsed: Duration,
    /// Of the processes that the step has waited for.
    processor: Duration,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>7.1} s  {:>7.1} CPU-s", self.elapsed.as_secs_f64(), self.processor.as_secs_f64())
    }
}

/// The steps with these names, or all of them when none is given.
pub(crate) fn named<'a>(steps: &'a [Step], names: &[String]) -> Result<Vec<&'a Step>> {
    if let Some(unknown) = names.iter().find(|name| steps.iter().all(|step| step.name != **name)) {
        let all: Vec<&str> = steps.iter().map(|step| step.name).collect();
        return Err(format!("there is no step `{unknown}`: name some of {}", all.join(", ")));
    }
    Ok(steps.iter().filter(|step| names.is_empty() || names.iter().any(|name| step.name == *name)).collect())
}

/// Runs the steps, and prints a summary whose last line is the sum of the tests.
pub(crate) fn run<'a>(title: &str, steps: impl IntoIterator<Item = &'a Step>, on_failure: OnFailure) -> Result {
    let mut report = vec![];
    let mut failures = vec![];
    let mut counts = Counts::default();
    let whole = Stopwatch::start();
    for step in steps {
        println!("==> {}", step.name);
        let watch = Stopwatch::start();
        let outcome = (step.run)();
        let result = match outcome {
            Ok(Outcome::Done) => "ok".to_owned(),
            Ok(Outcome::Noted(note)) => note,
            Ok(Outcome::Skipped(why)) => format!("skipped: {why}"),
            Ok(Outcome::Tested(sum)) => {
                counts += sum;
                sum.to_string()
            }
            Err(why) => {
                let message = format!("{why}\n\n{} failed; rerun it with: {}", step.name, step.rerun);
                if on_failure == OnFailure::End || process::interrupted() {
                    return Err(message);
                }
                println!("{message}");
                failures.push(step.name);
                "failed".to_owned()
            }
        };
        let line = format!("  {:<10} {}  {result}", step.name, watch.cost());
        println!("{line}");
        report.push(line);
    }
    println!("\nsummary of {title}\n{}\n  {:<10} {}", report.join("\n"), "total", whole.cost());
    println!("{counts}");
    if failures.is_empty() { Ok(()) } else { Err(format!("failed: {}", failures.join(", "))) }
}

/// A step that is one cargo command.
pub(crate) fn cargo_step(args: &[&str]) -> Result<Outcome> {
    process::run(cargo().args(args)).map(|()| Outcome::Done)
}

struct Stopwatch {
    start: Instant,
    processor: Duration,
}

impl Stopwatch {
    fn start() -> Self {
        Self { start: Instant::now(), processor: processor_time() }
    }

    fn cost(&self) -> Cost {
        Cost { elapsed: self.start.elapsed(), processor: processor_time().saturating_sub(self.processor) }
    }
}

/// Processor time of all children so far.
fn processor_time() -> Duration {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else { return Duration::ZERO };
    let parts = [usage.user_time(), usage.system_time()];
    let microseconds: i64 = parts.iter().map(|time| time.tv_sec() * 1_000_000 + time.tv_usec()).sum();
    Duration::from_micros(u64::try_from(microseconds).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_chosen_by_name() {
        let step = |name| Step { name, rerun: "", run: || Ok(Outcome::Done) };
        let steps = [step("test"), step("fuzz")];
        let names = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            named(&steps, &names).map(|steps| steps.iter().map(|step| step.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&[]), Ok(vec!["test", "fuzz"]));
        assert_eq!(names(&["fuzz"]), Ok(vec!["fuzz"]));
        assert!(names(&["fuzz", "fussy"]).unwrap_err().contains("`fussy`"));
    }
}
