//! What can be asked for on the command line, one file each.

mod check;
mod demo;
mod dial;
mod export;
mod feeds;
mod forget;
mod live;
mod migrate;
mod presynthesize;
mod prune;
mod replay;
mod serve;
mod show;
mod token;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use sandbox::caller::Script;

use crate::config::{Environment, Settings, Strings};
use crate::telemetry;

/// What Frontdesk can do.
#[derive(Subcommand)]
pub enum Commands {
    /// Answer calls (the default)
    Serve(serve::Serve),
    /// Answer calls and place one simulated call, shown live
    Demo(demo::Demo),
    /// Place simulated calls to a Frontdesk, one or a thousand
    Dial(dial::Dial),
    /// Write calls, or what belongs to them, to a file
    Export(export::Export),
    /// List the addresses of each calendar, for calendar programs to subscribe to
    Feeds(feeds::Feeds),
    /// Remove everything of one caller, and give a receipt
    Forget(forget::Forget),
    /// Bring the database to this program's schema
    Migrate(migrate::Migrate),
    /// Speak the phrases that will be needed, before anybody waits for them
    Presynthesize(presynthesize::Presynthesize),
    /// Remove calls that are old enough, with all that belongs to them
    Prune(prune::Prune),
    /// Feed a call's tape back and compare every output, to the byte
    Replay(replay::Replay),
    /// Check settings, business file and every component
    Check(check::Check),
    /// Issue a token with which a client may ask for speech, or somebody look at calls
    Token(token::Token),
}

impl Default for Commands {
    fn default() -> Self {
        Self::Serve(serve::Serve::default())
    }
}

/// Runs a command to its end.
///
/// # Errors
/// What went wrong, for a person to read.
pub fn run(command: Commands) -> anyhow::Result<ExitCode> {
    match command {
        Commands::Serve(serve) => on_a_runtime(serve.run()),
        Commands::Demo(demo) => on_a_runtime(demo.run()),
        Commands::Dial(dial) => on_a_runtime(dial.run()),
        Commands::Export(export) => on_a_runtime(export.run()),
        Commands::Feeds(feeds) => feeds.run(),
        Commands::Forget(forget) => on_a_runtime(forget.run()),
        Commands::Migrate(migrate) => on_a_runtime(migrate.run()),
        Commands::Presynthesize(presynthesize) => on_a_runtime(presynthesize.run()),
        Commands::Prune(prune) => on_a_runtime(prune.run()),
        Commands::Replay(replay) => replay.run(),
        Commands::Check(check) => on_a_runtime(check.run()),
        Commands::Token(token) => token.run(),
    }
}

fn on_a_runtime(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.context("the asynchronous runtime does not start")?.block_on(work)
}

fn environment() -> anyhow::Result<Environment> {
    Ok(Environment::load(Path::new(".env"))?)
}

/// The settings, with logs started as they say and what is odd about them logged.
fn settings(sandbox: bool) -> anyhow::Result<Settings> {
    let environment = environment()?;
    started(Settings::read(&environment, sandbox)?)
}

/// The same, with logs at another level where `LOG_LEVEL` is not set: a command that talks to a person is not to be
/// drowned in them.
fn settings_with(sandbox: bool, log_level: &str) -> anyhow::Result<Settings> {
    let environment = environment()?;
    let mut settings = Settings::read(&environment, sandbox)?;
    if environment.get("LOG_LEVEL").is_none() {
        log_level.clone_into(&mut settings.server.log_level);
    }
    started(settings)
}

fn started(settings: Settings) -> anyhow::Result<Settings> {
    telemetry::start_logging(&settings.server.log_level, settings.server.log_format)?;
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    Ok(settings)
}

/// What a simulated caller says.
fn script(path: &Path) -> anyhow::Result<Script> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Script::parse(&text).with_context(|| format!("{}", path.display()))
}
