//! `frontdesk prune`: removes calls that are old enough.

use std::process::ExitCode;

use chrono::{TimeDelta, Utc};
use clap::Args;
use indicatif::HumanBytes;

use crate::commands::show::{self, Tone, say, toned};
use crate::recordings::Recordings;
use crate::store::{Cleaner, Going};
use crate::{app, commands};

/// Remove calls that are old enough, with all that belongs to them
///
/// Recordings and tapes go first, then rows, in small steps: what is interrupted is taken up by the next run. A `serve` may
/// go on meanwhile. RETENTION_DAYS lets it do the same once a day.
#[derive(Args)]
#[command(after_help = "Example: frontdesk prune --older-than 90d --business \"Shear Delight\" --dry-run")]
pub struct Prune {
    /// Calls that ended longer ago: 90d, 12w
    #[arg(long, value_name = "AGE", value_parser = age)]
    older_than: TimeDelta,
    /// Of this business only
    #[arg(long, value_name = "NAME")]
    business: Option<String>,
    /// Only recordings and tapes; words and figures stay
    #[arg(long)]
    recordings_only: bool,
    /// Only say how much that is
    #[arg(long)]
    dry_run: bool,
}

impl Prune {
    /// Says how much is to go, and removes it.
    ///
    /// # Errors
    /// When the database or the folder of recordings cannot be used.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let settings = commands::settings_with(true, "warn")?;
        let cleaner = Cleaner::open(&settings.desk.database_url).await?;
        let before = Utc::now() - self.older_than;
        let (business, recordings_only) = (self.business, self.recordings_only);
        let going =
            Going { ended_before: Some(before), business: business.clone(), recordings_only, ..Going::default() };
        let extent = cleaner.extent(&going).await?;
        say(&format!(
            "{} calls ended before {}, with {} recordings of {}",
            extent.calls,
            before.format("%Y-%m-%d %H:%M UTC"),
            extent.recordings,
            HumanBytes(extent.bytes.unsigned_abs())
        ));
        if self.dry_run {
            return Ok(ExitCode::SUCCESS);
        }
        let recordings = Recordings::new(app::recordings(&settings)?)?;
        let progress = show::progress(extent.calls.unsigned_abs());
        let cleared = app::clear(&cleaner, &recordings, &going, |calls| progress.inc(calls)).await?;
        progress.finish_and_clear();
        if !recordings_only {
            let appointments = cleaner.remove_appointments(before, business.as_deref()).await?;
            say(&format!("removed      {appointments} appointments that were over before that"));
        }
        for (table, rows) in cleared.rows.iter().filter(|(_, rows)| **rows > 0) {
            say(&format!("removed      {rows} {table}"));
        }
        say(&format!("freed        {}", HumanBytes(cleared.bytes)));
        for left in &cleared.left {
            say(&toned(Tone::Bad, &format!("not removed  {left}")));
        }
        cleaner.close().await;
        Ok(if cleared.left.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn age(text: &str) -> Result<TimeDelta, String> {
    let no = || format!("{text:?} is no age; write days or weeks, like 90d or 12w");
    let (number, unit) = text.split_at(text.len() - text.chars().next_back().map_or(0, char::len_utf8));
    let number: i64 = number.parse().ok().filter(|number| (1..=36_500).contains(number)).ok_or_else(no)?;
    match unit {
        "d" => Ok(TimeDelta::days(number)),
        "w" => Ok(TimeDelta::weeks(number)),
        _ => Err(no()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_days_or_weeks() {
        assert_eq!((age("90d"), age("2w")), (Ok(TimeDelta::days(90)), Ok(TimeDelta::days(14))));
        for text in ["", "d", "90", "0d", "-1d", "1y", "9é", "99999999999d"] {
            assert!(age(text).is_err(), "{text}");
        }
    }
}
