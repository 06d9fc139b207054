//! `/calls/{id}/waveform.json`: how loud each side of a recording is, for the call page to draw.
//!
//! A recording is read once, from its beginning to its end, in one block of memory, and what came of it is kept for the
//! calls that were looked at last.

use std::collections::VecDeque;
use std::io::{Read, Seek, SeekFrom};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::viewer::Viewer;
use crate::web::api::calls::find;
use crate::web::{Front, Kept, NotPlayed};

/// Columns of a waveform: about what a wide screen shows.
const COLUMNS: usize = 900;

/// Waveforms that are kept, a few kilobytes each.
const KEPT_MAX: usize = 200;

/// Bytes that are read at once.
const BLOCK_LEN: usize = 256 * 1024;

/// Bytes of a file among which its audio must begin.
const HEADER_LEN_MAX: u64 = 64 * 1024;

/// How loud each side is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Waveform {
    /// How long the recording plays.
    length_ms: u64,
    /// The loudest sample of each column, 0 to 255.
    caller: Vec<u8>,
    /// The same of ours.
    assistant: Vec<u8>,
}

/// A call and the size of its file: a recording that grew is another.
type Key = (String, u64);

/// The latest last.
type Waveforms = VecDeque<(Key, Arc<Waveform>)>;

static KEPT: LazyLock<Mutex<Waveforms>> = LazyLock::new(Mutex::default);

/// `GET /calls/{id}/waveform.json`; for those who may hear the call.
pub(super) async fn show(State(front): State<Arc<Front>>, Viewer(visitor): Viewer, Path(id): Path<String>) -> Response {
    let Ok(whole) = find(&front, &visitor, &id).await else {
        return (StatusCode::NOT_FOUND, "there is no such call\n").into_response();
    };
    if !visitor.is_manager() {
        return (StatusCode::FORBIDDEN, "recordings are for managers\n").into_response();
    }
    let Some(recording) = whole.call.recordings.first() else {
        return (StatusCode::NOT_FOUND, "this call has no recording\n").into_response();
    };
    let recorded = match front.desk.recording(recording, Kept::Audio).await {
        Ok(recorded) => recorded,
        Err(NotPlayed::Damaged) => return damaged(),
        Err(NotPlayed::Missing) => return (StatusCode::GONE, "the recording is not kept any more\n").into_response(),
        Err(_) => return (StatusCode::SERVICE_UNAVAILABLE, "the recording cannot be read now\n").into_response(),
    };
    let key = (whole.call.id, recorded.size_bytes);
    if let Some(kept) = kept(&key) {
        return answer(&kept);
    }
    // A sealed recording vouches for itself.
    let digest = recording.sha256.clone().filter(|_| !recording.encrypted);
    let mut audio = recorded.audio;
    let drawn = tokio::task::spawn_blocking(move || {
        if digest.is_some_and(|digest| !is_whole(&mut audio, &digest)) {
            return None;
        }
        draw(audio, key.1).map(|waveform| (key, Arc::new(waveform)))
    });
    match drawn.await {
        Ok(Some((key, waveform))) => {
            keep(key, Arc::clone(&waveform));
            answer(&waveform)
        }
        _ => damaged(),
    }
}

fn damaged() -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, "the recording is damaged\n").into_response()
}

/// Whether a file is what was put there.
fn is_whole(file: &mut (impl Read + Seek), digest: &str) -> bool {
    let mut sha = Sha256::new();
    std::io::copy(file, &mut sha).is_ok() && file.rewind().is_ok() && format!("{:x}", sha.finalize()) == digest
}

fn answer(waveform: &Waveform) -> Response {
    ([(CACHE_CONTROL, "private, max-age=3600")], Json(waveform)).into_response()
}

fn kept(key: &Key) -> Option<Arc<Waveform>> {
    let all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    all.iter().find(|(known, _)| known == key).map(|(_, waveform)| Arc::clone(waveform))
}

fn keep(key: Key, waveform: Arc<Waveform>) {
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    while all.len() >= KEPT_MAX {
        all.pop_front();
    }
    all.push_back((key, waveform));
}

/// Reads a stereo WAV of 16-bit samples; none when it is something else. A file that was cut off is drawn as far as it
/// goes.
fn draw(mut file: impl Read + Seek, size: u64) -> Option<Waveform> {
    let (rate_hz, begins) = header(&mut file)?;
    let bytes = size.checked_sub(begins)? / 4 * 4;
    let pairs = bytes / 4;
    if pairs == 0 {
        return None;
    }
    file.seek(SeekFrom::Start(begins)).ok()?;
    let columns = COLUMNS.min(pairs as usize);
    let (mut caller, mut assistant) = (vec![0_u8; columns], vec![0_u8; columns]);
    let mut block = vec![0; BLOCK_LEN];
    let (mut seen, mut left) = (0_u64, bytes);
    while left > 0 {
        let len = left.min(BLOCK_LEN as u64) as usize;
        file.read_exact(&mut block[..len]).ok()?;
        for pair in block[..len].chunks_exact(4) {
            let column = (seen * columns as u64 / pairs) as usize;
            caller[column] = caller[column].max(loudness([pair[0], pair[1]]));
            assistant[column] = assistant[column].max(loudness([pair[2], pair[3]]));
            seen += 1;
        }
        left -= len as u64;
    }
    Some(Waveform { length_ms: pairs * 1_000 / u64::from(rate_hz), caller, assistant })
}

fn loudness(sample: [u8; 2]) -> u8 {
    (i16::from_le_bytes(sample).unsigned_abs() >> 7).min(255) as u8
}

/// Samples a second, and where the samples begin.
fn header(file: &mut (impl Read + Seek)) -> Option<(u32, u64)> {
    let mut riff = [0; 12];
    file.read_exact(&mut riff).ok()?;
    if &riff[..4] != b"RIFF" || &riff[8..] != b"WAVE" {
        return None;
    }
    let (mut at, mut rate_hz) = (12, None);
    while at < HEADER_LEN_MAX {
        let mut chunk = [0; 8];
        file.read_exact(&mut chunk).ok()?;
        let len = u64::from(u32::from_le_bytes(chunk[4..].try_into().ok()?));
        at += 8;
        match &chunk[..4] {
            b"fmt " if len >= 16 => {
                let mut format = [0; 16];
                file.read_exact(&mut format).ok()?;
                let of = |at: usize| u16::from_le_bytes([format[at], format[at + 1]]);
                if of(2) != 2 || of(14) != 16 {
                    return None;
                }
                rate_hz = Some(u32::from_le_bytes(format[4..8].try_into().ok()?)).filter(|rate| *rate > 0);
            }
            b"data" => return Some((rate_hz?, at)),
            _ => {}
        }
        at += len + len % 2;
        file.seek(SeekFrom::Start(at)).ok()?;
    }
    None
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn wav(pairs: &[[i16; 2]]) -> Vec<u8> {
        let data: Vec<u8> = pairs.iter().flatten().flat_map(|sample| sample.to_le_bytes()).collect();
        let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0".to_vec();
        file.extend(16_000_u32.to_le_bytes());
        file.extend(64_000_u32.to_le_bytes());
        file.extend(b"\x04\0\x10\0data");
        file.extend((data.len() as u32).to_le_bytes());
        file.extend(data);
        file
    }

    fn drawn(file: Vec<u8>) -> Option<Waveform> {
        let size = file.len() as u64;
        draw(Cursor::new(file), size)
    }

    #[test]
    fn each_side_is_as_loud_as_its_loudest_sample() {
        let mut pairs = vec![[0, 0]; 16_000];
        pairs[0] = [i16::MIN, 0];
        pairs[15_999] = [0, 12_800];
        let waveform = drawn(wav(&pairs)).expect("drawn");
        assert_eq!((waveform.length_ms, waveform.caller.len()), (1_000, COLUMNS));
        assert_eq!((waveform.caller[0], waveform.assistant[COLUMNS - 1]), (255, 100));
        assert_eq!(waveform.caller[1..].iter().max(), Some(&0));
    }

    #[test]
    fn what_is_no_recording_is_not_drawn() {
        let mut mono = wav(&[[1, 1]; 8]);
        mono[22] = 1;
        for file in [Vec::new(), b"RIFF".to_vec(), wav(&[]), mono, vec![0; 4_000]] {
            assert_eq!(drawn(file), None);
        }
    }

    #[test]
    fn a_recording_that_was_cut_off_is_drawn_as_far_as_it_goes() {
        let mut file = wav(&[[1_000, 2_000]; 1_600]);
        file.truncate(file.len() - 3_203);
        assert_eq!(drawn(file).expect("drawn").length_ms, 49);
    }
}
