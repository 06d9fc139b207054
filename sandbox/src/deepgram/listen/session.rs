//! One `/v1/listen` stream as a pure machine: audio and control messages in, messages out, all by the audio's own time.
//!
//! Audio is cut into segments. A segment's words are first interim results, each replacing the one before, then one
//! final; then the next segment begins where it ended. A final says whether it ends speech (`speech_final`), which is
//! decided by silence; `UtteranceEnd` is decided by the gap after a word
//! (developers.deepgram.com/docs/understand-endpointing-interim-results and /docs/utterance-end).

use std::time::Duration;

use engine::audio::frame::RATE_HZ;

use crate::deepgram::listen::messages::{Channel, Message, ResultMetadata};
use crate::deepgram::listen::options::Options;
use crate::deepgram::listen::transcript::{Alternative, seconds};
use crate::deepgram::outbox::{Outgoing, Pace};
use crate::recognizer::{Ear, HeardWord, Lexicon};

/// Audio looked at a time: 10 ms, so that silence is noticed when it is long enough and not a frame later.
const STEP: usize = 80;

/// A segment is made final when it is this long, though speech goes on. Seen at 3 to 5 s.
const SEGMENT_MAX: u64 = 5 * RATE_HZ as u64;

/// How often the gap after the last word is looked at: 100 ms.
const GAP_EVERY: u64 = 800;

/// Audio that is too little to be flushed: 100 ms.
const FLUSH_MIN: u64 = 800;

/// One stream. Positions are samples since it began.
pub(super) struct Session {
    options: Options,
    request_id: String,
    ear: Ear,
    segment_from: u64,
    interim_at: u64,
    gap_looked_at: u64,
    /// Where the last word of a final ended: words up to there are never said again.
    words_until: u64,
    /// The stretch of voice that was announced.
    announced: Option<u64>,
    /// Up to where silence has ended speech.
    endpoint_at: u64,
    /// A word after which no `UtteranceEnd` was sent yet.
    open_word: Option<u64>,
}

impl Session {
    pub(super) fn new(options: Options, request_id: String, lexicon: Lexicon) -> Self {
        Self {
            options,
            request_id,
            ear: Ear::new(lexicon),
            segment_from: 0,
            interim_at: 0,
            gap_looked_at: 0,
            words_until: 0,
            announced: None,
            endpoint_at: 0,
            open_word: None,
        }
    }

    /// How much audio was heard, in samples.
    pub(super) fn position(&self) -> u64 {
        self.ear.position()
    }

    /// Takes µ-law of any length.
    pub(super) fn hear(&mut self, audio: &[u8], interim_every: Duration, out: &mut Vec<Outgoing>) {
        for step in audio.chunks(STEP) {
            self.ear.push(step);
            self.announce_voice(out);
            self.look_for_silence(out);
            self.look_for_gap(out);
            self.report(interim_every, out);
        }
    }

    /// The client wants everything now (`Finalize`). Says nothing when nearly nothing is waiting.
    pub(super) fn finalize(&mut self, out: &mut Vec<Outgoing>) {
        let now = self.position();
        if now - self.segment_from >= FLUSH_MIN || !self.words().is_empty() {
            self.close_segment(now, Flags { speech_final: false, from_finalize: true }, out);
        }
    }

    /// The client sends no more (`CloseStream`): the rest, and a summary.
    pub(super) fn finish(&mut self, out: &mut Vec<Outgoing>) {
        let now = self.position();
        let flags = Flags { speech_final: true, from_finalize: false };
        if now > self.segment_from {
            self.close_segment(now, flags, out);
        }
        self.close_segment(now, flags, out);
        let metadata = Message::metadata(&self.request_id, &self.options.model, seconds(now));
        out.push(Outgoing::new(&metadata, Pace::Once));
    }

    fn announce_voice(&mut self, out: &mut Vec<Outgoing>) {
        let started = self.ear.voice_started();
        if self.options.vad_events && started != self.announced {
            let timestamp = seconds(started.unwrap_or(0));
            out.push(Outgoing::new(&Message::SpeechStarted { channel: [0, 1], timestamp }, Pace::Audio));
        }
        self.announced = started;
    }

    fn look_for_silence(&mut self, out: &mut Vec<Outgoing>) {
        let (Some(silence_ms), Some(voice)) = (self.options.endpointing_ms, self.ear.last_voice()) else { return };
        let now = self.position();
        if voice > self.endpoint_at && now - voice >= samples_of_ms(silence_ms) {
            self.endpoint_at = now;
            self.close_segment(now, Flags { speech_final: true, from_finalize: false }, out);
        }
    }

    /// Words that are waiting are made final first, so that no text is pending when the utterance ends.
    fn look_for_gap(&mut self, out: &mut Vec<Outgoing>) {
        let now = self.position();
        let Some(gap_ms) = self.options.utterance_end_ms else { return };
        if !self.options.interim_results || now < self.gap_looked_at + GAP_EVERY {
            return;
        }
        self.gap_looked_at = now;
        let waiting = self.words();
        let last = waiting.last().map(|word| word.to).or(self.open_word);
        let Some(last) = last.filter(|last| now - last >= samples_of_ms(gap_ms)) else { return };
        if !waiting.is_empty() {
            self.close_segment(now, Flags { speech_final: false, from_finalize: false }, out);
        }
        self.open_word = None;
        out.push(Outgoing::new(&Message::UtteranceEnd { channel: [0, 1], last_word_end: seconds(last) }, Pace::Final));
    }

    fn report(&mut self, interim_every: Duration, out: &mut Vec<Outgoing>) {
        let now = self.position();
        if now - self.segment_from >= SEGMENT_MAX {
            // In the middle of speech the segment ends with its last whole word.
            let end = self.words().last().map_or(now, |word| word.to).max(self.segment_from + 1);
            self.close_segment(end, Flags { speech_final: false, from_finalize: false }, out);
        } else if self.options.interim_results
            && now - self.interim_at >= samples_of_ms(interim_every.as_millis() as u64)
        {
            self.interim_at = now;
            let results = self.results(now, &self.words(), false, Flags { speech_final: false, from_finalize: false });
            out.push(Outgoing::new(&results, Pace::Audio));
        }
    }

    fn close_segment(&mut self, end: u64, flags: Flags, out: &mut Vec<Outgoing>) {
        let words = self.words();
        out.push(Outgoing::new(&self.results(end, &words, true, flags), Pace::Final));
        if let Some(last) = words.last() {
            self.words_until = last.to;
            self.open_word = Some(last.to);
        }
        self.segment_from = end;
        self.interim_at = end;
    }

    /// Words that went by and are in no final yet.
    fn words(&self) -> Vec<HeardWord> {
        let mut words = self.ear.words();
        words.retain(|word| (word.from + word.to) / 2 >= self.words_until);
        words
    }

    fn results(&self, end: u64, words: &[HeardWord], is_final: bool, flags: Flags) -> Message {
        Message::Results {
            channel_index: [0, 1],
            duration: seconds(end - self.segment_from),
            start: seconds(self.segment_from),
            is_final,
            speech_final: flags.speech_final,
            channel: Channel { alternatives: [Alternative::of(words, &self.options)] },
            metadata: ResultMetadata::new(&self.request_id, &self.options.model),
            from_finalize: flags.from_finalize,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Flags {
    speech_final: bool,
    from_finalize: bool,
}

fn samples_of_ms(ms: u64) -> u64 {
    ms * u64::from(RATE_HZ) / 1_000
}
