//! Is the connection alive, and does Deepgram still listen? A peer that no longer reads shows nowhere: the kernel
//! swallows minutes of audio before a write fails. So life is told from what arrives.

use std::time::Duration;

use engine::audio::frame::FRAME_LEN;
use tokio::time::Instant;

use super::{Config, Flavor};

/// A frame may hold a voice from this mean on, in steps of µ-law above silence: about -40 dBFS.
const VOICE_STEPS: u32 = 24;

/// A frame counts as loud from this mean on: about -35 dBFS, a voice that nobody overhears.
const LOUD_STEPS: u32 = 32;

/// So many loud frames, a second, must have met silence from the vendor before that silence is suspicious.
const LOUD_FRAMES_MIN: u32 = 50;

/// How long Flux may go without audio before silence stands in for it.
const GAP_MAX: Duration = Duration::from_millis(120);

/// How much silence is sent at a time, as fast as time goes: one chunk of Flux's.
const SILENCE_STEP: Duration = Duration::from_millis(80);

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beat {
    /// Nothing was said for a while: say that we are still here.
    KeepAlive,
    /// Nothing was heard for a while: ask whether the other side still is.
    Ping,
    /// No audio came for a while, and this service's time stands still without: send 80 ms of silence.
    Silence,
    /// Nothing came back for too long, not even to a ping.
    Dead,
    /// A voice was sent, and for too long nothing was said about it.
    Deaf,
}

/// One connection's signs of life.
#[derive(Debug)]
pub(super) struct Pulse {
    keep_alive: Duration,
    stall: Duration,
    /// How long a voice may go without a word about it.
    deaf_after: Duration,
    is_flux: bool,
    /// When to fill the pause in the audio; none before the first audio of the connection. Deepgram closes a
    /// connection that only ever said KeepAlive.
    idle_at: Option<Instant>,
    /// When anything last arrived, and when a message did.
    sign_at: Instant,
    message_at: Instant,
    pinged_at: Option<Instant>,
    /// Loud frames sent since the last message.
    loud_frames: u32,
}

impl Pulse {
    /// A connection that was opened now.
    pub(super) fn new(config: &Config, deaf_after: Duration, now: Instant) -> Self {
        Self {
            keep_alive: config.keep_alive,
            stall: config.stall,
            deaf_after,
            is_flux: matches!(config.flavor, Flavor::Flux { .. }),
            idle_at: None,
            sign_at: now,
            message_at: now,
            pinged_at: None,
            loud_frames: 0,
        }
    }

    /// Audio was sent that came from the caller, now or a while ago. Returns which of its frames may be the first with
    /// a voice in it.
    pub(super) fn sent(&mut self, now: Instant, audio: &[u8]) -> Option<u64> {
        self.idle_at = Some(now + if self.is_flux { GAP_MAX } else { self.keep_alive });
        let mut voice = None;
        for (frame, number) in audio.chunks(FRAME_LEN).zip(0..) {
            let level = level(frame);
            self.loud_frames += u32::from(level >= LOUD_STEPS);
            voice = voice.or((level >= VOICE_STEPS).then_some(number));
        }
        voice
    }

    /// Anything arrived: a pong, for one.
    pub(super) fn sign(&mut self, now: Instant) {
        self.sign_at = now;
        self.pinged_at = None;
    }

    /// A message arrived.
    pub(super) fn message(&mut self, now: Instant) {
        self.sign(now);
        self.message_at = now;
        self.loud_frames = 0;
    }

    /// When [`Pulse::beat`] is to be asked again. Asking earlier does no harm.
    pub(super) fn due(&self) -> Instant {
        let doubt = self.pinged_at.unwrap_or(self.sign_at) + self.stall / 2;
        self.idle_at.map_or(doubt, |idle| idle.min(doubt))
    }

    /// What is to be done now; to be asked until there is nothing.
    pub(super) fn beat(&mut self, now: Instant) -> Option<Beat> {
        if self.pinged_at.is_some_and(|pinged| now >= pinged + self.stall / 2) {
            return Some(Beat::Dead);
        }
        // Nova reports about every second while somebody speaks, Flux four times a second.
        if self.loud_frames >= LOUD_FRAMES_MIN && now >= self.message_at + self.deaf_after {
            return Some(Beat::Deaf);
        }
        if self.pinged_at.is_none() && now >= self.sign_at + self.stall / 2 {
            self.pinged_at = Some(now);
            return Some(Beat::Ping);
        }
        let idle_at = self.idle_at.filter(|idle| now >= *idle)?;
        if self.is_flux {
            // Counted on from the last step, so that a late wake-up loses no silence, but never hurried.
            self.idle_at = Some((idle_at + SILENCE_STEP).max(now + SILENCE_STEP / 2));
            Some(Beat::Silence)
        } else {
            self.idle_at = Some(now + self.keep_alive);
            Some(Beat::KeepAlive)
        }
    }
}

/// The mean distance from silence, in steps of µ-law: not a power, but cheap, and it tells a voice from a quiet line.
pub(super) fn level(frame: &[u8]) -> u32 {
    frame.iter().map(|byte| u32::from(0x7f - (byte & 0x7f))).sum::<u32>() / FRAME_LEN as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const QUIET: [u8; FRAME_LEN] = [0xff; FRAME_LEN];
    const LOUD: [u8; FRAME_LEN] = [0x20; FRAME_LEN];

    fn new(start: Instant) -> Pulse {
        let config = Config::default();
        Pulse::new(&config, config.stall, start)
    }

    /// Everything that is done in so many seconds after the last of them, with the tenth of a second it is done at.
    fn beats(pulse: &mut Pulse, from: Instant, tenths: u32) -> Vec<(u32, Beat)> {
        let mut beats = Vec::new();
        for tenth in 1..=tenths {
            let now = from + SECOND / 10 * tenth;
            while let Some(beat) = pulse.beat(now) {
                beats.push((tenth, beat));
                if matches!(beat, Beat::Dead | Beat::Deaf) {
                    return beats;
                }
                if beat == Beat::Ping {
                    pulse.sign(now);
                }
            }
        }
        beats
    }

    #[test]
    fn the_first_frame_that_may_hold_a_voice_is_told() {
        let now = Instant::now();
        let mut pulse = new(now);
        assert_eq!(pulse.sent(now, &QUIET), None);
        assert_eq!(pulse.sent(now, &[QUIET, QUIET, LOUD, LOUD].concat()), Some(2));
    }

    #[test]
    fn an_idle_connection_is_kept_alive_only_after_some_audio() {
        let start = Instant::now();
        let mut pulse = new(start);
        let kept_alive = |beats: Vec<(u32, Beat)>| -> Vec<u32> {
            beats.into_iter().filter(|(_, beat)| *beat == Beat::KeepAlive).map(|(tenth, _)| tenth).collect()
        };
        assert!(kept_alive(beats(&mut pulse, start, 85)).is_empty());
        let later = start + SECOND * 9;
        pulse.sent(later, &QUIET);
        assert_eq!(kept_alive(beats(&mut pulse, later, 85)), [40, 80]);
    }

    #[test]
    fn flux_gets_silence_as_fast_as_time_goes_instead() {
        let start = Instant::now();
        let flavor = Flavor::Flux {
            eot_threshold: 0.7,
            eager_eot_threshold: None,
            eot_timeout_ms: 5_000,
            force_end_turn: false,
        };
        let mut pulse = Pulse::new(&Config { flavor, ..Config::default() }, SECOND, start);
        pulse.sent(start, &QUIET);
        let mut silences = 0;
        for ms in 0..2_000 {
            while let Some(beat) = pulse.beat(start + Duration::from_millis(ms)) {
                assert_eq!(beat, Beat::Silence);
                silences += 1;
            }
        }
        assert_eq!(silences, 24, "from 120 ms on every 80 ms");
    }

    #[test]
    fn a_connection_that_shows_no_life_is_pinged_and_then_given_up() {
        let start = Instant::now();
        let mut pulse = new(start);
        assert_eq!(pulse.beat(start + SECOND * 2), None);
        assert_eq!(pulse.due(), start + SECOND * 3);
        assert_eq!(pulse.beat(start + SECOND * 3), Some(Beat::Ping));
        assert_eq!(pulse.beat(start + SECOND * 5), None);
        assert_eq!(pulse.beat(start + SECOND * 6), Some(Beat::Dead));
    }

    #[test]
    fn a_quiet_caller_is_no_sign_of_a_deaf_vendor_and_a_loud_one_is() {
        let start = Instant::now();
        let mut pulse = new(start);
        for _ in 0..500 {
            pulse.sent(start, &QUIET);
        }
        assert!(!beats(&mut pulse, start, 600).iter().any(|(_, beat)| *beat == Beat::Deaf));
        let mut pulse = new(start);
        for _ in 0..150 {
            pulse.sent(start, &LOUD);
        }
        assert_eq!(beats(&mut pulse, start, 600).last(), Some(&(60, Beat::Deaf)));
    }
}
