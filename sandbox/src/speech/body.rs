//! Speech as a body that arrives as it is generated: the first bytes after a while, the rest faster than real time.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream::{self, StreamExt};
use tokio::time::{Instant, sleep_until};

use super::format::{Encoding, Format};

/// Bytes of a chunk. Odd, so that samples of two bytes are cut, as they may be on the real wire.
const CHUNK: usize = 1_601;

/// How a body arrives.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Pace {
    /// From the request to the first byte.
    pub(crate) first_byte: Duration,
    /// How fast the rest follows, as a multiple of real time; `None` is all at once.
    pub(crate) rate: Option<f64>,
    /// Nothing comes, and no end.
    pub(crate) stall: bool,
    /// It breaks off after this many bytes.
    pub(crate) cut_after: Option<usize>,
}

/// Bytes that play for a second.
pub(crate) fn bytes_per_second(format: Format) -> u32 {
    match format.encoding {
        Encoding::Mulaw => format.rate_hz.get(),
        Encoding::Linear16 => 2 * format.rate_hz.get(),
    }
}

/// The header of a WAV file whose length is not known when it begins.
pub(crate) fn wav_header(format: Format) -> Vec<u8> {
    let (tag, sample_bytes) = match format.encoding {
        Encoding::Linear16 => (1_u16, 2_u16),
        Encoding::Mulaw => (7, 1),
    };
    let mut header = Vec::with_capacity(44);
    header.extend(b"RIFF");
    header.extend(u32::MAX.to_le_bytes());
    header.extend(b"WAVEfmt ");
    header.extend(16_u32.to_le_bytes());
    header.extend(tag.to_le_bytes());
    header.extend(1_u16.to_le_bytes());
    header.extend(format.rate_hz.get().to_le_bytes());
    header.extend(bytes_per_second(format).to_le_bytes());
    header.extend(sample_bytes.to_le_bytes());
    header.extend((8 * sample_bytes).to_le_bytes());
    header.extend(b"data");
    header.extend(u32::MAX.to_le_bytes());
    header
}

/// Audio as a body. `open` is held until the last byte is taken or the client has gone.
pub(crate) fn streamed(audio: Vec<u8>, bytes_per_second: f64, pace: Pace, open: impl Send + 'static) -> Body {
    if pace.stall {
        return Body::from_stream(stream::once(never(open)).boxed());
    }
    let begun = Instant::now() + pace.first_byte;
    let due = move |sent: usize| match pace.rate {
        Some(rate) if rate > 0.0 => begun + Duration::from_secs_f64(sent as f64 / bytes_per_second / rate),
        _ => begun,
    };
    let cut = pace.cut_after;
    let audio = Bytes::from(audio);
    let chunks = stream::unfold((0, open), move |(sent, open)| {
        let audio = audio.clone();
        async move {
            if cut.is_some_and(|cut| sent >= cut) {
                return Some((Err(io::Error::other("the body is cut on purpose")), (usize::MAX, open)));
            }
            let end = audio.len().min(sent.saturating_add(CHUNK)).min(cut.unwrap_or(usize::MAX));
            if sent >= end {
                return None;
            }
            sleep_until(due(sent)).await;
            Some((Ok(audio.slice(sent..end)), (end, open)))
        }
    });
    Body::from_stream(chunks.boxed())
}

/// A chunk that does not come, however long the client waits.
async fn never(_open: impl Send) -> Result<Bytes, Infallible> {
    std::future::pending().await
}
