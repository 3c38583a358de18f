//! The table of what a crowd takes in memory.

use std::fmt::Write;

use super::verdict;
use crate::Result;
use crate::crowd::{CONNECTIONS, Finding, LATER};

/// How much larger than before a process may be when the crowd has gone.
const SETTLED_AIM: f64 = 1.5;

pub(super) fn table(out: &mut String, findings: &[Finding]) -> Result {
    writeln!(out, "\n### Memory of {CONNECTIONS} connections that all ask at once\n")?;
    writeln!(
        out,
        "| framework | database | request | KiB each | aim | MiB before | MiB {} s after | of before | aim |",
        LATER.as_secs()
    )?;
    writeln!(out, "|---|---|---|--:|---|--:|--:|--:|---|")?;
    for Finding { framework, database, asked, each, quiet, later } in findings {
        let aim = asked.aim().map_or(String::new(), |aim| format!("≤ {aim} {}", verdict(*each <= aim)));
        let share = later / quiet;
        writeln!(
            out,
            "| {framework} | {database} | {} | {each:.0} | {aim} | {quiet:.1} | {later:.1} | {share:.2} | ≤ {SETTLED_AIM} {} |",
            asked.title(),
            verdict(share <= SETTLED_AIM),
        )?;
    }
    Ok(())
}
