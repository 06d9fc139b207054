//! `frontdesk replay`: a call from its tape, again.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use engine::tape;

use crate::commands::show::say;

/// Feed a call's tape back and compare every output, to the byte
#[derive(Args)]
pub struct Replay {
    /// The tape: `tape.jsonl` in the call's folder
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
        for path in &self.tapes {
            let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
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
}
