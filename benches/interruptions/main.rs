//! A thousand interruptions of the real gateway, over sockets and in real time: how soon we are silent, what is decided, and
//! whether we know to the word what the caller heard.
//!
//! ```text
//! cargo bench --bench interruptions -- --jitter 20
//! ```
//!
//! This process holds the callers, Twilio and the vendors; a second is `frontdesk serve`. What was really heard is Twilio's
//! own count (`sandbox::heard`), what the gateway believes is on the tapes it writes. `docs/performance.md` explains the
//! figures and keeps the last ones.

#![allow(clippy::print_stdout, reason = "figures are what it is for")]
#![allow(missing_docs, unreachable_pub, reason = "a program")]

mod caller;
mod compared;
#[path = "../calls/gateway.rs"]
#[allow(dead_code, reason = "the other bench asks more of it")]
mod gateway;
#[path = "../calls/process.rs"]
#[allow(dead_code, reason = "the other bench asks more of it")]
mod process;
mod report;
mod voices;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sandbox::clips;
use sandbox::heard::Words;
use sandbox::twilio::{CallSetup, Echo, Network, Twilio};
use sandbox::world::{World, WorldSettings};
use tokio::task::JoinSet;

use caller::{Caller, Interrupted};
use compared::{Call, Compared};
use gateway::Gateway;
use voices::Voices;

/// Callers come at this distance, so that they do not begin together.
const APART: Duration = Duration::from_millis(150);

#[derive(Parser)]
struct CommandLine {
    /// How many interruptions
    #[arg(long, default_value_t = 1_000)]
    interruptions: usize,
    /// How many call at the same time
    #[arg(long, default_value_t = 24)]
    calls: usize,
    /// The same number gives the same callers
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long messages take each way at least, in milliseconds
    #[arg(long, default_value_t = 30)]
    way: u64,
    /// What each takes at most beyond that
    #[arg(long, default_value_t = 0)]
    jitter: u64,
    /// Let the callers' lines return what they play after so many milliseconds, 20 dB fainter
    #[arg(long)]
    echo: Option<u64>,
    /// Recordings of people who interrupt, in place of the made voices: a folder as measure_vad takes it
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Print each interruption
    #[arg(long)]
    each: bool,
    /// Set by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let command = CommandLine::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    // `cargo test --all-targets` runs benches, too.
    if command.bench { runtime.block_on(measure(&command)) } else { Ok(()) }
}

async fn measure(command: &CommandLine) -> anyhow::Result<()> {
    rustls::crypto::aws_lc_rs::default_provider().install_default().expect("nothing installed another before");
    let settings = WorldSettings::new(gateway::FIXTURES).lifelike();
    let world = World::start(settings).context("the vendors do not start")?;
    let voices = Voices::new(world.utterances(), command.folder.as_deref())?;
    voices.recordings().for_each(|clip| world.lexicon().learn(clip.clone()));
    let gateway = Gateway::frontdesk(&world).await?;
    let calls = interrupt(command, gateway.twilio()?, Arc::new(voices)).await;
    let words = Words::new(clips::load(&PathBuf::from(gateway::FIXTURES).join("phrases"))?);
    let mut compared = Vec::new();
    for (call_sid, interrupted) in &calls {
        let call = Call::read(&gateway.recordings(), call_sid).await?;
        compared.extend(interrupted.iter().map(|one| Compared::new(one, &call, &words)));
    }
    if command.each {
        compared.iter().for_each(report::print_one);
    }
    report::print(&compared);
    Ok(())
}

/// Callers who call again and again until all of them together have interrupted often enough.
async fn interrupt(command: &CommandLine, twilio: Twilio, voices: Arc<Voices>) -> Vec<(String, Vec<Interrupted>)> {
    let left = Arc::new(AtomicUsize::new(command.interruptions));
    let mut callers = JoinSet::new();
    for number in 0..command.calls {
        let (twilio, voices, left) = (twilio.clone(), Arc::clone(&voices), Arc::clone(&left));
        let mut random = StdRng::seed_from_u64(command.seed.wrapping_mul(10_007).wrapping_add(number as u64));
        let setup = setup(command, number, random.random());
        callers.spawn(async move {
            tokio::time::sleep(APART * number as u32).await;
            let mut calls = Vec::new();
            while left.load(Ordering::Relaxed) > 0 {
                let caller = Caller::new(twilio.place(setup.clone()), &voices, &mut random, &left);
                calls.push(caller.carry().await);
            }
            calls
        });
    }
    callers.join_all().await.into_iter().flatten().collect()
}

fn setup(command: &CommandLine, number: usize, seed: u64) -> CallSetup {
    let way = Duration::from_millis(command.way);
    let network = Network { there: way, back: way, jitter: Duration::from_millis(command.jitter), seed };
    let echo = command.echo.map(|ms| Echo::hybrid(Duration::from_millis(ms), 20));
    CallSetup { network, echo, ..CallSetup::new(&format!("+1415555{number:04}"), "+12125550100") }
}
