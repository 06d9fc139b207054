//! `frontdesk migrate`: brings the database to this program's schema.

use std::process::ExitCode;

use clap::Args;

use crate::commands;
use crate::commands::show::{Tone, say, toned};
use crate::store::{self, Migration};

/// Bring the database to this program's schema
///
/// `serve` does the same when it starts. Several instances that start at once do it one after another.
#[derive(Args)]
pub struct Migrate {
    /// Only say what the database has and what it lacks
    #[arg(long)]
    dry_run: bool,
}

impl Migrate {
    /// Says each step, and takes those that are missing.
    ///
    /// # Errors
    /// When the database cannot be used, or was written by a later version.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let settings = commands::settings_with(true, "warn")?;
        let url = &settings.desk.database_url;
        let before = store::migrations(url).await?;
        let missing = before.iter().filter(|step| !step.applied).count();
        say(&format!("{}: {missing} of {} steps are missing", store::shown(url), before.len()));
        if missing > 0 && !self.dry_run {
            store::migrate(url).await?;
        }
        for step in before {
            say(&line(&step, self.dry_run));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn line(step: &Migration, is_dry: bool) -> String {
    let done = match (step.applied, is_dry) {
        (true, _) => toned(Tone::Quiet, "there"),
        (false, true) => toned(Tone::Bad, "missing"),
        (false, false) => toned(Tone::Good, "done"),
    };
    format!("  {:04} {} {done}", step.version, step.description)
}
