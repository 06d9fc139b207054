//! What the figures say, as lines for people.

use std::time::Duration;

use sandbox::twilio::Spread;

use crate::Outcome;
use crate::gateway::Gateway;
use crate::turns::Turns;

/// What happened to the gateway, from outside and inside.
pub async fn gateway(calls: usize, outcome: &Outcome, gateway: &Gateway) -> anyhow::Result<()> {
    println!("\nfrontdesk, {calls} calls");
    costs(calls, outcome);
    frames(outcome);
    let mut webhooks: Vec<f64> =
        outcome.tallies.iter().filter_map(|tally| tally.webhook).map(|took| took.as_secs_f64() * 1_000.0).collect();
    quantiles("webhook, seen by the caller", &mut webhooks);
    let metrics = gateway.metrics().await?;
    let sample = |name: &str| metrics[name]["samples"][0].clone();
    for name in ["frontdesk_webhook_seconds", "frontdesk_clear_seconds"] {
        println!("{name}: {}", sample(name));
    }
    for name in ["frontdesk_frames_in_total", "frontdesk_frames_out_total", "frontdesk_dropped_frames_total"] {
        println!("{name}: {}", sample(name)["value"]);
    }
    let mut turns = Turns::read(&gateway.recordings())?;
    quantiles("turn's end → first frame, all", &mut turns.whole);
    quantiles("turn's end → first frame, no model asked", &mut turns.without_model);
    quantiles("the gateway's own stages around the model", &mut turns.own);
    quantiles("order to speak → first frame", &mut turns.speaking);
    let log = gateway.log();
    let complaints: Vec<&str> = log.lines().filter(|line| line.contains("WARN") || line.contains("ERROR")).collect();
    println!("warnings in the log: {} {}", complaints.len(), complaints.first().unwrap_or(&""));
    Ok(())
}

/// What happened to the gateway when pages talked.
pub async fn pages(visitors: usize, outcome: &Outcome, gateway: &Gateway) -> anyhow::Result<()> {
    println!("\nfrontdesk, {visitors} visitors of a page");
    costs(visitors, outcome);
    let metrics = gateway.metrics().await?;
    for name in [
        "frontdesk_frame_lateness_seconds",
        "frontdesk_frames_in_total",
        "frontdesk_frames_out_total",
        "frontdesk_dropped_frames_total",
    ] {
        println!("{name}: {}", metrics[name]["samples"][0]);
    }
    println!("voice_latency_seconds: {}", metrics["voice_latency_seconds"]["samples"]);
    let mut turns = Turns::read(&gateway.recordings())?;
    quantiles("turn's end → first frame, no model asked", &mut turns.without_model);
    quantiles("the gateway's own stages around the model", &mut turns.own);
    let log = gateway.log();
    let complaints: Vec<&str> = log.lines().filter(|line| line.contains("WARN") || line.contains("ERROR")).collect();
    println!("warnings in the log: {} {}", complaints.len(), complaints.first().unwrap_or(&""));
    Ok(())
}

/// What happened to the relay.
pub fn relay(calls: usize, outcome: &Outcome) {
    println!("\nbare relay, {calls} calls");
    costs(calls, outcome);
    frames(outcome);
}

fn costs(calls: usize, outcome: &Outcome) {
    let (first, last) = (outcome.looks.first(), outcome.looks.last());
    let (Some(first), Some(last)) = (first, last) else { return };
    println!("calls with a stream at the end: {} of {calls}", outcome.connected);
    let cores = last.cores_since(first);
    println!("processor: {:.1} % of a core, {:.4} % a call", cores * 100.0, cores * 100.0 / calls as f64);
    for (thread, spent) in &last.threads {
        let spent = *spent - first.threads.get(thread).copied().unwrap_or_default();
        let share = spent.as_secs_f64() / (last.at - first.at).as_secs_f64() * 100.0;
        println!("    {thread}: {share:.1} % of a core");
    }
    println!(
        "processor of callers and vendors: {:.1} % of a core",
        outcome.ours.1.cores_since(&outcome.ours.0) * 100.0
    );
    let resident: Vec<String> = outcome.looks.iter().map(|look| (look.resident_kib / 1_024).to_string()).collect();
    let grown = last.resident_kib.saturating_sub(outcome.idle.resident_kib);
    let idle = outcome.idle.resident_kib / 1_024;
    println!(
        "memory: {:.0} KiB a call; {idle} MiB before, then {} MiB",
        grown as f64 / calls as f64,
        resident.join(" ")
    );
}

fn frames(outcome: &Outcome) {
    let (mut late, mut own, mut spacing) = (Spread::default(), Spread::default(), Spread::default());
    for tally in &outcome.tallies {
        late.add_all(&tally.lateness);
        own.add_all(&tally.own_lateness);
        spacing.add_all(&tally.spacing);
    }
    let sent: u64 = outcome.tallies.iter().map(|tally| tally.frames_sent).sum();
    println!("frames: {sent} to it, {} from it", late.count());
    for (what, spread) in [("frames that came late", &late), ("between two frames", &spacing), ("own clock late", &own)]
    {
        let at = |part| ms(spread.percentile(part));
        println!("{what}: p50 {} p99 {} p99.9 {} max {}", at(0.5), at(0.99), at(0.999), ms(spread.max()));
    }
    println!("frames later than 20 ms: {} of {}", late.at_least(20), late.count());
}

fn ms(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1_000.0)
}

fn quantiles(what: &str, figures: &mut [f64]) {
    figures.sort_by(f64::total_cmp);
    let at = |part: f64| figures.get(((figures.len() as f64 * part) as usize).min(figures.len().saturating_sub(1)));
    let [Some(p50), Some(p95), Some(p99), Some(max)] = [at(0.5), at(0.95), at(0.99), at(1.0)] else {
        return println!("{what}: none");
    };
    println!("{what}: {} of them, p50 {p50:.2} p95 {p95:.2} p99 {p99:.2} max {max:.2} ms", figures.len());
}
