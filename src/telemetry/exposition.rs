//! Metrics as JSON, for people and scripts without a Prometheus.

use prometheus::proto::{Histogram, Metric, MetricFamily, MetricType};
use serde_json::{Map, Value, json};

/// `{"frontdesk_calls_total": {"kind": "counter", "help": "…", "samples": [{"labels": {"outcome": "booked"}, "value": 3}]}}`
///
/// A histogram's sample has `count`, `sum`, `avg`, `p50`, `p95` and `p99` in place of `value`.
pub(super) fn json(families: &[MetricFamily]) -> Value {
    let by_name = families.iter().map(|family| {
        let kind = family.get_field_type();
        let samples: Vec<Value> = family.get_metric().iter().map(|metric| sample(kind, metric)).collect();
        let entry = json!({"kind": format!("{kind:?}").to_lowercase(), "help": family.help(), "samples": samples});
        (family.name().to_owned(), entry)
    });
    Value::Object(by_name.collect())
}

fn sample(kind: MetricType, metric: &Metric) -> Value {
    let labels: Map<String, Value> =
        metric.get_label().iter().map(|label| (label.name().to_owned(), label.value().into())).collect();
    let mut sample = match kind {
        MetricType::HISTOGRAM => histogram(metric.get_histogram()),
        MetricType::GAUGE => json!({"value": metric.get_gauge().get_value()}),
        _ => json!({"value": metric.get_counter().get_value()}),
    };
    if !labels.is_empty() {
        sample["labels"] = Value::Object(labels);
    }
    sample
}

fn histogram(histogram: &Histogram) -> Value {
    let (count, sum) = (histogram.get_sample_count(), histogram.get_sample_sum());
    if count == 0 {
        return json!({"count": 0, "sum": 0.0});
    }
    let quantile = |part| quantile(histogram, part);
    json!({
        "count": count,
        "sum": sum,
        "avg": sum / count as f64,
        "p50": quantile(0.5),
        "p95": quantile(0.95),
        "p99": quantile(0.99),
    })
}

/// Where this part of all observations lies below, the bucket's own taken to be spread evenly: what Prometheus's
/// `histogram_quantile` does. Beyond the last bucket its bound is all that is known.
fn quantile(histogram: &Histogram, part: f64) -> f64 {
    let rank = part * histogram.get_sample_count() as f64;
    let (mut below, mut lower_bound) = (0.0, 0.0);
    for bucket in histogram.get_bucket().iter().filter(|bucket| bucket.upper_bound().is_finite()) {
        let reached = bucket.cumulative_count() as f64;
        if reached >= rank && reached > below {
            return lower_bound + (bucket.upper_bound() - lower_bound) * (rank - below) / (reached - below);
        }
        (below, lower_bound) = (reached, bucket.upper_bound());
    }
    lower_bound
}

#[cfg(test)]
mod tests {
    use prometheus::core::Collector;
    use prometheus::{HistogramOpts, IntCounterVec, Opts};

    use super::*;

    #[test]
    fn quantiles_lie_within_their_buckets() {
        let opts = HistogramOpts::new("wait_seconds", "Waiting.").buckets(vec![0.1, 0.2, 0.4]);
        let histogram = prometheus::Histogram::with_opts(opts).expect("valid");
        assert_eq!(json(&histogram.collect())["wait_seconds"]["samples"][0], json!({"count": 0, "sum": 0.0}));
        for _ in 0..50 {
            histogram.observe(0.05);
            histogram.observe(0.15);
        }
        histogram.observe(9.0);
        let sample = &json(&histogram.collect())["wait_seconds"]["samples"][0];
        let figure = |name: &str| sample[name].as_f64().expect("a number");
        assert_eq!(sample["count"], 101);
        assert!((0.1..0.11).contains(&figure("p50")), "{sample}");
        assert!((0.19..0.2).contains(&figure("p95")), "{sample}");
        assert!(figure("p99") <= 0.4 && figure("avg") > 0.1, "{sample}");
    }

    #[test]
    fn labels_and_kinds_are_named() {
        let counters = IntCounterVec::new(Opts::new("calls_total", "Calls."), &["outcome"]).expect("valid");
        counters.with_label_values(&["booked"]).inc_by(3);
        let expected =
            json!({"kind": "counter", "help": "Calls.", "samples": [{"labels": {"outcome": "booked"}, "value": 3.0}]});
        assert_eq!(json(&counters.collect())["calls_total"], expected);
    }
}
