//! The outside services Frontdesk buys: Deepgram hears and speaks, others speak, too ([`speech`]), OpenAI understands,
//! Twilio carries. Systems of a business's own are told and read by [`others`].
//!
//! An adapter turns the engine's orders into a vendor's messages and the vendor's messages into
//! [`Input`](engine::io::Input)s. It sorts every failure by what can be done about it
//! ([`Fault`]), so that nothing behind it needs to know a status code. Parsing is a pure function
//! beside the task that owns the socket. A vendor's words and a caller's words are never logged above debug, keys never.

pub mod azure;
pub mod deepgram;
pub mod elevenlabs;
pub mod google;
pub mod openai;
pub mod others;
pub mod polly;
pub mod speech;
pub mod twilio;

use std::sync::Arc;
use std::time::Duration;

use engine::io::Fault;
use reqwest::header::HeaderValue;

/// What passes between us and a provider of speech, for whoever counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// It was asked.
    Asked {
        /// For the same as before, which had failed.
        again: bool,
    },
    /// It began to answer.
    Answered {
        /// Since it was asked.
        after: Duration,
    },
}

/// Whoever counts, by the provider's name.
pub type Watch = Arc<dyn Fn(&'static str, Exchange) + Send + Sync>;

/// What we call ourselves. Deepgram's edge may refuse a client without a name.
const USER_AGENT: &str = concat!("frontdesk/", env!("CARGO_PKG_VERSION"));

/// How often a pooled connection is asked whether it still stands, and how long it may take to answer. A call in a
/// silent moment must not find out by its own deadline that the connection died an hour ago.
const PROBES: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(3));

/// A pool of connections to one vendor.
fn http_client(vendor: &str, address: &str, connect: Duration) -> Result<reqwest::Client, Fault> {
    let host = address.strip_prefix("http://").or_else(|| address.strip_prefix("https://"));
    let host = host.filter(|host| !host.is_empty()).ok_or_else(|| {
        Fault::OurMistake(format!(
            "`{address}` is no address for {vendor}: it begins with neither http:// nor https://"
        ))
    })?;
    let mut builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(connect)
        .tcp_nodelay(true)
        .tcp_keepalive(PROBES.0)
        .http2_keep_alive_interval(PROBES.0)
        .http2_keep_alive_timeout(PROBES.1)
        .http2_keep_alive_while_idle(true);
    if ["127.", "localhost", "[::1]"].iter().any(|local| host.starts_with(local)) {
        // A proxy of the machine's does not know what runs beside us.
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| {
        let text = format!("no HTTP client can be made: {}; are there certificates on this machine?", cause(&error));
        Fault::OurMistake(text)
    })
}

/// A key as a header, which never prints; `setting` is what it was set by.
fn key_header(key: &str, setting: &str) -> Result<HeaderValue, Fault> {
    let wrong = |_| Fault::OurMistake(format!("{setting} holds a character that no key has"));
    let mut header = HeaderValue::from_str(key).map_err(wrong)?;
    header.set_sensitive(true);
    Ok(header)
}

/// Cuts a vendor's text to a length fit for a log line, and takes our key out, should the vendor repeat it.
fn excerpt(text: &str, key: &str) -> String {
    const CHARS_MAX: usize = 300;
    let text = if key.is_empty() { text.to_owned() } else { text.replace(key, "…") };
    let mut words = String::new();
    for word in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    match words.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

/// The innermost cause: an HTTP client's own text ends where it begins to say something.
fn cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    #[test]
    fn a_key_that_a_vendor_repeats_is_taken_out() {
        assert_eq!(excerpt("the key  sk-1234\nis wrong", "sk-1234"), "the key … is wrong");
        assert_eq!(excerpt("no key", ""), "no key");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(excerpt(&"ä".repeat(400), "").chars().count(), 301);
    }
}
