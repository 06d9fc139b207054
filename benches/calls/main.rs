//! Many calls at once against the real gateway: what a call costs in processor time and memory, how late its frames are,
//! and how long the gateway itself takes between the caller's last word and its own first.
//!
//! ```text
//! cargo bench --bench calls -- --calls 200 --seconds 60
//! cargo bench --bench calls -- --calls 500 --seconds 60 --pages
//! ```
//!
//! Three processes on loopback, so that nothing is counted twice: this one holds the callers and the vendors, a second is
//! `frontdesk serve`, and a third, with `--relay`, is the bare relay of `relay.rs`, which gives the floor below which no
//! gateway on the same libraries can be. `docs/performance.md` explains the figures and keeps the last ones.

#![allow(clippy::print_stdout, reason = "figures are what it is for")]
#![allow(missing_docs, unreachable_pub, reason = "a program")]

mod callers;
mod gateway;
mod pages;
mod process;
mod relay;
mod report;
mod turns;

use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use sandbox::twilio::Tally;
use sandbox::world::{World, WorldSettings};

use callers::Crowd;
use gateway::Gateway;
use process::Usage;

/// Callers are let in at this pace, so that beginnings do not coincide.
const CALLS_PER_SECOND: u32 = 20;

/// From the last caller's coming to the first look.
const SETTLE: Duration = Duration::from_secs(8);

/// Between two looks at the memory.
const LOOK_EVERY: Duration = Duration::from_secs(10);

#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct CommandLine {
    #[command(flatten)]
    load: Load,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Args)]
struct Load {
    /// How many call at the same time
    #[arg(long, default_value_t = 200)]
    calls: usize,
    /// How long is measured, once all are there
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Send the same frames through the bare relay as well
    #[arg(long)]
    relay: bool,
    /// Measure the relay only
    #[arg(long)]
    relay_only: bool,
    /// Callers who say nothing: the media plane alone
    #[arg(long)]
    quiet: bool,
    /// Visitors of a web page in place of callers, in Opus both ways
    #[arg(long, conflicts_with_all = ["relay", "relay_only", "quiet"])]
    pages: bool,
    /// Set by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Part {
    /// What this program starts itself as for `--relay`
    Relay { port: u16, deepgram: String },
}

fn main() -> anyhow::Result<()> {
    let command = CommandLine::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match command.part {
        Some(Part::Relay { port, deepgram }) => runtime.block_on(relay::serve(port, deepgram)),
        None if command.load.bench => runtime.block_on(measure(&command.load)),
        // `cargo test --all-targets` runs benches, too.
        None => Ok(()),
    }
}

async fn measure(load: &Load) -> anyhow::Result<()> {
    rustls::crypto::aws_lc_rs::default_provider().install_default().expect("nothing installed another before");
    let world = World::start(WorldSettings::new(gateway::FIXTURES)).context("the vendors do not start")?;
    if load.pages {
        let gateway = Gateway::frontdesk(&world).await?;
        let outcome = visit(load, &world, &gateway).await?;
        return report::pages(load.calls, &outcome, &gateway).await;
    }
    if !load.relay_only {
        let gateway = Gateway::frontdesk(&world).await?;
        let outcome = run(load, &world, &gateway).await?;
        report::gateway(load.calls, &outcome, &gateway).await?;
    }
    if load.relay || load.relay_only {
        let gateway = Gateway::relay(&world).await?;
        let outcome = run(load, &world, &gateway).await?;
        report::relay(load.calls, &outcome);
    }
    Ok(())
}

/// What one run showed.
struct Outcome {
    /// Before the first call, and then every few seconds.
    idle: Usage,
    looks: Vec<Usage>,
    /// This process, at the first look and at the last.
    ours: (Usage, Usage),
    tallies: Vec<Tally>,
    connected: isize,
}

async fn visit(load: &Load, world: &World, gateway: &Gateway) -> anyhow::Result<Outcome> {
    let idle = gateway.usage()?;
    let mut crowd = pages::Crowd::new(gateway.port(), world.utterances());
    for _ in 0..load.calls {
        crowd.visit();
        tokio::time::sleep(Duration::from_secs(1) / CALLS_PER_SECOND).await;
    }
    let (ours, looks) = look(load, gateway).await?;
    let connected = crowd.connected();
    let heard = crowd.leave().await?;
    println!("frames heard by each: {} to {}", heard.iter().min().unwrap_or(&0), heard.iter().max().unwrap_or(&0));
    Ok(Outcome { idle, looks, ours, tallies: Vec::new(), connected })
}

async fn run(load: &Load, world: &World, gateway: &Gateway) -> anyhow::Result<Outcome> {
    let idle = gateway.usage()?;
    let mut crowd = Crowd::new(gateway.twilio()?, world.utterances(), load.quiet);
    for _ in 0..load.calls {
        crowd.call();
        tokio::time::sleep(Duration::from_secs(1) / CALLS_PER_SECOND).await;
    }
    let (ours, looks) = look(load, gateway).await?;
    let connected = crowd.connected();
    let tallies = crowd.hang_up().await;
    Ok(Outcome { idle, looks, ours, tallies, connected })
}

/// Looks at the gateway and at us, from when all have settled for as long as is measured.
async fn look(load: &Load, gateway: &Gateway) -> anyhow::Result<((Usage, Usage), Vec<Usage>)> {
    tokio::time::sleep(SETTLE).await;
    let ours = Usage::of(std::process::id())?;
    let mut looks = vec![gateway.usage()?];
    let until = looks[0].at + Duration::from_secs(load.seconds);
    while looks.last().is_some_and(|look| look.at < until) {
        tokio::time::sleep(LOOK_EVERY).await;
        looks.push(gateway.usage()?);
    }
    Ok(((ours, Usage::of(std::process::id())?), looks))
}
