//! What is taken out of the record before it is written, and what calls cost. Declared as in `declared.rs`.

use std::path::PathBuf;

use super::reader::{Parsed, Problem, Reader};
use super::{Secret, Storage, StoreUrl, parse};

/// What is taken out of the record, and what calls cost.
#[derive(Debug, Clone)]
pub struct Keeping {
    /// `REDACT`.
    pub redact: Redaction,
    /// `TAPE`.
    pub tape: Tape,
    /// `CALL_SUMMARIES`: whether the model sums calls up.
    pub summaries: bool,
    /// What vendors take.
    pub prices: Prices,
    /// `RECORDING_KEY`: what recordings are sealed with.
    pub recording_key: Option<Secret>,
    /// `RECORDING_KEY_FILE`: where that is.
    pub recording_key_file: Option<PathBuf>,
    /// `RECORDING_STORE_URL`: the object store that recordings go to once their call is over.
    pub recording_store_url: Option<StoreUrl>,
    /// `RECORDING_KEEP_LOCAL`: whether they stay on the disk as well.
    pub recording_keep_local: bool,
    /// `RETENTION_DAYS`: how long calls are kept; none for ever.
    pub retention_days: Option<u32>,
}

/// What is taken out of what is written down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Redaction {
    /// Phone and card numbers.
    pub numbers: bool,
    /// E-mail addresses.
    pub emails: bool,
    /// Names that are introduced.
    pub names: bool,
}

/// How the tape is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tape {
    /// Whole where a key seals it, or no real caller can be on it; else redacted.
    Auto,
    /// Whole, so that it can be replayed.
    Whole,
    /// With everything taken out that is taken out of rows.
    Redacted,
    /// Not at all.
    Off,
}

/// What vendors take, in US dollars. Speaking is priced by `TTS_USD_PER_1000_CHARACTERS`.
#[derive(Debug, Clone, Copy)]
pub struct Prices {
    /// `TELEPHONY_USD_PER_MINUTE`.
    pub telephony_minute: f64,
    /// `STT_USD_PER_MINUTE`.
    pub hearing_minute: f64,
    /// `MODEL_USD_PER_MILLION_TOKENS_IN`.
    pub million_tokens_in: f64,
    /// `MODEL_USD_PER_MILLION_TOKENS_OUT`.
    pub million_tokens_out: f64,
    /// `REALTIME_USD_PER_MILLION_TOKENS_IN`.
    pub realtime_million_tokens_in: f64,
    /// `REALTIME_USD_PER_MILLION_TOKENS_OUT`.
    pub realtime_million_tokens_out: f64,
}

impl Keeping {
    pub(super) fn declare(read: &mut Reader, storage: &Storage) -> Self {
        read.group("The record of calls: what is left out of it, and what calls cost.");
        Self {
            redact: read.value(
                "REDACT",
                "numbers,emails",
                "numbers, emails, names or off",
                "What is taken out of transcripts, events and tapes. Appointments keep name and phone.",
                redaction,
            ),
            tape: read.value(
                "TAPE",
                "auto",
                "auto, whole, redacted or off",
                "How the tape of a call is kept. Only a whole one can be replayed. With auto it is whole where a recording key seals it, where nothing is to be taken out, or where the sandbox calls; else REDACT holds for it.",
                tape,
            ),
            summaries: read.value(
                "CALL_SUMMARIES",
                "true",
                "true or false",
                "Whether the model sums each call up when it is over, in two sentences, and says how the caller felt. It reads what is on record, about 500 tokens.",
                parse::yes_or_no,
            ),
            recording_key: read.secret(
                "RECORDING_KEY",
                "Seals recordings and tapes once their call is over: an age identity, as `age-keygen` prints it. Without it they are kept as they are. Keep a copy: nothing opens them without it.",
            ),
            recording_key_file: read.optional("RECORDING_KEY_FILE", "path", "The same, in a file of its own.", parse::path),
            recording_store_url: Self::declare_store(read, storage),
            recording_keep_local: read.value(
                "RECORDING_KEEP_LOCAL",
                "false",
                "true or false",
                "Whether recordings that are in that store stay on the disk as well.",
                parse::yes_or_no,
            ),
            retention_days: read.optional(
                "RETENTION_DAYS",
                "days",
                "Calls that ended longer ago are removed once a day, with all that belongs to them. Unset, `frontdesk prune` alone removes calls.",
                parse::days,
            ),
            prices: Prices {
                telephony_minute: read.value(
                    "TELEPHONY_USD_PER_MINUTE",
                    "0.0125",
                    "US dollars",
                    "A minute of an incoming call with its media stream.",
                    parse::price,
                ),
                hearing_minute: read.value(
                    "STT_USD_PER_MINUTE",
                    "0.0077",
                    "US dollars",
                    "A minute of speech-to-text.",
                    parse::price,
                ),
                million_tokens_in: read.value(
                    "MODEL_USD_PER_MILLION_TOKENS_IN",
                    "0.75",
                    "US dollars",
                    "What the model reads.",
                    parse::price,
                ),
                million_tokens_out: read.value(
                    "MODEL_USD_PER_MILLION_TOKENS_OUT",
                    "4.50",
                    "US dollars",
                    "What it writes.",
                    parse::price,
                ),
                realtime_million_tokens_in: read.value(
                    "REALTIME_USD_PER_MILLION_TOKENS_IN",
                    "32",
                    "US dollars",
                    "What a speech-to-speech model hears and reads, as if all of it were audio.",
                    parse::price,
                ),
                realtime_million_tokens_out: read.value(
                    "REALTIME_USD_PER_MILLION_TOKENS_OUT",
                    "64",
                    "US dollars",
                    "What it says and writes, as if all of it were audio.",
                    parse::price,
                ),
            },
        }
    }
}

impl Keeping {
    fn declare_store(read: &mut Reader, storage: &Storage) -> Option<StoreUrl> {
        let name = "RECORDING_STORE_URL";
        let url = read.optional(
            name,
            "address",
            "Where recordings and tapes go once their call is over: s3://bucket, gs://bucket or az://container, with a prefix or without, or file:///folder. The keys are those of the object store above. Unset, they stay on the disk.",
            parse::store_url,
        );
        let remedy = match &url {
            Some(StoreUrl::Azure { .. }) if storage.azure_account.is_none() => {
                let remedy = "name the account that the container of RECORDING_STORE_URL is in";
                read.problem(Problem { name: "AZURE_STORAGE_ACCOUNT", value: None, remedy: remedy.to_owned() });
                None
            }
            Some(StoreUrl::S3 { bucket, .. }) if storage.is_public(bucket) => {
                Some("name another bucket: S3_PUBLIC_BASE_URL says that everybody can read what is in this one")
            }
            _ => None,
        };
        if let Some(remedy) = remedy {
            read.problem(Problem { name, value: None, remedy: remedy.to_owned() });
        }
        url
    }
}

fn redaction(text: &str) -> Parsed<Redaction> {
    let mut redaction = Redaction::default();
    if text == "off" {
        return Ok(redaction);
    }
    for word in text.split(',').map(str::trim) {
        let named = match word {
            "numbers" => &mut redaction.numbers,
            "emails" => &mut redaction.emails,
            "names" => &mut redaction.names,
            _ => return Err("write off, or some of numbers, emails and names with commas between".to_owned()),
        };
        *named = true;
    }
    Ok(redaction)
}

fn tape(text: &str) -> Parsed<Tape> {
    match text {
        "auto" => Ok(Tape::Auto),
        "whole" => Ok(Tape::Whole),
        "redacted" => Ok(Tape::Redacted),
        "off" => Ok(Tape::Off),
        _ => Err("write auto, whole, redacted or off".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_redacted_is_named_and_other_words_are_refused() {
        assert_eq!(redaction("off"), Ok(Redaction::default()));
        let some = Redaction { numbers: true, names: true, ..Redaction::default() };
        assert_eq!(redaction("numbers, names"), Ok(some));
        assert!(redaction("numbers,all").is_err() && redaction("").is_err());
    }
}
