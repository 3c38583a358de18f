//! The metrics, for scenarios about what they say. The recorder is one of the process: what a scenario finds in it comes from
//! all that run at this moment.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Measures from now on.
pub fn init() {
    let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &[0.1, 1.0]);
    let recorder = builder.and_then(PrometheusBuilder::install_recorder).expect("the first recorder");
    auth_core::telemetry::describe();
    RECORDER.set(recorder).expect("called once");
}

/// One line of what Prometheus reads.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

/// What Prometheus reads.
pub(crate) fn text() -> String {
    let recorder = RECORDER.get().expect("metrics::init");
    recorder.run_upkeep();
    recorder.render()
}

/// The same in parts.
pub(crate) fn series() -> Vec<Series> {
    let text = text();
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(parse).collect()
}

fn parse(line: &str) -> Series {
    let (key, value) = line.rsplit_once(' ').expect("a value");
    let (name, labels) = key.split_once('{').unwrap_or((key, "}"));
    let labels = labels.strip_suffix('}').expect("an end of the labels");
    // No value that the library writes has a quotation mark in it.
    let labels = labels.split("\",").filter(|label| !label.is_empty()).map(|label| {
        let (name, value) = label.split_once("=\"").expect("a label");
        (name.to_owned(), value.trim_end_matches('"').to_owned())
    });
    Series { name: name.to_owned(), labels: labels.collect(), value: value.parse().expect("a number") }
}

/// The sum of all series of a name that have these labels.
pub(crate) fn sum(name: &str, labels: &[(&str, &str)]) -> f64 {
    let has = |series: &Series| labels.iter().all(|(name, value)| series.labels.get(*name).is_some_and(|v| v == value));
    series().iter().filter(|series| series.name == name && has(series)).map(|series| series.value).sum()
}
