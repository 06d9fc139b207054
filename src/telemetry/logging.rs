//! Where logs go, and how they look.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people: in colour on a terminal, plain elsewhere.
    #[default]
    Text,
    /// One JSON object per line, for machines.
    Json,
}

/// A level that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "LOG_LEVEL {level:?} is neither a level (error, warn, info, debug, trace) nor a filter like \"info,engine=debug\": {why}"
)]
pub struct BadLogLevel {
    level: String,
    why: String,
}

/// Writes logs to standard error from here on. The level may be a filter by module, as `tracing_subscriber` has it:
/// `info,engine=debug`. Does nothing when logs are being written already.
pub fn start_logging(level: &str, format: LogFormat) -> Result<(), BadLogLevel> {
    let filter = filter(level)?;
    let builder = fmt::Subscriber::builder().with_env_filter(filter).with_writer(io::stderr);
    let subscriber: Box<dyn tracing::Subscriber + Send + Sync> = match format {
        LogFormat::Json => Box::new(builder.json().flatten_event(true).finish()),
        LogFormat::Text => Box::new(builder.with_ansi(io::stderr().is_terminal()).finish()),
    };
    // An error means that somebody, a test for one, was quicker.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}

/// Whether [`start_logging`] would take this level.
pub fn check_log_level(level: &str) -> Result<(), BadLogLevel> {
    filter(level).map(drop)
}

fn filter(level: &str) -> Result<EnvFilter, BadLogLevel> {
    let refuse = |why: String| BadLogLevel { level: level.to_owned(), why };
    // A lone word that is no level would be taken for a module's name, and nothing would be logged.
    let lone_word = level.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if lone_word && level.parse::<tracing::Level>().is_err() && level != "off" {
        return Err(refuse("no such level".to_owned()));
    }
    // The model's client logs answers that it cannot read, callers' words and all, as errors of its own.
    EnvFilter::try_new(format!("async_openai=off,{level}")).map_err(|error| refuse(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_filters_are_understood_and_others_refused_by_name() {
        for level in ["error", "WARN", "info", "debug", "trace", "off", "info,engine=debug", "frontdesk::web=trace"] {
            assert!(filter(level).is_ok(), "{level}");
        }
        for level in ["verbose", "", "info,engine=loud"] {
            let refused = filter(level).expect_err("no level");
            assert!(refused.to_string().contains(&format!("{level:?}")), "{refused}");
        }
    }
}
