//! `frontdesk check`: is everything there that calls need?

use std::process::ExitCode;

use clap::Args;

use crate::app::probe;
use crate::commands::show::{Tone, say, toned};
use crate::commands::{self, serve};
use crate::config::{self, Settings};
use crate::telemetry;

/// Check settings, business file and every component
///
/// The exit status is 0 when calls can be taken.
#[derive(Args)]
pub struct Check {
    /// Let the sandbox stand in for every vendor whose key is missing
    #[arg(long)]
    sandbox: bool,
}

impl Check {
    /// Lists the settings, tries every component, and says what to do about what does not work.
    ///
    /// # Errors
    /// When `.env` cannot be read or the sandbox does not start.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let environment = commands::environment()?;
        say(config::table(&config::describe(&environment)).trim_end());
        let mut settings = match Settings::read(&environment, self.sandbox) {
            Ok(settings) => settings,
            Err(problems) => {
                say(&toned(Tone::Bad, &format!("\n{problems}")));
                return Ok(ExitCode::FAILURE);
            }
        };
        telemetry::start_logging("error", settings.server.log_format)?;
        for warning in &settings.warnings {
            say(&format!("\n{warning}"));
        }
        let _world = serve::stand_ins(&mut settings).await?;
        if !settings.stand_ins.names().is_empty() {
            say(&format!("\nThe sandbox stands in for {}.", settings.stand_ins.names().join(", ")));
        }
        say("");
        let mut code = ExitCode::SUCCESS;
        for probed in probe::everything(&settings).await {
            let (state, words) = match &probed.outcome {
                Ok(words) => (toned(Tone::Good, "works "), words),
                Err(words) if !probed.is_needed => (toned(Tone::Quiet, "unwell"), words),
                Err(words) => {
                    code = ExitCode::FAILURE;
                    (toned(Tone::Bad, "broken"), words)
                }
            };
            // Further lines stand below the first.
            let words = words.replace('\n', &format!("\n{:25}", ""));
            say(&format!("{state}  {:<15}  {words}", probed.component));
        }
        Ok(code)
    }
}
