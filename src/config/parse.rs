//! One parser per kind of setting. An error says what the value ought to be.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use engine::audio::format::Format;
use engine::business::is_phone_number;

use super::reader::Parsed;
use super::{AnalystKey, ApiKey, Role, Secret, StoreUrl};
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

/// `redis://host:6379/0`, or `rediss://…` for TLS. There may be a user and a password in it.
pub(super) fn redis_url(text: &str) -> Parsed<Secret> {
    let ought = || "write an address like redis://:password@host:6379/0, or rediss://… for TLS".to_owned();
    let uri: axum::http::Uri = text.parse().map_err(|_| ought())?;
    let is_redis = matches!(uri.scheme_str(), Some("redis" | "rediss"));
    let has_host = uri.host().is_some_and(|host| !host.is_empty());
    let database = uri.path().trim_start_matches('/');
    let is_good = is_redis && has_host && (database.is_empty() || database.parse::<u8>().is_ok());
    if is_good && uri.query().is_none() { secret(text) } else { Err(ought()) }
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

/// SQLite in any of its spellings, or PostgreSQL. Which file or server is meant, the store knows.
pub(super) fn database(text: &str) -> Parsed<String> {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    match scheme {
        None | Some("sqlite" | "file" | "postgres" | "postgresql") => Ok(text.to_owned()),
        Some(_) => Err("name a SQLite file or a PostgreSQL server, like sqlite://data/frontdesk.db or \
                        postgres://user:password@host/database"
            .to_owned()),
    }
}

/// Days, one or more.
pub(super) fn days(text: &str) -> Parsed<u32> {
    let days = text.parse().ok().filter(|days| (1..=36_500).contains(days));
    days.ok_or_else(|| "write a whole number of days from 1 to 36500".to_owned())
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

pub(super) fn milliseconds(text: &str) -> Parsed<Duration> {
    let ms = text.parse().ok().filter(|ms| (1..=600_000).contains(ms));
    ms.map(Duration::from_millis).ok_or("write whole milliseconds from 1 to 600000".to_owned())
}

/// A time for which something is kept: a second to ten years.
pub(super) fn long_seconds(text: &str) -> Parsed<Duration> {
    let seconds = text.parse().ok().filter(|seconds| (1..=315_360_000).contains(seconds));
    seconds.map(Duration::from_secs).ok_or("write whole seconds from 1 to 315360000".to_owned())
}

pub(super) fn hours(text: &str) -> Parsed<Duration> {
    let hours: Option<u64> = text.parse().ok().filter(|hours| (1..=87_600).contains(hours));
    hours.map(|hours| Duration::from_secs(3_600 * hours)).ok_or("write whole hours from 1 to 87600".to_owned())
}

/// Bytes, written in millions of them.
pub(super) fn megabytes(text: &str) -> Parsed<u64> {
    let megabytes: Option<u64> = text.parse().ok().filter(|megabytes| (1..=10_000_000).contains(megabytes));
    megabytes.map(|megabytes| 1_000_000 * megabytes).ok_or("write a whole number from 1 to 10000000".to_owned())
}

pub(super) fn yes_or_no(text: &str) -> Parsed<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("write true or false".to_owned()),
    }
}

pub(super) fn price(text: &str) -> Parsed<f64> {
    let price = text.parse().ok().filter(|price: &f64| price.is_finite() && *price >= 0.0);
    price.ok_or("write a price like 0.030".to_owned())
}

pub(super) fn format(text: &str) -> Parsed<Format> {
    Format::of_name(text).ok_or("write MULAW, LINEAR16, MP3 or OGG_OPUS".to_owned())
}

/// `ivr:a-long-key,worker+ssml:another-one`.
pub(super) fn api_keys(text: &str) -> Parsed<Vec<ApiKey>> {
    text.split(',').map(|part| api_key(part.trim())).collect()
}

/// A key that can be guessed is none.
fn api_key(text: &str) -> Parsed<ApiKey> {
    const KEY_LEN_MIN: usize = 16;
    let ought = "write client:key,client+ssml:key with at least 16 characters in each key";
    let (client, key) = text.split_once(':').ok_or(ought)?;
    let (client, ssml) = client.strip_suffix("+ssml").map_or((client, false), |client| (client, true));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if client.is_empty() || !client.bytes().all(plain) {
        return Err(format!("{ought}; a client is a word of letters, digits, - _ and ."));
    }
    let key = secret(key).ok().filter(|key| key.expose().len() >= KEY_LEN_MIN).ok_or(ought)?;
    Ok(ApiKey { client: client.to_owned(), key, ssml })
}

/// `name:role:business:key,…`; `*` for every business.
pub(super) fn analyst_keys(text: &str) -> Parsed<Vec<AnalystKey>> {
    text.split(',').map(|part| analyst_key(part.trim())).collect()
}

fn analyst_key(text: &str) -> Parsed<AnalystKey> {
    const KEY_LEN_MIN: usize = 16;
    let ought = || {
        "write name:role:business:key,… with analyst, manager or admin for the role, * for every business, and at least 16 \
         characters in each key"
            .to_owned()
    };
    let mut parts = text.splitn(4, ':');
    let mut part = || parts.next().filter(|part| !part.is_empty()).ok_or_else(ought);
    let (name, role, business, key) = (part()?, part()?, part()?, part()?);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !name.bytes().all(plain) {
        return Err(format!("{}; a name is a word of letters, digits, - _ and .", ought()));
    }
    let role = match role {
        "analyst" => Role::Analyst,
        "manager" => Role::Manager,
        "admin" => Role::Admin,
        _ => return Err(ought()),
    };
    let key = secret(key).ok().filter(|key| key.expose().len() >= KEY_LEN_MIN).ok_or_else(ought)?;
    let business = (business != "*").then(|| business.to_owned());
    Ok(AnalystKey { name: name.to_owned(), role, business, key })
}

/// A secret that signs must be as long as what it makes (RFC 7518, section 3.2): 32 bytes.
pub(super) fn signing_secret(text: &str) -> Parsed<Secret> {
    const LEN_MIN: usize = 32;
    let long = secret(text).ok().filter(|secret| secret.expose().len() >= LEN_MIN);
    long.ok_or("write at least 32 random characters, like those of `openssl rand -hex 32`".to_owned())
}

/// `gs://bucket/prefix`, `az://container/prefix`, `s3://bucket/prefix` or `file:///folder`.
pub(super) fn store_url(text: &str) -> Parsed<StoreUrl> {
    let ought =
        || "write gs://bucket, az://container or s3://bucket, with a prefix or without, or file:///folder".to_owned();
    let (scheme, rest) = text.split_once("://").ok_or_else(ought)?;
    if scheme == "file" {
        let path = PathBuf::from(rest);
        return if path.is_absolute() { Ok(StoreUrl::Folder(path)) } else { Err(ought()) };
    }
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let prefix = prefix.trim_matches('/').to_owned();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    if bucket.is_empty() || !bucket.bytes().chain(prefix.bytes()).all(plain) {
        return Err(ought());
    }
    let bucket = bucket.to_owned();
    match scheme {
        "s3" => Ok(StoreUrl::S3 { bucket, prefix }),
        "gs" => Ok(StoreUrl::Google { bucket, prefix }),
        "az" => Ok(StoreUrl::Azure { container: bucket, prefix }),
        _ => Err(ought()),
    }
}
