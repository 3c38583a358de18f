//! The table of what guesses from many networks leave.

use std::fmt::Write;

use super::verdict;
use crate::Result;
use crate::networks::Finding;

/// Rows for each network, its events included.
const ROWS_AIM: f64 = 4.0;
/// MiB by which the process may grow, however many networks there are.
const GROWTH_AIM: f64 = 32.0;

pub(super) fn table(out: &mut String, findings: &[Finding]) -> Result {
    writeln!(out, "\n### One wrong password from each of many networks\n")?;
    writeln!(
        out,
        "| database | networks | guesses/s | limit rows | event rows | rows for each network | aim | growth MiB | aim | \
        limit rows a day later |"
    )?;
    writeln!(out, "|---|--:|--:|--:|--:|--:|---|--:|---|--:|")?;
    for Finding { database, networks, per_second, limits, events, growth, left } in findings {
        let each = (limits + events) / networks;
        writeln!(
            out,
            "| {database} | {networks} | {per_second:.0} | {limits} | {events} | {each:.2} | ≤ {ROWS_AIM} {} | {growth:.1} | \
            ≤ {GROWTH_AIM} {} | {left} |",
            verdict(each <= ROWS_AIM),
            verdict(*growth <= GROWTH_AIM),
        )?;
    }
    Ok(())
}
