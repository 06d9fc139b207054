//! What can be asked for on the command line, one file each.

mod replay;
mod serve;
mod show;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;

use crate::config::{Environment, Settings};
use crate::telemetry;

/// What Frontdesk can do.
#[derive(Subcommand)]
pub enum Commands {
    /// Answer calls (the default)
    Serve(serve::Serve),
    /// Feed a call's tape back and compare every output, to the byte
    Replay(replay::Replay),
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
        Commands::Replay(replay) => replay.run(),
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
    let settings = Settings::read(&environment()?, sandbox)?;
    telemetry::start_logging(&settings.server.log_level, settings.server.log_format)?;
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    Ok(settings)
}
