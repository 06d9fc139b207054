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
    without_huge_pages();
    rustls::crypto::aws_lc_rs::default_provider().install_default().expect("nothing installed another before");
    let command = CommandLine::parse().command.unwrap_or_default();
    match commands::run(command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("frontdesk: {}", told(&error));
            ExitCode::FAILURE
        }
    }
}

/// The first touch of a page of two megabytes can take several milliseconds, most of all in a virtual machine: a frame would be
/// late for it. Where the system knows no such pages, or does not listen, all goes on as it was.
fn without_huge_pages() {
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_thp_disable(true).ok();
}

/// An error and its causes, each said once: most errors name their cause themselves.
fn told(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::told;

    #[test]
    fn a_cause_is_said_once() {
        let cause = std::io::Error::other("it is gone");
        let named = anyhow::Error::new(cause).context("a.toml cannot be read: it is gone; name another");
        assert_eq!(told(&named), "a.toml cannot be read: it is gone; name another");
        let unnamed: anyhow::Result<()> = Err(anyhow::anyhow!("line 3 is wrong"));
        assert_eq!(told(&unnamed.context("demo.call").expect_err("wrong")), "demo.call: line 3 is wrong");
    }
}
