//! The caller's line returns what it plays: a hybrid, a speakerphone or a mobile network, 40 to 600 ms later and fainter.
//!
//! Pure, and counted in samples of the call's own time: what was played late comes back late, however it was cut into
//! messages.

use std::f32::consts::TAU;
use std::time::Duration;

use engine::audio::frame::FRAME_LEN;
use engine::audio::mulaw;

/// How long a sample lasts, in microseconds.
const SAMPLE_US: u64 = 125;

/// Samples that are remembered, a power of two: a second, the longest delay and more.
const REMEMBERED: usize = 8_192;

const RATE_HZ: f32 = 8_000.0;

/// A line on which the caller hears us come back to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Echo {
    /// From the ear back to the mouth, as [`Echo::DELAY_MIN`] and [`Echo::DELAY_MAX`] allow.
    pub delay: Duration,
    /// How much fainter it comes back (echo return loss), in dB.
    pub loss_db: u32,
    /// What is lower comes back fainter still, by 6 dB an octave; 0 to leave it.
    pub low_hz: u32,
    /// The same for what is higher.
    pub high_hz: u32,
    /// How much longer the delay is after each minute, in milliseconds; shorter when it is negative.
    pub drift_ms_a_minute: i32,
}

impl Echo {
    /// Shorter ones come back before the frame that holds them is sent.
    pub const DELAY_MIN: Duration = Duration::from_millis(40);
    /// Longer ones are not remembered.
    pub const DELAY_MAX: Duration = Duration::from_millis(600);

    /// What a telephone's hybrid makes of a voice: 300 to 3,400 Hz come back. Delays that are out of bounds are brought
    /// within.
    pub fn hybrid(delay: Duration, loss_db: u32) -> Self {
        let delay = delay.clamp(Self::DELAY_MIN, Self::DELAY_MAX);
        Self { delay, loss_db, low_hz: 300, high_hz: 3_400, drift_ms_a_minute: 0 }
    }
}

/// What was played lately, on its way back.
#[derive(Debug)]
pub(super) struct Return {
    echo: Echo,
    gain: f32,
    played: Box<[i16; REMEMBERED]>,
    /// Up to which sample something was played.
    until: i64,
    high_pass: OnePole,
    low_pass: OnePole,
}

impl Return {
    pub(super) fn new(echo: Echo) -> Self {
        Self {
            echo,
            gain: 10_f32.powf(-(echo.loss_db as f32) / 20.0),
            played: Box::new([0; REMEMBERED]),
            until: 0,
            high_pass: OnePole::new(echo.low_hz),
            low_pass: OnePole::new(echo.high_hz),
        }
    }

    /// This was just played, its last byte at `ended` since the call was placed.
    pub(super) fn played(&mut self, ended: Duration, mulaw: &[u8]) {
        let until = position(ended);
        let from = (until - mulaw.len() as i64).max(self.until);
        for silent in self.until.max(from - REMEMBERED as i64)..from {
            self.played[place(silent)] = 0;
        }
        let skipped = mulaw.len() - (until - from).clamp(0, mulaw.len() as i64) as usize;
        for (sample, code) in (from..).zip(&mulaw[skipped..]) {
            self.played[place(sample)] = mulaw::decode(*code);
        }
        self.until = self.until.max(until);
    }

    /// Adds what comes back to a frame of the caller's that ends at `ended`. A frame in which nothing does is left as it
    /// is, to the bit.
    pub(super) fn mix(&mut self, ended: Duration, frame: &mut [u8; FRAME_LEN]) {
        let from = position(ended) - FRAME_LEN as i64;
        let delay = self.delay_at(ended);
        for (sample, code) in (from..).zip(frame) {
            let back = self.at(sample as f64 - delay) * self.gain;
            let low = self.high_pass.low(back);
            let back = self.low_pass.limited(back - low);
            if back.abs() >= 1.0 {
                *code = mulaw::encode((f32::from(mulaw::decode(*code)) + back) as i16);
            }
        }
    }

    /// In samples.
    fn delay_at(&self, now: Duration) -> f64 {
        let drifted = f64::from(self.echo.drift_ms_a_minute) * now.as_secs_f64() / 60.0;
        let ms = self.echo.delay.as_secs_f64() * 1_000.0 + drifted;
        let (least, most) = (Echo::DELAY_MIN.as_secs_f64() * 1_000.0, Echo::DELAY_MAX.as_secs_f64() * 1_000.0);
        ms.clamp(least, most) * 8.0
    }

    /// What was played at a moment, which may lie between two samples.
    fn at(&self, moment: f64) -> f32 {
        let before = moment.floor();
        let part = (moment - before) as f32;
        let at = |sample: i64| {
            let remembered = (self.until - REMEMBERED as i64).max(0)..self.until;
            if remembered.contains(&sample) { f32::from(self.played[place(sample)]) } else { 0.0 }
        };
        at(before as i64) * (1.0 - part) + at(before as i64 + 1) * part
    }
}

/// The simplest filter there is.
#[derive(Debug)]
struct OnePole {
    /// How much of each step is taken; `None` for no filter.
    step: Option<f32>,
    level: f32,
}

impl OnePole {
    fn new(corner_hz: u32) -> Self {
        let step = (corner_hz > 0).then(|| 1.0 - (-TAU * corner_hz as f32 / RATE_HZ).exp());
        Self { step, level: 0.0 }
    }

    /// What is lower than the corner; nothing where there is no filter.
    fn low(&mut self, sample: f32) -> f32 {
        let Some(step) = self.step else { return 0.0 };
        self.level += step * (sample - self.level);
        self.level
    }

    /// The same, but everything where there is no filter.
    fn limited(&mut self, sample: f32) -> f32 {
        if self.step.is_none() { sample } else { self.low(sample) }
    }
}

fn position(at: Duration) -> i64 {
    (at.as_micros() as u64 / SAMPLE_US) as i64
}

fn place(sample: i64) -> usize {
    sample as usize % REMEMBERED
}

#[cfg(test)]
mod tests {
    use engine::audio::frame::SILENCE;

    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Everything comes back, so that it can be told to the sample.
    fn bare(delay_ms: u64, loss_db: u32) -> Echo {
        Echo { low_hz: 0, high_hz: 0, ..Echo::hybrid(ms(delay_ms), loss_db) }
    }

    /// Eight samples of a click.
    fn click() -> [u8; 8] {
        [mulaw::encode(8_000); 8]
    }

    /// What frames that end every 20 ms up to `until_ms` hold, as samples from the call's beginning on.
    fn returned(back: &mut Return, until_ms: u64) -> Vec<i16> {
        let frames = (1..=until_ms / 20).flat_map(|number| {
            let mut frame = [SILENCE; FRAME_LEN];
            back.mix(ms(number * 20), &mut frame);
            frame
        });
        frames.map(mulaw::decode).collect()
    }

    fn first_loud(samples: &[i16]) -> Option<usize> {
        samples.iter().position(|sample| sample.unsigned_abs() > 50)
    }

    #[test]
    fn what_was_played_comes_back_later_and_fainter() {
        let mut back = Return::new(bare(200, 20));
        back.played(ms(101), &click());
        let samples = returned(&mut back, 400);
        assert_eq!(first_loud(&samples), Some((100 + 200) * 8));
        let loudest = samples.iter().max().copied().unwrap_or_default();
        assert!((760..840).contains(&loudest), "{loudest} of 8000 is not 20 dB down");
        assert_eq!(samples.iter().filter(|sample| sample.unsigned_abs() > 50).count(), 8);
    }

    #[test]
    fn how_it_was_cut_into_pieces_does_not_matter() {
        let long: Vec<u8> = (0..1_600).map(|n| mulaw::encode(((n % 61) * 100) as i16)).collect();
        let (mut whole, mut pieces) = (Return::new(bare(40, 10)), Return::new(bare(40, 10)));
        whole.played(ms(200), &long);
        for (number, piece) in long.chunks(56).enumerate() {
            let bytes = (number * 56 + piece.len()) as u64;
            pieces.played(Duration::from_micros(bytes * SAMPLE_US), piece);
        }
        assert_eq!(returned(&mut whole, 300), returned(&mut pieces, 300));
    }

    #[test]
    fn silence_between_two_phrases_comes_back_as_silence() {
        let mut back = Return::new(bare(100, 6));
        for second in [1, 3] {
            back.played(ms(second * 1_000), &[mulaw::encode(5_000); 800]);
            let mut frame = [SILENCE; FRAME_LEN];
            back.mix(ms(second * 1_000 + 80), &mut frame);
            assert_ne!(frame, [SILENCE; FRAME_LEN]);
            let mut after = [SILENCE; FRAME_LEN];
            back.mix(ms(second * 1_000 + 500), &mut after);
            assert_eq!(after, [SILENCE; FRAME_LEN]);
        }
    }

    #[test]
    fn a_caller_who_is_not_spoken_to_is_left_as_they_are() {
        let mut back = Return::new(Echo::hybrid(ms(200), 12));
        let said = std::array::from_fn(|n| n as u8);
        let mut frame = said;
        back.mix(ms(20), &mut frame);
        assert_eq!(frame, said);
    }

    #[test]
    fn the_delay_drifts() {
        let mut back = Return::new(Echo { drift_ms_a_minute: 60, ..bare(100, 0) });
        back.played(ms(9_901), &click());
        // After ten seconds it is 10 ms longer.
        let samples = returned(&mut back, 10_200);
        let first = first_loud(&samples).expect("it comes back");
        assert!((10_009 * 8..=10_011 * 8).contains(&first), "{first}");
    }

    #[test]
    fn a_hybrid_returns_the_band_of_a_telephone() {
        let level = |hz: f32| {
            let mut back = Return::new(Echo::hybrid(ms(40), 0));
            let tone: Vec<u8> =
                (0..1_600).map(|n| mulaw::encode(((n as f32 * TAU * hz / RATE_HZ).sin() * 8_000.0) as i16)).collect();
            back.played(ms(200), &tone);
            let samples = returned(&mut back, 220);
            let heard = &samples[800..1_600];
            (heard.iter().map(|sample| f32::from(*sample).powi(2)).sum::<f32>() / heard.len() as f32).sqrt()
        };
        let (low, middle) = (level(60.0), level(1_000.0));
        assert!(low < middle / 3.0, "{low} against {middle}");
    }
}
