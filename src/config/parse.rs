//! One parser per kind of setting. An error says what the value ought to be.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use engine::business::is_phone_number;

use super::Secret;
use super::reader::Parsed;
use crate::telemetry::{LogFormat, check_log_level};

/// `https://example.com`, with or without a port and a path; the slash at its end is taken off.
pub(super) fn base_url(text: &str) -> Parsed<String> {
    let ought = || "write an address like https://name.example.com, without a query".to_owned();
    let uri: axum::http::Uri = text.parse().map_err(|_| ought())?;
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    let has_host = uri.host().is_some_and(|host| !host.is_empty());
    if !is_http || !has_host || text.contains(['?', '#']) {
        return Err(ought());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

pub(super) fn ip_address(text: &str) -> Parsed<IpAddr> {
    text.parse().map_err(|_| "write an IP address: 0.0.0.0 for all, 127.0.0.1 for this machine only".to_owned())
}

pub(super) fn port(text: &str) -> Parsed<u16> {
    text.parse().map_err(|_| "write a whole number from 0 to 65535".to_owned())
}

pub(super) fn count(text: &str) -> Parsed<usize> {
    text.parse()
        .ok()
        .filter(|count| (1..=100_000).contains(count))
        .ok_or("write a whole number from 1 to 100000".to_owned())
}

pub(super) fn seconds(text: &str) -> Parsed<Duration> {
    let seconds = text.parse().ok().filter(|seconds| *seconds <= 86_400);
    seconds.map(Duration::from_secs).ok_or("write whole seconds, at most 86400".to_owned())
}

pub(super) fn log_level(text: &str) -> Parsed<String> {
    check_log_level(text).map(|()| text.to_owned()).map_err(|error| error.to_string())
}

pub(super) fn log_format(text: &str) -> Parsed<LogFormat> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("write text or json".to_owned()),
    }
}

pub(super) fn path(text: &str) -> Parsed<PathBuf> {
    Ok(PathBuf::from(text))
}

/// SQLite in any of its spellings. Which file is meant, the store knows.
pub(super) fn database(text: &str) -> Parsed<String> {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    match scheme {
        None | Some("sqlite" | "file") => Ok(text.to_owned()),
        Some(_) => Err("name a SQLite file, like sqlite://data/frontdesk.db or file:./dev.db".to_owned()),
    }
}

/// A number that Twilio calls from or to.
pub(super) fn phone_number(text: &str) -> Parsed<String> {
    if is_phone_number(text) { Ok(text.to_owned()) } else { Err("write it like +15551230000".to_owned()) }
}

/// An id or a model's name.
pub(super) fn word(text: &str) -> Parsed<String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if plain { Ok(text.to_owned()) } else { Err("write one word, without blanks".to_owned()) }
}

/// A key goes into a header, and anything but visible ASCII breaks the header.
pub(super) fn secret(text: &str) -> Parsed<Secret> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if plain {
        Ok(Secret(text.to_owned()))
    } else {
        Err("copy it again: there are blanks or line ends in it".to_owned())
    }
}
