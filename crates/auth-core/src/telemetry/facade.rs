//! The one file that knows the `metrics` facade. Without the cargo feature every function here is empty.

#![cfg_attr(feature = "metrics", allow(clippy::disallowed_methods, reason = "the one place that measures"))]

#[cfg(feature = "metrics")]
use metrics::{Key, KeyName, Label, Level, Metadata, Unit};

use super::table::Metric;
#[cfg(feature = "metrics")]
use super::table::{METRICS, MetricKind};
use crate::backend::BuiltBackend;

/// Whether anything is measured: the cargo feature `metrics`.
pub const IS_MEASURED: bool = cfg!(feature = "metrics");

/// What a label says. It is a name that is written down in the code, or the name of a configured backend: nothing that a
/// client sent can become one.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "metrics"), expect(dead_code, reason = "nothing is measured"))]
pub(super) enum Value<'a> {
    Name(&'static str),
    Backend(Option<&'a BuiltBackend>),
}

#[cfg(feature = "metrics")]
static METADATA: Metadata<'static> = Metadata::new("auth", Level::INFO, Some(module_path!()));

/// The labels of a metric with their values, without those that do not apply.
#[cfg(feature = "metrics")]
fn key(metric: &Metric, values: &[Value<'_>]) -> Key {
    debug_assert_eq!(metric.labels.len(), values.len(), "{}", metric.name);
    let label = |(name, value): (&&'static str, &Value<'_>)| match value {
        Value::Name(value) => Some(Label::from_static_parts(name, value)),
        Value::Backend(backend) => backend.map(|backend| Label::new(*name, backend.name.clone())),
    };
    let labels: Vec<Label> = metric.labels.iter().zip(values).filter_map(label).collect();
    Key::from_parts(KeyName::from_const_str(metric.name), labels)
}

pub(super) fn count<const N: usize>(metric: &Metric, values: [Value<'_>; N]) {
    #[cfg(feature = "metrics")]
    metrics::with_recorder(|recorder| recorder.register_counter(&key(metric, &values), &METADATA).increment(1));
    #[cfg(not(feature = "metrics"))]
    let _ = (metric, values);
}

pub(super) fn set(metric: &Metric, value: f64) {
    #[cfg(feature = "metrics")]
    metrics::with_recorder(|recorder| recorder.register_gauge(&key(metric, &[]), &METADATA).set(value));
    #[cfg(not(feature = "metrics"))]
    let _ = (metric, value);
}

pub(super) fn add(metric: &Metric, value: f64) {
    #[cfg(feature = "metrics")]
    metrics::with_recorder(|recorder| recorder.register_gauge(&key(metric, &[]), &METADATA).increment(value));
    #[cfg(not(feature = "metrics"))]
    let _ = (metric, value);
}

pub(super) fn observe<const N: usize>(metric: &Metric, values: [Value<'_>; N], value: f64) {
    #[cfg(feature = "metrics")]
    metrics::with_recorder(|recorder| recorder.register_histogram(&key(metric, &values), &METADATA).record(value));
    #[cfg(not(feature = "metrics"))]
    let _ = (metric, values, value);
}

/// Tells the recorder what each metric means. Call it once, after the recorder was installed.
#[cfg(feature = "metrics")]
pub fn describe() {
    metrics::with_recorder(|recorder| {
        for metric in METRICS {
            let (name, meaning) = (KeyName::from_const_str(metric.name), metric.meaning.into());
            let unit = if metric.name.ends_with("_seconds") { Unit::Seconds } else { Unit::Count };
            match metric.kind {
                MetricKind::Counter => recorder.describe_counter(name, Some(unit), meaning),
                MetricKind::Gauge => recorder.describe_gauge(name, Some(unit), meaning),
                MetricKind::Histogram => recorder.describe_histogram(name, Some(unit), meaning),
            }
        }
    });
}
