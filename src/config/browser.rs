//! Sessions of browsers (`docs/browser-voice.md`). Declared as in `declared.rs`.

use std::path::PathBuf;
use std::time::Duration;

use super::parse;
use super::reader::{Parsed, Reader};

/// Sessions of browsers.
#[derive(Debug, Clone)]
pub struct Browser {
    /// `VOICE_TALK_PAGE`: whether anybody may talk from our own page.
    pub talk_page: bool,
    /// `VOICE_CORS_ORIGIN`: other sites that may open sessions.
    pub origins: Vec<String>,
    /// `JWT_PUBLIC_KEY_FILE`: checks tokens that somebody else signs.
    pub public_key_file: Option<PathBuf>,
    /// `VOICE_MAX_CONNECTIONS`.
    pub connections_max: usize,
    /// `VOICE_RATE_LIMIT_PER_MINUTE`.
    pub rate_limit_per_minute: usize,
    /// `VOICE_SESSION_TIMEOUT`.
    pub idle: Duration,
    /// `VOICE_SAMPLE_RATE`.
    pub rate_hz: u32,
    /// `VOICE_FRAME_MS`.
    pub frame_ms: u32,
    /// `VOICE_BITRATE`.
    pub bitrate: u32,
    /// `VOICE_TARGET_FIRST_TOKEN_MS`.
    pub first_token_target: Duration,
    /// `VOICE_TARGET_PARTIAL_LATENCY_MS`.
    pub partial_target: Duration,
    /// `VOICE_TARGET_BARGE_IN_MS`.
    pub barge_in_target: Duration,
    /// `VOICE_PERFORMANCE_WARNINGS`.
    pub warns: bool,
}

impl Browser {
    pub(super) fn declare(read: &mut Reader) -> Self {
        read.group("Voice in the browser (docs/browser-voice.md).");
        let (talk_page, origins, public_key_file) = Self::declare_guard(read);
        let (connections_max, rate_limit_per_minute, idle) = Self::declare_limits(read);
        let (rate_hz, frame_ms, bitrate) = Self::declare_audio(read);
        let target = |read: &mut Reader, name, default, meaning| {
            read.value(name, default, "milliseconds", meaning, parse::milliseconds)
        };
        Self {
            talk_page,
            origins,
            public_key_file,
            connections_max,
            rate_limit_per_minute,
            idle,
            rate_hz,
            frame_ms,
            bitrate,
            first_token_target: target(
                read,
                "VOICE_TARGET_FIRST_TOKEN_MS",
                "300",
                "From asking the model to what it understood, at most.",
            ),
            partial_target: target(
                read,
                "VOICE_TARGET_PARTIAL_LATENCY_MS",
                "150",
                "From a visitor's voice to its first words, at most.",
            ),
            barge_in_target: target(
                read,
                "VOICE_TARGET_BARGE_IN_MS",
                "50",
                "From a visitor's voice to silence in the speaker, at most.",
            ),
            warns: read.value(
                "VOICE_PERFORMANCE_WARNINGS",
                "false",
                "true or false",
                "Whether a target that is missed is logged.",
                parse::yes_or_no,
            ),
        }
    }

    fn declare_guard(read: &mut Reader) -> (bool, Vec<String>, Option<PathBuf>) {
        let talk_page = read.value(
            "VOICE_TALK_PAGE",
            "true",
            "true or false",
            "Whether anybody may talk from /talk. Otherwise a session needs a token that you sign.",
            parse::yes_or_no,
        );
        let origins = read.optional(
            "VOICE_CORS_ORIGIN",
            "address,…",
            "Other sites whose pages may open sessions, like https://www.example.com. Our own may always.",
            origins,
        );
        let public_key_file = read.optional(
            "JWT_PUBLIC_KEY_FILE",
            "path",
            "A public key in PEM, of RSA or Ed25519: sessions may come with tokens that its owner signs (RS256, EdDSA).",
            parse::path,
        );
        (talk_page, origins.unwrap_or_default(), public_key_file)
    }

    fn declare_limits(read: &mut Reader) -> (usize, usize, Duration) {
        (
            read.value(
                "VOICE_MAX_CONNECTIONS",
                "100",
                "sessions",
                "As many may go on at once; they count as calls, too (MAX_CALLS).",
                parse::count,
            ),
            read.value(
                "VOICE_RATE_LIMIT_PER_MINUTE",
                "30",
                "sessions",
                "As many may one address, or one tenant's visitor, open in a minute.",
                parse::count,
            ),
            read.value(
                "VOICE_SESSION_TIMEOUT",
                "30000",
                "milliseconds",
                "After so long without a message from the page its session counts as lost.",
                parse::milliseconds,
            ),
        )
    }

    fn declare_audio(read: &mut Reader) -> (u32, u32, u32) {
        (
            read.value(
                "VOICE_SAMPLE_RATE",
                "48000",
                "samples a second",
                "Of the page's audio, both ways: 16000, 24000 or 48000.",
                rate_hz,
            ),
            read.value("VOICE_FRAME_MS", "20", "milliseconds", "A message of audio. Only 20 is spoken.", frame_ms),
            read.value("VOICE_BITRATE", "16000", "bits a second", "Of Opus, from 6000 to 128000, both ways.", bitrate),
        )
    }
}

/// Origins as browsers send them (RFC 6454, section 6.1): scheme, host, and a port that is not the usual one.
fn origins(text: &str) -> Parsed<Vec<String>> {
    let origin = |part: &str| {
        let ought = || format!("{part} is no origin; write scheme and host only, like https://www.example.com");
        let url = parse::base_url(part).map_err(|_| ought())?;
        let (_, host) = url.split_once("://").ok_or_else(ought)?;
        if host.contains('/') { Err(ought()) } else { Ok(url.to_ascii_lowercase()) }
    };
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(origin).collect()
}

fn rate_hz(text: &str) -> Parsed<u32> {
    let rate = text.parse().ok().filter(|rate| matches!(rate, 16_000 | 24_000 | 48_000));
    rate.ok_or("write 16000, 24000 or 48000".to_owned())
}

fn frame_ms(text: &str) -> Parsed<u32> {
    if text == "20" { Ok(20) } else { Err("write 20; other lengths are not spoken".to_owned()) }
}

fn bitrate(text: &str) -> Parsed<u32> {
    let bits = text.parse().ok().filter(|bits| (6_000..=128_000).contains(bits));
    bits.ok_or("write whole bits a second from 6000 to 128000".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_no_path_and_no_pattern() {
        let read = origins("https://www.example.com, http://localhost:8080/").expect("two origins");
        assert_eq!(read, ["https://www.example.com", "http://localhost:8080"]);
        for wrong in ["*", "www.example.com", "https://example.com/shop", "null"] {
            assert!(origins(wrong).is_err_and(|why| why.contains(wrong)), "{wrong}");
        }
    }
}
