use super::*;
use crate::audio::frame::{FRAME_LEN, SILENCE};
use crate::audio::mulaw;

/// A sound that never repeats itself, as loud as a voice, with pauses as between words.
fn babble(mut seed: u64, amplitude: f32) -> impl FnMut(usize) -> f32 {
    let mut low = 0.0;
    move |n| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        low = 0.8 * low + (seed >> 40) as f32 / (1 << 23) as f32 - 1.0;
        if n / 800 % 4 == 3 { 0.0 } else { amplitude * low }
    }
}

fn frame(samples: &[f32]) -> Frame {
    std::array::from_fn(|n| mulaw::encode(samples[n] as i16))
}

/// A call on which we talk for some seconds, and what our side and the caller's say at each sample.
struct Talk {
    ours: Vec<f32>,
    callers: Vec<f32>,
}

impl Talk {
    fn new(seconds: usize) -> Self {
        let mut ours = babble(1, 4_000.0);
        Self { ours: (0..seconds * 8_000).map(&mut ours).collect(), callers: vec![0.0; seconds * 8_000] }
    }

    /// What we say comes back so many samples later, so many times fainter.
    fn comes_back(mut self, delay: usize, fainter: f32) -> Self {
        for n in delay..self.callers.len() {
            self.callers[n] += self.ours[n - delay] / fainter;
        }
        self
    }

    fn caller_speaks(mut self, from: usize, amplitude: f32) -> Self {
        let mut voice = babble(99, amplitude);
        (from..self.callers.len()).for_each(|n| self.callers[n] += voice(n - from));
        self
    }

    /// Every frame of the caller's before and after, and what it was taken for.
    fn heard(&self) -> Vec<(Frame, Frame, Verdict)> {
        let mut echo = Echo::default();
        let frames = self.ours.chunks_exact(FRAME_LEN).zip(self.callers.chunks_exact(FRAME_LEN)).enumerate();
        let hear = |(n, (ours, callers)): (usize, (&[f32], &[f32]))| {
            echo.played(CallTime::from_ms(20 * n as u64), &frame(ours));
            let before = frame(callers);
            let mut after = before;
            let verdict = echo.hear(20 * n as u64, &mut after);
            (before, after, verdict)
        };
        frames.map(hear).collect()
    }
}

fn power(frames: impl Iterator<Item = Frame>) -> f32 {
    frames.flatten().map(|code| f32::from(mulaw::decode(code)).powi(2)).sum()
}

#[test]
fn a_line_without_an_echo_passes_to_the_bit() {
    for (before, after, verdict) in Talk::new(4).caller_speaks(16_000, 3_000.0).heard() {
        assert_eq!((before, verdict), (after, Verdict::Untouched));
    }
}

#[test]
fn before_we_speak_nothing_is_done() {
    let mut heard = [7; FRAME_LEN];
    assert_eq!(Echo::default().hear(20, &mut heard), Verdict::Untouched);
    assert_eq!(heard, [7; FRAME_LEN]);
}

#[test]
fn our_own_voice_is_found_within_a_second_and_taken_away_whatever_its_delay() {
    for (delay_ms, fainter) in [(40, 4.0), (155, 4.0), (333, 10.0), (600, 2.0)] {
        let heard = Talk::new(4).comes_back(8 * delay_ms, fainter).heard();
        let known = &heard[delay_ms / 20 + 50..];
        let mistaken = known.iter().filter(|(_, _, verdict)| *verdict == Verdict::SomebodyOver).count();
        assert!(mistaken <= known.len() / 20, "{delay_ms} ms: {mistaken} of {}", known.len());
        let before = power(known.iter().map(|(before, _, _)| *before));
        let after = power(known.iter().map(|(_, after, _)| *after));
        assert!(after < before / 100.0, "{delay_ms} ms: {after} of {before} are left");
    }
}

#[test]
fn a_caller_over_our_echo_is_let_through_at_once() {
    let from = 16_000;
    let heard = Talk::new(4).comes_back(1_600, 4.0).caller_speaks(from, 1_000.0).heard();
    let first = heard.iter().position(|(_, _, verdict)| *verdict == Verdict::SomebodyOver).expect("somebody speaks");
    assert!((100..=102).contains(&first), "frame {first}");
    let said = &heard[first..first + 10];
    let (before, after) = (power(said.iter().map(|frame| frame.0)), power(said.iter().map(|frame| frame.1)));
    assert!(after > before / 4.0 && after < before, "half of what is heard is the caller: {after} of {before}");
}

#[test]
fn once_we_are_silent_the_caller_passes_to_the_bit() {
    let mut talk = Talk::new(6).comes_back(1_600, 4.0);
    talk.ours.truncate(24_000);
    talk.callers.truncate(24_000 + 1_600);
    talk.ours.resize(48_000, 0.0);
    talk.callers.resize(48_000, 0.0);
    let talk = talk.caller_speaks(36_000, 2_000.0);
    let mut echo = Echo::default();
    for n in 0..300 {
        let at = n * FRAME_LEN;
        if at < 24_000 {
            echo.played(CallTime::from_ms(20 * n as u64), &frame(&talk.ours[at..]));
        }
        let before = frame(&talk.callers[at..]);
        let mut after = before;
        let verdict = echo.hear(20 * n as u64, &mut after);
        assert!(at < 36_000 || (verdict, after) == (Verdict::Untouched, before), "frame {n}: {verdict:?}");
    }
}

#[test]
fn what_was_cleared_does_not_come_back() {
    let mut echo = Echo::default();
    let ours = Talk::new(1).ours;
    for n in 0..10 {
        echo.played(CallTime::from_ms(20 * n), &frame(&ours[n as usize * FRAME_LEN..]));
    }
    echo.cleared(CallTime::ZERO);
    for n in 0..20 {
        let before = frame(&ours[n * FRAME_LEN..]);
        let mut after = before;
        assert_eq!((echo.hear(20 * n as u64, &mut after), after), (Verdict::Untouched, before));
    }
}

#[test]
fn same_frames_same_frames_out() {
    let talk = || Talk::new(3).comes_back(2_000, 3.0).caller_speaks(14_000, 1_500.0);
    assert_eq!(talk().heard(), talk().heard());
}

#[test]
fn times_that_jump_or_run_back_do_no_harm() {
    let mut echo = Echo::default();
    for (heard_at, at_ms) in [(500_000, 3), (1, 900_000), (u64::MAX / 4, 20), (40, 1 << 40), (60, 0)] {
        echo.played(CallTime::from_us(heard_at), &[1; FRAME_LEN]);
        echo.hear(at_ms, &mut [SILENCE; FRAME_LEN]);
        echo.cleared(CallTime::from_ms(at_ms));
    }
}

#[test]
fn an_echo_canceller_is_small() {
    assert!(size_of::<canceller::Canceller>() < 24 << 10, "{}", size_of::<canceller::Canceller>());
}
