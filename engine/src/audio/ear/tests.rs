//! A leg made of numbers, behind ways that delay every message differently, against the ear's idea of it.

use std::collections::VecDeque;

use super::*;
use crate::audio::playout::{Playout, Step};
use crate::audio::speech::SpeechPart;

const FRAME_US: u64 = 20_000;

/// Messages in order, each delayed by as much as it happens to be.
struct Way<T> {
    delay_us: u64,
    jitter_us: u64,
    under_way: VecDeque<(u64, T)>,
}

impl<T> Way<T> {
    fn new(delay_ms: u64, jitter_ms: u64) -> Self {
        Self { delay_us: delay_ms * 1_000, jitter_us: jitter_ms * 1_000, under_way: VecDeque::new() }
    }

    fn send(&mut self, now_us: u64, message: T, dice: &mut Dice) {
        let due = now_us + self.delay_us + dice.below(self.jitter_us + 1);
        let after = self.under_way.back().map_or(0, |(last, _)| *last);
        self.under_way.push_back((due.max(after), message));
    }

    fn arrived(&mut self, now_us: u64) -> Option<T> {
        self.under_way.pop_front_if(|(due, _)| *due <= now_us).map(|(_, message)| message)
    }
}

enum ToLeg {
    Frame,
    Mark(Mark),
    Clear,
}

/// Plays what it was sent, one frame at a time.
#[derive(Default)]
struct Leg {
    ends_us: u64,
    frames: u64,
    marks: VecDeque<(u64, Mark)>,
    /// How much was played when it was cleared.
    heard_us: Option<u64>,
}

impl Leg {
    fn take(&mut self, now_us: u64, message: ToLeg) {
        match message {
            ToLeg::Frame => {
                self.ends_us = self.ends_us.max(now_us) + FRAME_US;
                self.frames += 1;
            }
            ToLeg::Mark(mark) => self.marks.push_back((self.ends_us.max(now_us), mark)),
            ToLeg::Clear => {
                self.heard_us = Some(self.frames * FRAME_US - self.ends_us.saturating_sub(now_us));
                self.ends_us = now_us;
                self.marks.iter_mut().for_each(|(due, _)| *due = now_us);
            }
        }
    }

    fn echo(&mut self, now_us: u64) -> Option<Mark> {
        self.marks.pop_front_if(|(due, _)| *due <= now_us).map(|(_, mark)| mark)
    }
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % bound.max(1)
    }
}

/// What we thought was heard of a phrase that was cut at a moment, in milliseconds: first, and when the clear was done;
/// and what was.
struct Told {
    at_first: f64,
    settled: f64,
    truth: f64,
    sent: f64,
}

/// A call of some phrases, the last of them cut. `lost` of a hundred marks never come back.
fn cut_short(seed: u64, delay_ms: u64, jitter_ms: u64, lost: u64) -> Told {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let (mut to_leg, mut back) = (Way::new(delay_ms, jitter_ms), Way::new(delay_ms, jitter_ms));
    let (mut playout, mut leg) = (Playout::default(), Leg::default());
    let length_ms = 500 + dice.below(6_000);
    playout.append(PhraseId(0), 0);
    playout.fill(PhraseId(0), SpeechPart::Chunk(vec![1; 8 * length_ms as usize].into()));
    playout.fill(PhraseId(0), SpeechPart::End);
    let cut_us = 1_000_000 + dice.below(length_ms * 1_000);
    let (mut told, mut settled, mut sent) = (None, None, 0);
    let mut now_us = 1_000_000;
    loop {
        let now = CallTime::from_us(now_us);
        if told.is_none() && now_us >= cut_us {
            let (heard, mark) = playout.clear(now, 1).expect("something was sent");
            to_leg.send(now_us, ToLeg::Clear, &mut dice);
            to_leg.send(now_us, ToLeg::Mark(mark), &mut dice);
            told = Some(heard);
        }
        while let Some(step) = playout.next(now) {
            let message = match step {
                Step::Frame { .. } => ToLeg::Frame,
                Step::Mark(mark) => ToLeg::Mark(mark),
            };
            sent += u64::from(matches!(message, ToLeg::Frame));
            to_leg.send(now_us, message, &mut dice);
        }
        while let Some(message) = to_leg.arrived(now_us) {
            leg.take(now_us, message);
        }
        while let Some(mark) = leg.echo(now_us) {
            if dice.below(100) >= lost {
                back.send(now_us, mark, &mut dice);
            }
        }
        while let Some(mark) = back.arrived(now_us) {
            settled = settled.or(playout.echoed(now, mark).heard);
        }
        settled = settled.or_else(|| playout.settle(now, false));
        if let (Some(first), Some(settled), Some(truth_us)) = (told, settled, leg.heard_us) {
            let (at_first, settled) = (f64::from(first.heard_ms), f64::from(settled.heard_ms));
            let (truth, sent) = (truth_us as f64 / 1_000.0, (sent * FRAME_US) as f64 / 1_000.0);
            return Told { at_first, settled, truth, sent };
        }
        now_us += 1_000;
    }
}

/// How far off the settled position is that this share of a thousand cuts keeps within, in milliseconds.
fn error_ms(part: f64, jitter_ms: u64, lost: u64) -> f64 {
    let mut errors: Vec<f64> = (0..1_000)
        .map(|seed| {
            let told = cut_short(seed, 5 + seed * 7 % 146, jitter_ms, lost);
            assert!(told.settled <= told.sent && told.at_first <= told.sent, "more was heard than was sent");
            (told.settled - told.truth).abs()
        })
        .collect();
    errors.sort_by(f64::total_cmp);
    errors[(errors.len() as f64 * part) as usize]
}

#[test]
fn on_a_steady_way_the_position_is_exact() {
    for delay_ms in [5, 40, 150] {
        let told = cut_short(delay_ms, delay_ms, 0, 0);
        assert!((told.at_first - told.truth).abs() <= 1.0, "{} of {}", told.at_first, told.truth);
        assert!((told.settled - told.truth).abs() <= 1.0, "{} of {}", told.settled, told.truth);
    }
}

#[test]
fn the_position_is_within_two_frames_whatever_the_way() {
    assert!(error_ms(0.95, 20, 0) <= 20.0, "{}", error_ms(0.95, 20, 0));
    assert!(error_ms(0.95, 50, 0) <= 40.0, "{}", error_ms(0.95, 50, 0));
}

#[test]
fn lost_marks_do_not_break_the_position() {
    assert!(error_ms(0.95, 30, 30) <= 40.0, "{}", error_ms(0.95, 30, 30));
    assert!(error_ms(0.95, 30, 100) <= 40.0, "{}", error_ms(0.95, 30, 100));
}

#[test]
fn the_first_round_trip_moves_what_was_placed_without_it() {
    let mut ear = Ear::default();
    let frame = Duration::from_millis(20);
    assert_eq!(ear.sent(PhraseId(0), 0, CallTime::from_ms(100), frame), CallTime::from_ms(100));
    let echo = ear.echoed(CallTime::from_ms(200), "g0.p0.20".parse().expect("a mark"));
    assert_eq!(echo.later, Some(Duration::from_millis(80)));
    assert_eq!(ear.sent(PhraseId(0), 20, CallTime::from_ms(120), frame), CallTime::from_ms(200));
    let echo = ear.echoed(CallTime::from_ms(220), "g0.p0.40".parse().expect("a mark"));
    assert_eq!(echo, Echo::default());
}

#[test]
fn a_clear_while_nothing_was_sent_says_nothing() {
    assert_eq!(Ear::default().clear(CallTime::from_ms(100), 1), None);
}
