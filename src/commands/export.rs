//! `frontdesk export`: whole tables as files.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use anyhow::Context;
use chrono::{DateTime, NaiveDate, Utc};
use clap::Args;
use futures_util::StreamExt;
use indicatif::ProgressBar;

use crate::commands;
use crate::commands::show;
use crate::store::Records;
use crate::store::export::{self, Format, What};
use crate::store::query::Scope;

/// Write calls, or what belongs to them, to a file
///
/// Rows come in order of time, in batches: an export takes the same memory for a hundred calls and for a hundred thousand.
/// Text that a spreadsheet would carry out as a formula gets an apostrophe before it in CSV.
#[derive(Args)]
#[command(after_help = HELP)]
pub struct Export {
    /// calls, transcripts, turns, events, appointments, analytics or costs
    #[arg(long, value_name = "TABLE", value_parser = what)]
    what: What,
    /// csv, ndjson or parquet
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    format: Format,
    /// Where to: a file, which is there only once it is whole, or - for standard output
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Calls answered, or appointments that begin, at this moment or later: 2026-11-24 or 2026-11-24T15:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Option<DateTime<Utc>>,
    /// And before this one
    #[arg(long, value_name = "TIME", value_parser = moment)]
    to: Option<DateTime<Utc>>,
    /// Of this business only
    #[arg(long, value_name = "NAME")]
    business: Option<String>,
}

const HELP: &str = "\
Example: frontdesk export --what transcripts --format parquet --out transcripts.parquet --from 2026-11-01";

impl Export {
    /// Writes the file.
    ///
    /// # Errors
    /// When there is no database, or the file cannot be written.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let settings = commands::settings_with(true, "warn")?;
        let records = Records::open(&settings.desk.database_url).await?;
        let Self { what, format, from, to, business, out } = self;
        let export = export::Export { what, format, scope: Scope::All, business, from, to, shows_private: true };
        let progress = show::progress(records.export_subjects(&export).await?);
        if out == Path::new("-") {
            write(&records, export, &mut io::stdout().lock(), &progress).await?;
        } else {
            let unfinished = out.with_added_extension("unfinished");
            let cannot = || format!("{} cannot be written", out.display());
            let mut file = fs::File::create(&unfinished).with_context(cannot)?;
            write(&records, export, &mut file, &progress).await.with_context(cannot)?;
            file.sync_all().with_context(cannot)?;
            fs::rename(&unfinished, &out).with_context(cannot)?;
        }
        progress.finish_and_clear();
        Ok(ExitCode::SUCCESS)
    }
}

async fn write(
    records: &Records,
    export: export::Export,
    out: &mut impl Write,
    progress: &ProgressBar,
) -> anyhow::Result<()> {
    let mut chunks = std::pin::pin!(records.export(export));
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        out.write_all(&chunk.bytes)?;
        progress.inc(chunk.subjects);
    }
    Ok(out.flush()?)
}

/// On standard error, and only where that is a terminal.
fn what(name: &str) -> Result<What, String> {
    let ought = || format!("write one of {}", What::ALL.map(What::name).join(", "));
    What::of_name(name).ok_or_else(ought)
}

fn format(name: &str) -> Result<Format, String> {
    Format::of_name(name).ok_or_else(|| "write csv, ndjson or parquet".to_owned())
}

fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let day = || text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0).map(|midnight| midnight.and_utc());
    let moment = DateTime::parse_from_rfc3339(text).map(|moment| moment.to_utc()).ok();
    moment.or_else(day).ok_or_else(|| "write a moment like 2026-11-24T15:00:00Z or a day like 2026-11-24".to_owned())
}
