//! `frontdesk dial`: simulated callers against a Frontdesk, one or a thousand, and what they lived through in figures.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use clap::Args;
use engine::record::Speaker;
use sandbox::caller::{self, Book, Moment, Outcome, Said, Script};
use sandbox::clips;
use sandbox::recognizer::Lexicon;
use sandbox::twilio::{CallSetup, Echo, Spread, Twilio, TwilioSettings};
use sandbox::world::{World, WorldSettings};
use tokio::task::JoinSet;

use crate::commands::show::{Tone, say, toned};
use crate::commands::{self, demo, serve};
use crate::config::Strings;

/// How long a gateway may take to come up before the first call is placed.
const GATEWAY_WITHIN: Duration = Duration::from_secs(60);

/// Place simulated calls to a Frontdesk, one or a thousand
///
/// Calls go over Twilio's real wire protocol. The exit status is 0 when every call was as its script expects.
#[derive(Args)]
pub struct Dial {
    /// Where the gateway listens
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:3000")]
    gateway: String,
    /// How many calls
    #[arg(long, default_value_t = 1)]
    calls: usize,
    /// How many seconds the calls' beginnings are spread over
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0)]
    within: f64,
    /// What the callers say; several files are taken in turn
    #[arg(long, value_name = "FILE", default_value = "fixtures/callers/crowd.call")]
    script: Vec<PathBuf>,
    /// Also stand in for Deepgram and OpenAI on this port, for a gateway that is pointed here
    #[arg(long, value_name = "PORT")]
    vendors: Option<u16>,
    /// Let those vendors answer at once, so that only the gateway's own share of each gap is measured
    #[arg(long, requires = "vendors")]
    instant: bool,
    /// Let the callers' lines return what they play after so many milliseconds (40 to 600), as a speakerphone does
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(40..=600))]
    echo: Option<u64>,
    /// How much fainter it comes back, in dB
    #[arg(long, value_name = "DB", default_value_t = 20, requires = "echo")]
    echo_loss: u32,
    /// Print every call's transcript, not only the figures
    #[arg(long)]
    transcripts: bool,
}

impl Dial {
    /// Places the calls, waits for their ends, and adds up.
    ///
    /// # Errors
    /// When a script cannot be played or the gateway is not there.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let scripts = self.scripts()?;
        let (_world, lexicon, book) = self.world()?;
        for (path, script) in self.script.iter().zip(&scripts) {
            book.check(script).with_context(|| format!("{}", path.display()))?;
        }
        let twilio = self.twilio()?;
        self.await_gateway().await?;
        let (book, mut calls) = (Arc::new(book), JoinSet::new());
        let echo = self.echo.map(|ms| Echo::hybrid(Duration::from_millis(ms), self.echo_loss));
        let apart = Duration::from_secs_f64(self.within / self.calls.max(1) as f64);
        for number in 0..self.calls {
            let script = Arc::clone(&scripts[number % scripts.len()]);
            let (twilio, book, lexicon) = (twilio.clone(), Arc::clone(&book), lexicon.clone());
            calls.spawn(async move {
                tokio::time::sleep(apart * number as u32).await;
                let line = twilio.place(CallSetup { echo: echo.or(script.echo), ..setup(&script, number) });
                let outcome = caller::play(line, &script, &book, lexicon, number, ignore).await;
                (number, script, outcome)
            });
        }
        let mut tally = Figures::default();
        while let Some(call) = calls.join_next().await {
            let (number, script, outcome) = call.context("a caller's task broke")?;
            self.report(number, &script, &outcome);
            tally.add(&script, &outcome);
        }
        tally.print();
        Ok(if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn scripts(&self) -> anyhow::Result<Vec<Arc<Script>>> {
        ensure!(self.calls > 0, "--calls must be at least 1");
        ensure!(self.within.is_finite() && self.within >= 0.0, "--within takes seconds, 0 or more");
        self.script.iter().map(|path| commands::script(path).map(Arc::new)).collect()
    }

    /// The vendors, where they are to be here too; what callers can hear, and what they can say.
    fn world(&self) -> anyhow::Result<(Option<World>, Lexicon, Book)> {
        if let Some(port) = self.vendors {
            let settings = WorldSettings { port, ..WorldSettings::new(serve::FIXTURES) };
            let world = World::start(if self.instant { settings } else { settings.lifelike() })?;
            let (lexicon, book) = (world.lexicon().clone(), Book::new(world.utterances().iter().cloned()));
            return Ok((Some(world), lexicon, book));
        }
        let fixtures = PathBuf::from(serve::FIXTURES);
        let utterances = clips::load(&fixtures.join("utterances"))?;
        let phrases = clips::load(&fixtures.join("phrases"))?;
        let lexicon = Lexicon::new(utterances.iter().cloned().chain(phrases));
        Ok((None, lexicon, Book::new(utterances)))
    }

    fn twilio(&self) -> anyhow::Result<Twilio> {
        let environment = commands::environment()?;
        let mut settings = TwilioSettings::for_gateway(&self.gateway);
        settings.auth_token = environment.get("TWILIO_AUTH_TOKEN");
        settings.public_url = environment.get("PUBLIC_URL").unwrap_or_else(|| demo::KNOWN_AS.to_owned());
        Ok(Twilio::new(settings)?)
    }

    async fn await_gateway(&self) -> anyhow::Result<()> {
        let health = format!("{}/health", self.gateway.trim_end_matches('/'));
        let asking = async {
            while reqwest::get(&health).await.is_err() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        let patience = if self.vendors.is_some() { GATEWAY_WITHIN } else { Duration::from_secs(3) };
        tokio::time::timeout(patience, asking).await.map_err(|_| {
            anyhow!("no gateway answers at {health}; start one with `frontdesk serve`, or name it with --gateway")
        })
    }

    fn report(&self, number: usize, script: &Script, outcome: &Outcome) {
        let failures = outcome.failures(script);
        let state = if failures.is_empty() { toned(Tone::Good, "ok") } else { toned(Tone::Bad, "failed") };
        if self.calls <= 50 || !failures.is_empty() {
            say(&format!("call {number:>4}  {state}  {:.1} s  {}", outcome.lasted.as_secs_f64(), gaps(outcome)));
        }
        for failure in failures {
            say(&toned(Tone::Bad, &format!("           {failure}")));
        }
        if self.transcripts {
            outcome.transcript.iter().for_each(print_said);
        }
    }
}

/// Callers whose numbers and ids differ, so that each is somebody.
fn setup(script: &Script, number: usize) -> CallSetup {
    let from = if number == 0 { script.from.clone() } else { format!("+1415555{:04}", number % 10_000) };
    CallSetup::new(&from, script.to.as_deref().unwrap_or(demo::DIALLED))
}

fn ignore(_: &Moment) {}

fn gaps(outcome: &Outcome) -> String {
    let gaps: Vec<String> = outcome.gaps.iter().map(|gap| format!("{} ms", gap.as_millis())).collect();
    format!("gaps {}", gaps.join(", "))
}

fn print_said(said: &Said) {
    let (who, tone) = match said.speaker {
        Speaker::Caller => ("caller   ", Tone::Caller),
        Speaker::Assistant => ("assistant", Tone::Assistant),
    };
    say(&format!("    {:>7.1}  {}  {}", said.from.as_secs_f64(), toned(tone, who), said.text));
}

/// What all calls came to.
#[derive(Default)]
struct Figures {
    calls: usize,
    failed: usize,
    booked: usize,
    gaps: Vec<Duration>,
    stops: Vec<Duration>,
    webhooks: Spread,
    lateness: Spread,
    spacing: Spread,
    own_lateness: Spread,
    frames: u64,
    warnings: u64,
}

impl Figures {
    fn add(&mut self, script: &Script, outcome: &Outcome) {
        self.calls += 1;
        self.failed += usize::from(!outcome.failures(script).is_empty());
        self.booked += usize::from(outcome.booked());
        self.gaps.extend(&outcome.gaps);
        self.stops.extend(&outcome.stops);
        outcome.tally.webhook.into_iter().for_each(|took| self.webhooks.add(took));
        self.lateness.add_all(&outcome.tally.lateness);
        self.spacing.add_all(&outcome.tally.spacing);
        self.own_lateness.add_all(&outcome.tally.own_lateness);
        self.frames += outcome.tally.frames_received;
        self.warnings += outcome.tally.warnings;
    }

    fn print(&self) {
        say(&format!("\n{} calls, {} booked, {} not as expected", self.calls, self.booked, self.failed));
        row("webhook answered", &self.webhooks);
        row_of("end of speech to first audible sample", &self.gaps);
        row_of("cut in to clear", &self.stops);
        row("frame later than needed, mid-phrase", &self.lateness);
        row("between frames received", &self.spacing);
        row("our own frames late (this dialler)", &self.own_lateness);
        say(&format!("frames received {}, warnings {}", self.frames, self.warnings));
    }
}

/// A row of figures that were counted by the millisecond.
fn row(name: &str, spread: &Spread) {
    if spread.count() > 0 {
        print_row(name, |part| spread.percentile(part), spread.max(), spread.count() as usize);
    }
}

/// A row of figures that are all there.
fn row_of(name: &str, figures: &[Duration]) {
    let mut sorted = figures.to_vec();
    sorted.sort();
    if let Some(max) = sorted.last() {
        let at = |part: f64| sorted[((sorted.len() as f64 * part).ceil() as usize).clamp(1, sorted.len()) - 1];
        print_row(name, at, *max, sorted.len());
    }
}

fn print_row(name: &str, at: impl Fn(f64) -> Duration, max: Duration, count: usize) {
    let ms = |part: f64| at(part).as_secs_f64() * 1_000.0;
    say(&format!(
        "{name:<40} p50 {:>6.1} ms  p95 {:>6.1}  p99 {:>6.1}  p99.9 {:>6.1}  max {:>6.1}  ({count})",
        ms(0.5),
        ms(0.95),
        ms(0.99),
        ms(0.999),
        max.as_secs_f64() * 1_000.0,
    ));
}
