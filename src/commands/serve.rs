//! `frontdesk serve`: answers calls until it is told to stop.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use sandbox::world::{World, WorldSettings};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::app::App;
use crate::commands;
use crate::config::{SandboxAccounts, Secret, Settings};

/// Where the sandbox's speech is, seen from where Frontdesk is started: its own folder.
pub(super) const FIXTURES: &str = "fixtures";

/// Answer calls (the default)
#[derive(Args, Default)]
pub struct Serve {
    /// Let the sandbox stand in for every vendor whose key is missing
    #[arg(long)]
    sandbox: bool,
}

impl Serve {
    /// Serves until SIGINT or SIGTERM, and lets calls end.
    ///
    /// # Errors
    /// When something that calls need cannot be opened.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let mut settings = commands::settings(self.sandbox)?;
        let _world = stand_ins(&mut settings).await?;
        let app = App::open(&settings).await?;
        tracing::info!(address = %app.address()?, "answering calls");
        app.warm_in_the_background();
        app.serve(told_to_stop()?).await?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Starts the sandbox for the vendors that have no key, and points the settings at it. It ends when dropped.
pub(super) async fn stand_ins(settings: &mut Settings) -> anyhow::Result<Option<World>> {
    let stands_in = settings.stand_ins;
    if !stands_in.deepgram && !stands_in.openai {
        return Ok(None);
    }
    let mut world = WorldSettings::new(FIXTURES).lifelike();
    world.openai.models = vec![settings.openai.model.clone()];
    let world = World::start(world)
        .context("the sandbox does not start; it needs the folder fixtures, so start Frontdesk in its own")?;
    let names = stands_in.names().join(", ");
    tracing::warn!("NO REAL VENDORS: the sandbox stands in for {names}. Set their keys in .env to take real calls.");
    if stands_in.deepgram {
        settings.deepgram.url = world.deepgram_url();
        settings.deepgram.api_key = Some(Secret::new("sandbox"));
        settings.providers.stand_in(&SandboxAccounts {
            url: world.speech_url(),
            google: Secret::new(world.providers().google_account.file(&world.speech_url())),
            aws_secret: Secret::new(sandbox::polly::SECRET_ACCESS_KEY),
        });
    }
    if stands_in.openai {
        settings.openai.base_url = world.openai_base_url();
        settings.openai.api_key = Some(Secret::new("sandbox"));
    }
    Ok(Some(world))
}

/// Becomes true at the first SIGINT or SIGTERM; a second one ends the process at once.
pub(super) fn told_to_stop() -> anyhow::Result<watch::Receiver<bool>> {
    let (tell, told) = watch::channel(false);
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        let _ = tell.send(true);
        interrupt.recv().await;
        std::process::exit(130);
    });
    Ok(told)
}
