//! The command line: reads what is asked, hands it to a command, and turns its outcome into an exit status.

use std::process::ExitCode;

use clap::Parser;
use frontdesk::commands::{self, Commands};

/// Small calls make many small allocations; this allocator gives their memory back and keeps it flat.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Frontdesk answers a business's phone and books appointments.
#[derive(Parser)]
#[command(
    version,
    about,
    after_help = "Settings come from the environment and from .env; `frontdesk check` lists them."
)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Commands>,
}

fn main() -> ExitCode {
    rustls::crypto::aws_lc_rs::default_provider().install_default().expect("nothing installed another before");
    let command = CommandLine::parse().command.unwrap_or_default();
    match commands::run(command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("frontdesk: {error:#}");
            ExitCode::FAILURE
        }
    }
}
