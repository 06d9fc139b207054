//! A browser's audio: Opus or samples at 48 kHz outside, frames of µ-law at 8 kHz inside, where all calls are alike.
//!
//! ```text
//!  byte  0        1      2  3      4  5  6  7   8 …
//!        version  codec  reserved  sequence     one frame of 20 ms
//! ```
//!
//! Opus is decoded and encoded at 8 kHz by the codec itself, which costs less than half of going through 48 kHz. Frames
//! that are missing by their sequence are concealed by the codec up to a few, and left out beyond; what that makes of
//! the call's time is the caller's part.

use std::num::NonZeroU32;

use bytes::{BufMut, Bytes, BytesMut};
use engine::audio::frame::{FRAME_LEN, Frame};
use engine::audio::mulaw;
use engine::audio::resample::Resampler;
use ropus::{Application, Bitrate, Channels, DecodeMode, Decoder, Encoder, Signal};

use super::messages::Codec;

/// Bytes before the audio.
const HEADER_LEN: usize = 8;

/// The version of the header.
const VERSION: u8 = 1;

/// The rate at which calls are carried inside.
const INNER_HZ: u32 = engine::audio::frame::RATE_HZ;

/// The largest packet that Opus makes of a frame (RFC 6716, section 3.2.1), and one of speech at some ten times the usual
/// bit rate: the buffer grows for one that is larger.
const PACKET_LEN_MAX: usize = 1_275;
const PACKET_LEN_USUAL: usize = 400;

/// Messages that may wait in the socket before the buffer has to grow: what the playout's lead may be, and some more.
const MESSAGES_HELD: usize = 8;

/// Effort of the encoder, 0 to 10. More is not heard at 8 kHz and costs twice the time.
const COMPLEXITY: u8 = 1;

/// Missing frames that are made up for: 100 ms. A longer gap is silence.
const CONCEALED_MAX: u32 = 5;

/// How far ahead a sequence may jump: a minute. Further is no gap, but nonsense.
const AHEAD_MAX: u32 = 3_000;

/// What a binary message holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// Not a frame of this protocol, or not in the codec that was agreed.
    Header,
    /// It was there before, or comes too late.
    Late,
    /// The codec cannot make sense of it.
    Payload,
}

/// From a page: packets in, frames out.
pub(super) struct Ear {
    codec: Codec,
    /// Samples of a frame outside.
    outer_len: usize,
    opus: Option<Decoder>,
    resampler: Resampler,
    /// The next frame's sequence; none before the first.
    next: Option<u32>,
    outer: Vec<i16>,
    inner: Vec<i16>,
}

impl Ear {
    pub(super) fn new(codec: Codec, rate_hz: NonZeroU32) -> Self {
        let inner_hz = NonZeroU32::new(INNER_HZ).expect("8,000 is not 0");
        let opus = (codec == Codec::Opus).then(|| Decoder::new(INNER_HZ, Channels::Mono).expect("8 kHz mono is Opus"));
        let outer_len = (rate_hz.get() / 50) as usize;
        Self {
            codec,
            outer_len,
            opus,
            resampler: Resampler::new(rate_hz, inner_hz),
            next: None,
            outer: Vec::with_capacity(outer_len),
            inner: Vec::with_capacity(2 * FRAME_LEN),
        }
    }

    /// Reads a message: gives its frame's sequence and the frames it brings, those first that went missing before it and
    /// can be made up for.
    pub(super) fn hear(&mut self, message: &[u8], mut take: impl FnMut(u32, Frame)) -> Result<(), Unusable> {
        let (sequence, payload) = self.read_header(message).ok_or(Unusable::Header)?;
        let expected = self.next.unwrap_or(sequence);
        let missing = sequence.wrapping_sub(expected);
        if missing > AHEAD_MAX {
            return Err(if expected.wrapping_sub(sequence) <= AHEAD_MAX { Unusable::Late } else { Unusable::Header });
        }
        if missing <= CONCEALED_MAX {
            for lost in 0..missing {
                self.conceal();
                if let Some(frame) = self.frame() {
                    take(expected.wrapping_add(lost), frame);
                }
            }
        }
        self.next = Some(sequence.wrapping_add(1));
        let decoded = self.decode(payload);
        if let Some(frame) = self.frame() {
            take(sequence, frame);
        }
        decoded
    }

    fn read_header<'a>(&self, message: &'a [u8]) -> Option<(u32, &'a [u8])> {
        let (header, payload) = message.split_at_checked(HEADER_LEN)?;
        let sequence = u32::from_be_bytes(header[4..].try_into().ok()?);
        (header[0] == VERSION && header[1] == number_of(self.codec)).then_some((sequence, payload))
    }

    fn decode(&mut self, payload: &[u8]) -> Result<(), Unusable> {
        match &mut self.opus {
            // Most of what a visitor sends is silence, which needs no codec.
            Some(_) if payload.is_empty() => self.inner.extend_from_slice(&[0; FRAME_LEN]),
            Some(opus) => {
                let mut decoded = [0; FRAME_LEN];
                let length = opus.decode(payload, &mut decoded, DecodeMode::Normal).ok();
                match length.filter(|length| *length == FRAME_LEN) {
                    Some(_) => self.inner.extend_from_slice(&decoded),
                    None => {
                        self.conceal();
                        return Err(Unusable::Payload);
                    }
                }
            }
            None => {
                self.outer.clear();
                if payload.is_empty() {
                    self.conceal();
                    return Ok(());
                }
                if payload.len() != 2 * self.outer_len {
                    self.conceal();
                    return Err(Unusable::Payload);
                }
                self.outer.extend(payload.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])));
                self.resampler.push(&self.outer, &mut self.inner);
            }
        }
        Ok(())
    }

    /// A frame that is not there: the codec's guess, or silence.
    fn conceal(&mut self) {
        match &mut self.opus {
            Some(opus) => {
                let mut guessed = [0; FRAME_LEN];
                if opus.decode(&[], &mut guessed, DecodeMode::Normal).is_err() {
                    guessed.fill(0);
                }
                self.inner.extend_from_slice(&guessed);
            }
            None => {
                self.outer.clear();
                self.outer.resize(self.outer_len, 0);
                self.resampler.push(&self.outer, &mut self.inner);
            }
        }
    }

    /// The resampler owes the first frame some samples, which it never catches up with: silence goes before them.
    fn frame(&mut self) -> Option<Frame> {
        let lacking = FRAME_LEN.saturating_sub(self.inner.len());
        self.inner.splice(..0, std::iter::repeat_n(0, lacking));
        let mut frame = [engine::audio::frame::SILENCE; FRAME_LEN];
        for (byte, sample) in frame.iter_mut().zip(self.inner.drain(..FRAME_LEN)) {
            *byte = mulaw::encode(sample);
        }
        Some(frame)
    }
}

/// To a page: frames in, messages out.
pub(super) struct Mouth {
    codec: Codec,
    opus: Option<Encoder>,
    resampler: Resampler,
    sequence: u32,
    inner: [i16; FRAME_LEN],
    outer: Vec<i16>,
    outer_len: usize,
    buffer: BytesMut,
}

impl Mouth {
    pub(super) fn new(codec: Codec, rate_hz: NonZeroU32, bitrate: u32) -> Self {
        let inner_hz = NonZeroU32::new(INNER_HZ).expect("8,000 is not 0");
        let opus = || {
            Encoder::builder(INNER_HZ, Channels::Mono, Application::Voip)
                .bitrate(Bitrate::Bits(bitrate))
                .complexity(COMPLEXITY)
                .signal(Signal::Voice)
                .build()
                .expect("8 kHz mono at a bit rate that the settings allow is Opus")
        };
        let outer_len = (rate_hz.get() / 50) as usize;
        Self {
            codec,
            opus: (codec == Codec::Opus).then(opus),
            resampler: Resampler::new(inner_hz, rate_hz),
            sequence: 0,
            inner: [0; FRAME_LEN],
            outer: Vec::with_capacity(2 * outer_len),
            outer_len,
            buffer: BytesMut::with_capacity(MESSAGES_HELD * (HEADER_LEN + longest(codec, outer_len))),
        }
    }

    /// The message that carries a frame.
    pub(super) fn say(&mut self, frame: &Frame) -> Bytes {
        for (sample, byte) in self.inner.iter_mut().zip(frame) {
            *sample = mulaw::decode(*byte);
        }
        self.buffer.reserve(HEADER_LEN + longest(self.codec, self.outer_len));
        self.buffer.put_slice(&[VERSION, number_of(self.codec), 0, 0]);
        self.buffer.put_u32(self.sequence);
        self.sequence = self.sequence.wrapping_add(1);
        match &mut self.opus {
            Some(opus) => {
                let mut packet = [0; PACKET_LEN_MAX];
                let length = opus.encode(&self.inner, &mut packet).expect("a frame of 20 ms at 8 kHz is encoded");
                self.buffer.put_slice(&packet[..length]);
            }
            None => {
                self.resampler.push(&self.inner, &mut self.outer);
                let lacking = self.outer_len.saturating_sub(self.outer.len());
                self.outer.splice(..0, std::iter::repeat_n(0, lacking));
                for sample in self.outer.drain(..self.outer_len) {
                    self.buffer.put_i16_le(sample);
                }
            }
        }
        self.buffer.split().freeze()
    }

    /// What follows has nothing to do with what came before.
    pub(super) fn clear(&mut self) {
        self.resampler.reset();
        self.outer.clear();
    }
}

/// The most bytes that a frame takes.
fn longest(codec: Codec, outer_len: usize) -> usize {
    match codec {
        Codec::Opus => PACKET_LEN_USUAL,
        Codec::Pcm16 => 2 * outer_len,
    }
}

fn number_of(codec: Codec) -> u8 {
    match codec {
        Codec::Opus => 1,
        Codec::Pcm16 => 2,
    }
}
