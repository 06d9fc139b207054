//! `frontdesk replay`: a call from its tape, again.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use engine::tape;

use crate::commands::show::say;
use crate::recordings::{self, Key};
use crate::{app, commands};

/// Feed a call's tape back and compare every output, to the byte
///
/// A sealed tape is opened with RECORDING_KEY.
#[derive(Args)]
pub struct Replay {
    /// The tape: `tape.jsonl` in the call's folder, or `tape.jsonl.age`
    #[arg(value_name = "TAPE", required = true)]
    tapes: Vec<PathBuf>,
}

impl Replay {
    /// Replays each tape.
    ///
    /// # Errors
    /// When a tape cannot be read. A difference is no error but a failure status.
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let mut code = ExitCode::SUCCESS;
        let key = self.key()?;
        for path in &self.tapes {
            let text = recordings::read_tape(path, key.as_ref());
            let text = text.with_context(|| format!("{} cannot be read", path.display()))?;
            match tape::replay(&text) {
                Ok(replayed) => say(&format!(
                    "{}: the same: {} inputs gave the same {} outputs",
                    path.display(),
                    replayed.inputs,
                    replayed.outputs
                )),
                Err(difference) => {
                    say(&format!("{}: {difference}", path.display()));
                    code = ExitCode::FAILURE;
                }
            }
        }
        Ok(code)
    }
    /// Asked for only where it is needed: a tape is also replayed where there are no settings at all.
    fn key(&self) -> anyhow::Result<Option<Key>> {
        if self.tapes.iter().all(|tape| tape.extension().is_none_or(|extension| extension != "age")) {
            return Ok(None);
        }
        let settings = commands::settings_with(true, "warn")?;
        Ok(app::recordings(&settings)?.key)
    }
}
