//! Small charts as SVG, in percent of the room they are given; colours are the style sheet's.

use chrono_tz::Tz;
use maud::{Markup, html};

use crate::store::query::{Bucket, FunnelStep};

/// Calls in each stretch of time as bars, the booked ones filled.
pub(super) fn bars(buckets: &[Bucket], zone: Tz, format: &str, label_every: usize) -> Markup {
    let most = buckets.iter().map(|bucket| bucket.calls).max().unwrap_or(0).max(1) as f64;
    let wide = 100.0 / buckets.len().max(1) as f64;
    let calls: i64 = buckets.iter().map(|bucket| bucket.calls).sum();
    let booked: i64 = buckets.iter().map(|bucket| bucket.booked).sum();
    html! {
        svg.chart role="img" aria-label={ (calls) " calls, " (booked) " of them booked, over time" } {
            @for (n, bucket) in buckets.iter().enumerate() {
                @let x = wide * n as f64;
                @let at = bucket.from.with_timezone(&zone).format(format).to_string();
                g {
                    title { (at) ": " (bucket.calls) " calls, " (bucket.booked) " booked" }
                    (bar("all", x, wide, 82.0 * bucket.calls as f64 / most))
                    (bar("part", x, wide, 82.0 * bucket.booked as f64 / most))
                }
                @if n % label_every == 0 { text x={ (x + wide / 2.0) "%" } y="99%" { (at) } }
            }
            line.axis x1="0" x2="100%" y1="86%" y2="86%" {}
        }
        ul.key {
            li { svg aria-hidden="true" { rect.swatch-part width="10" height="10" rx="2" {} } "booked" }
            li { svg aria-hidden="true" { rect.swatch-all width="10" height="10" rx="2" {} } "all calls" }
        }
    }
}

fn bar(class: &str, x: f64, wide: f64, high: f64) -> Markup {
    html! {
        rect class=(class) x={ (format!("{:.2}", x + wide * 0.14)) "%" } width={ (format!("{:.2}", wide * 0.72)) "%" }
            y={ (format!("{:.2}", 86.0 - high)) "%" } height={ (format!("{high:.2}")) "%" } rx="2" {}
    }
}

/// How many calls came by each state of the booking.
pub(super) fn funnel(steps: &[FunnelStep]) -> Markup {
    let most = steps.iter().map(|step| step.calls).max().unwrap_or(0).max(1) as f64;
    html! {
        dl.funnel {
            @for step in steps {
                dt { (step.state) }
                dd { svg aria-hidden="true" {
                    rect.back width="100%" height="12" rx="3" {}
                    rect width={ (format!("{:.1}", 100.0 * step.calls as f64 / most)) "%" } height="12" rx="3" {}
                } }
                dd { (step.calls) }
            }
        }
    }
}
