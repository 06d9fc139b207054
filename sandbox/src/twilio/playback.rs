//! What the caller's ear gets: a buffer that plays in real time, eight bytes a millisecond, with marks in it.
//!
//! Pure: every call is told the time, as the time since the call was placed. Twilio does not tell how it plays what it
//! is sent beyond this (twilio.com/docs/voice/media-streams/websocket-messages, "mark", "clear"): audio plays in the
//! order of arrival, a mark comes back when all before it was played, a clear drops the audio and returns every mark.

use std::collections::VecDeque;
use std::time::Duration;

/// How long one byte of µ-law plays, in microseconds.
const BYTE_US: u64 = 125;

/// Most audio held, in bytes: 35 minutes. Twilio names no limit; this one is there to survive a peer gone mad.
const HELD_BYTES_MAX: u64 = 16 << 20;

/// Audio that comes this much after the last was played out is a new utterance, and not a late frame of the old one.
const NEW_UTTERANCE: Duration = Duration::from_millis(200);

/// Audio and marks on their way to the ear.
#[derive(Debug, Default)]
pub(super) struct Playback {
    audio: VecDeque<u8>,
    /// Each with the number of bytes, of all ever received, that come before it.
    marks: VecDeque<(u64, String)>,
    received: u64,
    played: u64,
    /// Since when the buffer plays without a break, and which byte was the first; `None` while there is nothing to play.
    playing: Option<(Duration, u64)>,
    /// When the buffer last ran dry.
    dry_since: Option<Duration>,
    /// The last mark that was reached since the last clear, and how many bytes came before it.
    reached: Option<(u64, String)>,
}

/// What became of audio that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Something was still being played: this is in time.
    InTime,
    /// The buffer had run dry this long ago, in the middle of an utterance.
    Late(Duration),
    /// The first of an utterance.
    First,
    /// The buffer is full. The audio is dropped.
    Refused,
}

/// What a clear threw away.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dropped {
    /// How much audio will never be heard.
    pub(super) audio: Duration,
    /// All marks that were pending, in order; they are echoed at once.
    pub(super) marks: Vec<String>,
    /// The last mark that was reached since the clear before, and how much was heard behind it.
    pub(super) past: Option<(String, Duration)>,
}

impl Playback {
    /// Plays up to `now`: appends what was heard, and returns the marks that were reached, in order.
    pub(super) fn advance(&mut self, now: Duration, heard: &mut Vec<u8>) -> Vec<String> {
        if let Some((since, first)) = self.playing {
            let elapsed_us = now.saturating_sub(since).as_micros() as u64;
            let due = (first + elapsed_us / BYTE_US).min(self.received);
            heard.extend(self.audio.drain(..due.saturating_sub(self.played) as usize));
            self.played = self.played.max(due);
            if self.played == self.received {
                self.dry_since = Some(since + Duration::from_micros((self.received - first) * BYTE_US));
                self.playing = None;
            }
        }
        let reached = self.marks.iter().take_while(|(after, _)| *after <= self.played).count();
        self.reached = reached.checked_sub(1).map(|last| self.marks[last].clone()).or(self.reached.take());
        self.marks.drain(..reached).map(|(_, name)| name).collect()
    }

    /// Takes audio in. Everything up to `now` must have been played, see [`Playback::advance`].
    pub(super) fn append(&mut self, now: Duration, audio: &[u8]) -> Arrival {
        if self.received - self.played + audio.len() as u64 > HELD_BYTES_MAX {
            return Arrival::Refused;
        }
        self.audio.extend(audio);
        self.received += audio.len() as u64;
        if self.playing.is_some() {
            return Arrival::InTime;
        }
        if audio.is_empty() {
            return Arrival::InTime;
        }
        self.playing = Some((now, self.played));
        match self.dry_since.take().map(|dry| now.saturating_sub(dry)) {
            Some(late) if late < NEW_UTTERANCE => Arrival::Late(late),
            _ => Arrival::First,
        }
    }

    /// Takes a mark in; returns it when nothing is left to be played before it.
    pub(super) fn mark(&mut self, name: String) -> Option<String> {
        if self.played == self.received {
            self.reached = Some((self.played, name.clone()));
            return Some(name);
        }
        self.marks.push_back((self.received, name));
        None
    }

    /// Drops what was not yet played. Everything up to the present must have been played, see [`Playback::advance`].
    pub(super) fn clear(&mut self) -> Dropped {
        let audio = Duration::from_micros((self.received - self.played) * BYTE_US);
        self.audio.clear();
        self.received = self.played;
        self.playing = None;
        // After a clear nothing is expected, so nothing that comes is late.
        self.dry_since = None;
        let behind = |bytes| Duration::from_micros((self.played - bytes) * BYTE_US);
        let past = self.reached.take().map(|(bytes, name)| (name, behind(bytes)));
        Dropped { audio, marks: self.marks.drain(..).map(|(_, name)| name).collect(), past }
    }

    /// When the next mark will be reached, if one is pending.
    pub(super) fn next_mark_due(&self) -> Option<Duration> {
        let (since, first) = self.playing?;
        let (after, _) = self.marks.front()?;
        Some(since + Duration::from_micros((after - first) * BYTE_US))
    }

    /// When the last byte that was played had been; nothing where nothing was since the last clear.
    pub(super) fn played_until(&self) -> Option<Duration> {
        let playing = |(since, first)| since + Duration::from_micros((self.played - first) * BYTE_US);
        self.playing.map(playing).or(self.dry_since)
    }

    /// How much has been played since the beginning.
    pub(super) fn played(&self) -> Duration {
        Duration::from_micros(self.played * BYTE_US)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: [u8; 160] = [0x55; 160];

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn advance(playback: &mut Playback, now_ms: u64) -> (usize, Vec<String>) {
        let mut heard = Vec::new();
        let marks = playback.advance(ms(now_ms), &mut heard);
        (heard.len(), marks)
    }

    #[test]
    fn audio_sent_at_once_is_played_in_real_time() {
        let mut playback = Playback::default();
        assert_eq!(playback.append(ms(100), &FRAME.repeat(3)), Arrival::First);
        assert_eq!(advance(&mut playback, 100).0, 0);
        assert_eq!(advance(&mut playback, 110).0, 80);
        assert_eq!(advance(&mut playback, 150).0, 320);
        assert_eq!(advance(&mut playback, 500).0, 80);
        assert_eq!(playback.played(), ms(60));
    }

    #[test]
    fn a_mark_returns_when_all_before_it_was_played() {
        let mut playback = Playback::default();
        playback.append(ms(0), &FRAME);
        assert_eq!(playback.mark("a".into()), None);
        playback.append(ms(0), &FRAME);
        assert_eq!(playback.mark("b".into()), None);
        assert_eq!(playback.next_mark_due(), Some(ms(20)));
        assert_eq!(advance(&mut playback, 19).1, Vec::<String>::new());
        assert_eq!(advance(&mut playback, 20).1, ["a"]);
        assert_eq!(playback.next_mark_due(), Some(ms(40)));
        assert_eq!(advance(&mut playback, 400).1, ["b"]);
    }

    #[test]
    fn a_mark_in_an_empty_buffer_returns_at_once() {
        let mut playback = Playback::default();
        assert_eq!(playback.mark("a".into()), Some("a".into()));
        playback.append(ms(0), &FRAME);
        advance(&mut playback, 20);
        assert_eq!(playback.mark("b".into()), Some("b".into()));
    }

    #[test]
    fn a_clear_drops_the_rest_and_returns_every_mark() {
        let mut playback = Playback::default();
        playback.append(ms(0), &FRAME.repeat(5));
        playback.mark("a".into());
        advance(&mut playback, 30);
        assert_eq!(playback.clear(), Dropped { audio: ms(70), marks: vec!["a".into()], past: None });
        assert_eq!(playback.next_mark_due(), None);
        assert_eq!(playback.append(ms(35), &FRAME), Arrival::First);
        assert_eq!(advance(&mut playback, 60), (160, vec![]));
        assert_eq!(playback.played(), ms(50));
    }

    #[test]
    fn a_clear_says_how_much_was_heard_behind_the_last_mark() {
        let mut playback = Playback::default();
        playback.append(ms(0), &FRAME);
        playback.mark("a".into());
        playback.append(ms(0), &FRAME.repeat(5));
        advance(&mut playback, 57);
        assert_eq!(playback.clear().past, Some(("a".into(), ms(37))));
        assert_eq!(playback.clear().past, None);
    }

    #[test]
    fn audio_after_the_buffer_ran_dry_is_late_by_that_much() {
        let mut playback = Playback::default();
        playback.append(ms(0), &FRAME);
        advance(&mut playback, 10);
        assert_eq!(playback.append(ms(10), &FRAME), Arrival::InTime);
        advance(&mut playback, 47);
        assert_eq!(playback.append(ms(47), &FRAME), Arrival::Late(ms(7)));
        advance(&mut playback, 900);
        assert_eq!(playback.append(ms(900), &FRAME), Arrival::First);
    }

    #[test]
    fn a_peer_gone_mad_cannot_fill_the_memory() {
        let mut playback = Playback::default();
        let minute = vec![0x55; 8_000 * 60];
        let refused = (0..60).filter(|_| playback.append(ms(0), &minute) == Arrival::Refused).count();
        assert!(refused > 0);
        assert!(playback.audio.len() as u64 <= HELD_BYTES_MAX);
    }
}
