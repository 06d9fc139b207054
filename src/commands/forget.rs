//! `frontdesk forget`: removes everything of one caller, and gives a receipt.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::app::Cleared;
use crate::commands::show::say;
use crate::config::Settings;
use crate::recordings::Recordings;
use crate::store::{self, Cleaner, Going};
use crate::{app, commands};

/// Remove everything of one caller, and give a receipt
///
/// Calls from the number, calls in which an appointment was made for it, their recordings and tapes, and the appointments.
/// The database's files are put together anew afterwards, so that they hold no remains; that takes a while. A `serve` may
/// go on meanwhile.
#[derive(Args)]
#[command(after_help = "Example: frontdesk forget '+1 415 555 0100' --dry-run")]
pub struct Forget {
    /// The caller's number with its country's code: +14155550100
    #[arg(value_name = "NUMBER", value_parser = number, allow_hyphen_values = true)]
    number: String,
    /// Also appointments that are still to come
    #[arg(long)]
    with_appointments: bool,
    /// Only say how much that is
    #[arg(long)]
    dry_run: bool,
}

impl Forget {
    /// Says how much there is, removes it and writes the receipt.
    ///
    /// # Errors
    /// When the caller is on the phone, has appointments to come, rows wait in the journal, or something cannot be removed.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let settings = commands::settings_with(true, "warn")?;
        let journal = app::store_config(&settings).journal;
        let cleaner = Cleaner::open(&settings.desk.database_url).await?;
        let going = Going { caller: Some(self.number.clone()), ..Going::default() };
        let extent = cleaner.extent(&going).await?;
        let (past, to_come) = cleaner.appointments_of(&self.number, Utc::now()).await?;
        let (calls, recordings) = (extent.calls, extent.recordings);
        say(&format!("{calls} calls, {recordings} recordings, {past} appointments that are over, {to_come} to come"));
        if self.dry_run {
            return Ok(ExitCode::SUCCESS);
        }
        if cleaner.is_calling(&self.number).await? {
            bail!("this caller is on the phone just now; try again when the call is over");
        }
        if to_come > 0 && !self.with_appointments {
            bail!("this caller has {to_come} appointments to come; --with-appointments removes them, too");
        }
        if fs::metadata(&journal).is_ok_and(|file| file.len() > 0) {
            bail!(
                "rows wait in {} for the database; `frontdesk serve` writes them, and then nothing is left out",
                journal.display()
            );
        }
        let recordings = Recordings::new(app::recordings(&settings)?)?;
        let cleared = app::clear(&cleaner, &recordings, &going, |_| ()).await?;
        if let Some(left) = cleared.left.first() {
            bail!(
                "{} files cannot be removed, and their calls are still there; the first is {left}",
                cleared.left.len()
            );
        }
        let appointments = cleaner.remove_appointments_of(&self.number).await?;
        let rejected = forget_rejected(&journal, &self.number, &cleared.calls)?;
        let wiped = cleaner.wipe().await;
        cleaner.close().await;
        let mut receipt = receipt(&self.number, &cleared, appointments, rejected, Utc::now());
        receipt["remains_wiped"] = wiped.is_ok().into();
        let path = keep(&settings, &receipt)?;
        say(&serde_json::to_string_pretty(&receipt)?);
        say(&format!("kept as {}", path.display()));
        wiped.context("everything is removed, but remains are left in the database's files; run this again")?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What was removed. The number is in it as a digest with a salt: who knows the number can tell that it is meant.
fn receipt(number: &str, cleared: &Cleared, appointments: u64, rejected: u64, at: DateTime<Utc>) -> serde_json::Value {
    let salt = Uuid::new_v4().simple().to_string();
    let digest = format!("{:x}", Sha256::digest(format!("{salt}{number}")));
    let mut rows = cleared.rows.clone();
    rows.insert("appointments", appointments);
    json!({
        "removed_at": at,
        "number_sha256": digest,
        "salt": salt,
        "rows": rows,
        "bytes_of_recordings_and_tapes": cleared.bytes,
        "rows_the_database_had_refused": rejected,
    })
}

fn keep(settings: &Settings, receipt: &serde_json::Value) -> anyhow::Result<PathBuf> {
    let folder = settings.desk.recordings.join("receipts");
    let path = folder.join(format!("{}.json", receipt["salt"].as_str().unwrap_or_default()));
    let written = fs::create_dir_all(&folder)
        .and_then(|()| OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path))
        .and_then(|mut file| file.write_all(receipt.to_string().as_bytes()));
    written.with_context(|| format!("everything is removed, but the receipt {} cannot be kept", path.display()))?;
    Ok(path)
}

/// Takes lines with the number or of these calls out of the rows that the database had refused; gives how many.
fn forget_rejected(journal: &Path, number: &str, calls: &[String]) -> anyhow::Result<u64> {
    let path = store::rejected_beside(journal);
    let Ok(text) = fs::read_to_string(&path) else { return Ok(0) };
    let (theirs, others): (Vec<&str>, Vec<&str>) =
        text.lines().partition(|line| line.contains(number) || calls.iter().any(|call| line.contains(call)));
    if !theirs.is_empty() {
        let lines: String = others.iter().map(|line| format!("{line}\n")).collect();
        fs::write(&path, lines).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(theirs.len() as u64)
}

/// E.164, however it was typed.
fn number(text: &str) -> Result<String, String> {
    let plain: String = text.chars().filter(|letter| !matches!(letter, ' ' | '-' | '.' | '(' | ')' | '/')).collect();
    let plain = plain.strip_prefix("00").map_or(plain.clone(), |rest| format!("+{rest}"));
    let digits = plain.strip_prefix('+').unwrap_or_default();
    let is_number = (7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    if is_number { Ok(plain) } else { Err("write the number with its country's code, like +14155550100".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_understood_however_it_is_typed() {
        for text in ["+14155550100", "+1 (415) 555-0100", "001 415 555 0100", "+1.415.555.0100"] {
            assert_eq!(number(text).as_deref(), Ok("+14155550100"), "{text}");
        }
        for text in ["", "4155550100", "+", "+12", "+1415555O100", "+1234567890123456"] {
            assert!(number(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_receipt_proves_the_number_to_whoever_knows_it_and_tells_it_to_nobody() {
        let receipt = receipt("+14155550100", &Cleared::default(), 2, 0, Utc::now());
        assert!(!receipt.to_string().contains("4155550100"));
        let salt = receipt["salt"].as_str().expect("a salt");
        assert_eq!(receipt["number_sha256"], format!("{:x}", Sha256::digest(format!("{salt}+14155550100"))));
        assert_eq!(receipt["rows"]["appointments"], 2);
    }
}
