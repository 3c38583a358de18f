//! The findings as Markdown tables.

mod crowd;
mod networks;
mod outbox;
mod timing;

use std::fmt::Write;

use crate::load::Answers;
use crate::logins::{Flood, Logins, Pressed};
use crate::plan::{CONNECTIONS, Findings, Pace, Series, Statements};
use crate::{Result, machine, page};

const MARKS: page::Marks = page::Marks {
    begin: "<!-- begin of the figures: cargo xtask bench --write -->\n",
    end: "<!-- end of the figures -->\n",
};

/// The least share of raw hashing that logins should reach.
const LOGIN_AIM: f64 = 0.95;
/// How much longer the slowest requests may take during a flood of logins.
const FLOOD_AIM: f64 = 2.0;
/// How much longer the usual request may take during a flood of guesses.
const GUESS_AIM: f64 = 1.2;

/// Prints the tables, and puts them into the page when asked.
pub(crate) fn publish(findings: &Findings, pace: Pace, write: bool) -> Result {
    page::publish(&tables(findings, pace)?, &MARKS, write)
}

fn tables(findings: &Findings, pace: Pace) -> Result<String> {
    let mut out = String::new();
    writeln!(
        out,
        "{}; {CONNECTIONS} connections, {} rounds of {:.1} s.",
        machine::describe(),
        pace.rounds,
        pace.duration.as_secs_f64()
    )?;
    if let Some(load) = &findings.load_average {
        writeln!(out, "Load average of the machine before the run, by what else ran on it: {load}.")?;
    }
    if let Some(why) = &findings.skipped {
        writeln!(out, "\nPostgreSQL was skipped: {why}.")?;
    }
    if !findings.series.is_empty() {
        routes(&mut out, &findings.series)?;
    }
    if !findings.logins.raw.is_empty() {
        logins(&mut out, &findings.logins)?;
        floods(&mut out, &findings.floods)?;
    }
    if !findings.crowds.is_empty() {
        crowd::table(&mut out, &findings.crowds)?;
    }
    if !findings.statements.is_empty() {
        statements(&mut out, &findings.statements)?;
    }
    if !findings.timing.is_empty() {
        timing::table(&mut out, &findings.timing)?;
    }
    if !findings.networks.is_empty() {
        networks::table(&mut out, &findings.networks)?;
    }
    if !findings.outbox.is_empty() {
        outbox::tables(&mut out, &findings.outbox)?;
    }
    Ok(out.trim_end().to_owned())
}

fn routes(out: &mut String, series: &[Series]) -> Result {
    writeln!(out, "\n### Requests\n")?;
    writeln!(out, "| framework | database | route | requests/s | p50 ms | p99 ms | server CPU µs | ratio | aim |")?;
    writeln!(out, "|---|---|---|--:|--:|--:|--:|--:|---|")?;
    for one in series {
        let of = |value: fn(&crate::plan::Sample) -> f64| median(one.samples.iter().map(value).collect());
        let database = if one.route.asks_database() { one.database } else { "–" };
        let (ratio, aim) = compared(one, series);
        writeln!(
            out,
            "| {} | {database} | {} | {:.0} | {:.2} | {:.2} | {:.1} | {ratio} | {aim} |",
            one.framework,
            one.route.title(),
            of(|sample| sample.per_second),
            of(|sample| sample.p50) / 1e3,
            of(|sample| sample.p99) / 1e3,
            of(|sample| sample.cpu),
        )?;
    }
    Ok(())
}

/// The ratio to the route that this one is compared with, and whether it is good enough.
fn compared(one: &Series, series: &[Series]) -> (String, String) {
    let Some((base, aim)) = one.route.aim() else { return (String::new(), String::new()) };
    let is_base =
        |other: &&Series| other.framework == one.framework && other.database == one.database && other.route == base;
    let Some(base) = series.iter().find(is_base) else { return (String::new(), String::new()) };
    let ratios = one.samples.iter().zip(&base.samples).map(|(one, base)| one.per_second / base.per_second);
    let ratio = Spread::of(ratios.collect());
    let met = verdict(ratio.median >= aim);
    (ratio.to_string(), format!("≥ {aim} {met}"))
}

fn logins(out: &mut String, logins: &Logins) -> Result {
    writeln!(out, "\n### Logins\n")?;
    writeln!(
        out,
        "Argon2id, 19 MiB, two passes, {} at a time; raw: {:.1} hashes/s.\n",
        logins.permits,
        median(logins.raw.clone())
    )?;
    writeln!(out, "| framework | database | logins/s | ratio to raw hashes/s | aim |\n|---|---|--:|--:|---|")?;
    for one in &logins.targets {
        let ratios = one.per_second.iter().zip(&logins.raw).map(|(logins, raw)| logins / raw);
        let ratio = Spread::of(ratios.collect());
        let (met, rate) = (verdict(ratio.median >= LOGIN_AIM), median(one.per_second.clone()));
        writeln!(out, "| {} | {} | {rate:.1} | {ratio} | ≥ {LOGIN_AIM} {met} |", one.framework, one.database)?;
    }
    Ok(())
}

fn floods(out: &mut String, floods: &[Flood]) -> Result {
    let during = |flood: &str| format!("\n### `GET /users/me` by session, quiet and during a flood of {flood}\n");
    let head = |aims: &str, flood: &str| {
        format!(
            "| framework | database | requests/s | quiet p50 ms | quiet p99 ms | flood p50 ms | flood p99 ms | \
            p50 ratio | p99 ratio | {aims} | {flood}/s meanwhile |\n|---|---|--:|--:|--:|--:|--:|--:|--:|---|--:|"
        )
    };
    writeln!(out, "{}\n{}", during("logins"), head("aim for p99", "logins"))?;
    for one in floods {
        let pressed = |_: &Spread, p99: &Spread| format!("≤ {FLOOD_AIM} {}", verdict(p99.median <= FLOOD_AIM));
        flood(out, one, &one.logins, pressed)?;
    }
    writeln!(out, "{}\n{}", during("wrong passwords from one network"), head("aim for p50", "answers"))?;
    for one in floods {
        let pressed = |p50: &Spread, _: &Spread| format!("≤ {GUESS_AIM} {}", verdict(p50.median <= GUESS_AIM));
        flood(out, one, &one.guesses, pressed)?;
    }
    Ok(())
}

fn flood(out: &mut String, one: &Flood, pressed: &Pressed, judge: impl Fn(&Spread, &Spread) -> String) -> Result {
    let of = |answers: &[Answers], share: f64| median(answers.iter().map(|one| one.percentile(share)).collect()) / 1e3;
    let ratio = |share: f64| {
        let pairs = pressed.requests.iter().zip(&one.quiet);
        Spread::of(pairs.map(|(flood, quiet)| flood.percentile(share) / quiet.percentile(share)).collect())
    };
    let (p50, p99) = (ratio(0.5), ratio(0.99));
    writeln!(
        out,
        "| {} | {} | {:.0} | {:.2} | {:.2} | {:.2} | {:.2} | {p50} | {p99} | {} | {:.1} |",
        one.framework,
        one.database,
        median(pressed.requests.iter().map(Answers::per_second).collect()),
        of(&one.quiet, 0.5),
        of(&one.quiet, 0.99),
        of(&pressed.requests, 0.5),
        of(&pressed.requests, 0.99),
        judge(&p50, &p99),
        median(pressed.flood_per_second.clone()),
    )?;
    Ok(())
}

fn statements(out: &mut String, statements: &[Statements]) -> Result {
    writeln!(out, "\n### Statements of one request\n")?;
    writeln!(out, "| framework | database | (c) session | (d) JWT | (e) JWT alone | (c), first of a minute |")?;
    writeln!(out, "|---|---|--:|--:|--:|--:|")?;
    for Statements { framework, database, session, jwt, claims, once_a_minute } in statements {
        writeln!(out, "| {framework} | {database} | {session} | {jwt} | {claims} | {once_a_minute} |")?;
    }
    Ok(())
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "**missed**" }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A median with the least and the greatest value.
struct Spread {
    median: f64,
    least: f64,
    greatest: f64,
}

impl Spread {
    fn of(values: Vec<f64>) -> Self {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Self { median: median(values), least, greatest }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} ({:.2}–{:.2})", self.median, self.least, self.greatest)
    }
}
