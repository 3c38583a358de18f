//! The table of what time tells.

use std::fmt::Write;

use super::verdict;
use crate::Result;
use crate::timing::{Finding, Separation};

/// How far the probability may be from a half.
const AIM: f64 = 0.05;

pub(super) fn table(out: &mut String, findings: &[Finding]) -> Result {
    writeln!(out, "\n### Timing: what an answer's time tells of an address\n")?;
    writeln!(
        out,
        "| framework | database | route | A / B | A p50 ms | B p50 ms | AUC | aim | AUC of the next request | aim |"
    )?;
    writeln!(out, "|---|---|---|---|--:|--:|--:|---|--:|---|")?;
    for Finding { framework, database, comparison, own, next } in findings {
        let [first, second] = own.medians.map(|median| median / 1e3);
        let (route, title) = (comparison.route.path(), comparison.title());
        writeln!(
            out,
            "| {framework} | {database} | `POST {route}` | {title} | {first:.3} | {second:.3} | {} | {} | {} | {} |",
            probability(own),
            judged(own),
            probability(next),
            judged(next),
        )?;
    }
    Ok(())
}

fn probability(separation: &Separation) -> String {
    format!("{:.3} ± {:.3}", separation.auc, separation.chance)
}

/// Few requests miss the aim by chance, which says nothing.
fn judged(separation: &Separation) -> String {
    let distance = (separation.auc - 0.5).abs();
    if separation.chance > AIM && distance <= separation.chance {
        return "too few to say".to_owned();
    }
    format!("0.5 ± {AIM} {}", verdict(distance <= AIM))
}
