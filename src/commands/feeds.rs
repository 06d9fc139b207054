//! `frontdesk feeds`: the addresses that calendar programs subscribe to.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::app;
use crate::commands;
use crate::commands::show::say;
use crate::config::Settings;

/// List the addresses of each calendar, for calendar programs to subscribe to
#[derive(Args)]
#[command(
    after_help = "Whoever has an address may read that calendar. Another CALENDAR_SECRET makes all of them anew."
)]
pub struct Feeds {}

impl Feeds {
    /// Prints one line for each of the staff.
    ///
    /// # Errors
    /// When there is no secret, or a business file cannot be used.
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let settings = Settings::read(&commands::environment()?, true)?;
        let addresses = app::feed_addresses(&settings)?.context(
            "CALENDAR_SECRET is not set, so nobody may subscribe: set it to at least 32 random characters, like those \
             of `openssl rand -hex 32`",
        )?;
        let base = settings.server.public_url.as_deref().unwrap_or_default().trim_end_matches('/');
        for app::FeedAddress { business, staff, path } in addresses {
            say(&format!("{business}, {staff}: {base}{path}"));
        }
        Ok(ExitCode::SUCCESS)
    }
}
