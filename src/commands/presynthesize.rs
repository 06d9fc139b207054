//! `frontdesk presynthesize`: speaks the phrases that will be needed before they are.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use engine::audio::format::Format;
use engine::io::Fault;
use futures_util::StreamExt;
use indicatif::{ProgressBar, ProgressStyle};

use crate::app::presynthesis::{Line, Presynthesis};
use crate::commands::show::{Tone, say, toned};
use crate::commands::{self, serve};

/// Failures that are told one by one at the end; further ones are counted.
const FAILURES_TOLD: usize = 10;

/// Speak the phrases that will be needed, before anybody waits for them
///
/// Every phrase of config/phrases.json and of the business file is spoken by every voice of its language and kept in the
/// speech cache. What is there already is not spoken again, so that a run that was interrupted is simply repeated. The
/// exit status is 0 when every phrase is there.
#[derive(Args)]
pub struct Presynthesize {
    /// Read phrases from this file [default: PHRASES_FILE]
    #[arg(long, value_name = "FILE")]
    phrases: Option<PathBuf>,
    /// Only this voice, by its id in the voices table; repeat it for several
    #[arg(long = "voice", value_name = "ID")]
    voices: Vec<String>,
    /// How the audio is written: MULAW is what calls play
    #[arg(long, default_value = "MULAW", value_parser = format)]
    format: Format,
    /// Phrases that are spoken at the same time; providers limit it
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    at_once: u8,
    /// Say what would be spoken, and what it would cost; speak nothing
    #[arg(long)]
    dry_run: bool,
    /// Let the sandbox stand in for every vendor whose key is missing
    #[arg(long)]
    sandbox: bool,
}

fn format(name: &str) -> Result<Format, String> {
    let ought = || format!("write one of {}", Format::ALL.map(Format::name).join(", "));
    Format::of_name(&name.to_uppercase()).ok_or_else(ought)
}

/// How one line went.
enum Went {
    There,
    Made,
    Failed(String, Fault),
}

/// How all went.
#[derive(Default)]
struct Summary {
    there: usize,
    made: usize,
    characters: usize,
    failed: Vec<(String, Fault)>,
}

impl Presynthesize {
    /// Speaks what is missing, and says how it went.
    ///
    /// # Errors
    /// When settings, phrases, voices or the cache cannot be used.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let mut settings = commands::settings_with(self.sandbox, "error")?;
        if let Some(path) = &self.phrases {
            anyhow::ensure!(path.is_file(), "there is no file {}; --phrases names a list of phrases", path.display());
            settings.speech.phrases_file.clone_from(path);
        }
        let _world = serve::stand_ins(&mut settings).await?;
        let work = Presynthesis::open(&settings, &self.voices, self.format).await?;
        let usd_per_1000 = settings.speech.usd_per_1000_characters;
        if self.dry_run {
            say(&forecast(&work, usd_per_1000).await);
            return Ok(ExitCode::SUCCESS);
        }
        let summary = speak_all(&work, usize::from(self.at_once)).await;
        let is_put_away = work.close().await;
        say(&summary.told(usd_per_1000));
        if !is_put_away {
            say(&toned(Tone::Bad, "Not all of it could be put away in time; run this again."));
        }
        let is_good = is_put_away && summary.failed.is_empty();
        Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

async fn speak_all(work: &Presynthesis, at_once: usize) -> Summary {
    let bar = bar(work.lines().len());
    let mut summary = Summary::default();
    let spoken = work.lines().iter().map(|line| async move { (line, speak(work, line).await) });
    let mut spoken = futures_util::stream::iter(spoken).buffer_unordered(at_once);
    while let Some((line, went)) = spoken.next().await {
        match went {
            Went::There => summary.there += 1,
            Went::Made => {
                summary.made += 1;
                summary.characters += line.characters();
            }
            Went::Failed(what, fault) => summary.failed.push((what, fault)),
        }
        bar.set_message(line.voice.clone());
        bar.inc(1);
    }
    bar.finish_and_clear();
    summary
}

async fn speak(work: &Presynthesis, line: &Line) -> Went {
    if work.is_there(line).await {
        return Went::There;
    }
    match work.speak(line).await {
        Ok(()) => Went::Made,
        Err(fault) => Went::Failed(format!("{}: {}", line.voice, line.ask.text), fault),
    }
}

/// A bar on standard error, where that is a terminal.
fn bar(length: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len}  {eta} left  {msg}");
    let bar = ProgressBar::new(length as u64).with_style(style.expect("the template is ours and complete"));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// What would be spoken, by voice.
async fn forecast(work: &Presynthesis, usd_per_1000: f64) -> String {
    let mut by_voice: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    for line in work.lines() {
        let (there, missing, characters) = by_voice.entry(&line.voice).or_default();
        if work.is_there(line).await {
            *there += 1;
        } else {
            *missing += 1;
            *characters += line.characters();
        }
    }
    let width = by_voice.keys().map(|voice| voice.len()).max().unwrap_or_default().max("voice".len());
    let row = |voice: &str, there: String, missing: String, characters: String, cost: String| {
        format!("{voice:width$}  {there:>7}  {missing:>7}  {characters:>10}  {cost:>9}\n")
    };
    let mut told = row("voice", "there".into(), "missing".into(), "characters".into(), "cost".into());
    let mut all = (0, 0, 0);
    for (voice, (there, missing, characters)) in &by_voice {
        all = (all.0 + there, all.1 + missing, all.2 + characters);
        told +=
            &row(voice, there.to_string(), missing.to_string(), characters.to_string(), usd(*characters, usd_per_1000));
    }
    told += &row("all", all.0.to_string(), all.1.to_string(), all.2.to_string(), usd(all.2, usd_per_1000));
    told + &format!("Estimated at TTS_USD_PER_1000_CHARACTERS = {usd_per_1000}. Nothing was spoken.")
}

impl Summary {
    fn told(&self, usd_per_1000: f64) -> String {
        let mut told = format!(
            "{} made ({} characters, about {}), {} already there, {} failed",
            self.made,
            self.characters,
            usd(self.characters, usd_per_1000),
            self.there,
            self.failed.len(),
        );
        for (what, fault) in self.failed.iter().take(FAILURES_TOLD) {
            let (Fault::Retry(why) | Fault::GiveUp(why) | Fault::OurMistake(why)) = fault;
            told += &toned(Tone::Bad, &format!("\n  {what}\n    {why}"));
        }
        if self.failed.len() > FAILURES_TOLD {
            told += &format!("\n  and {} more", self.failed.len() - FAILURES_TOLD);
        }
        told
    }
}

fn usd(characters: usize, per_1000: f64) -> String {
    format!("${:.4}", characters as f64 * per_1000 / 1_000.0)
}
