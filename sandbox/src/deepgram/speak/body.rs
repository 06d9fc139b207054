//! Speech as a body that arrives as it is generated: the first bytes after a while, the rest faster than real time.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream::{self, StreamExt};
use tokio::time::{Instant, sleep_until};

use crate::deepgram::Counted;
use crate::deepgram::format::{Encoding, Format};
use crate::deepgram::settings::Settings;

/// Bytes of a chunk. Odd, so that samples of two bytes are cut, as they may be on the real wire.
const CHUNK: usize = 1_601;

/// Bytes that play for a second.
pub(super) fn bytes_per_second(format: Format) -> u32 {
    match format.encoding {
        Encoding::Mulaw => format.rate_hz.get(),
        Encoding::Linear16 => 2 * format.rate_hz.get(),
    }
}

/// The header of a WAV file whose length is not known when it begins.
pub(super) fn wav_header(format: Format) -> Vec<u8> {
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
pub(super) fn streamed(audio: Vec<u8>, bytes_per_second: f64, settings: &Settings, open: Counted) -> Body {
    if settings.faults.stall_speak {
        return Body::from_stream(stream::once(never(open)).boxed());
    }
    let begun = Instant::now() + settings.speak_first_byte;
    let rate = settings.speak_rate;
    let due = move |sent: usize| match rate {
        Some(rate) if rate > 0.0 => begun + Duration::from_secs_f64(sent as f64 / bytes_per_second / rate),
        _ => begun,
    };
    let cut = settings.faults.cut_speak_after;
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
async fn never(_open: Counted) -> Result<Bytes, Infallible> {
    std::future::pending().await
}
