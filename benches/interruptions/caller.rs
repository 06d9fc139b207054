//! A caller who asks, hears some of the answer, and speaks into it: mostly to interrupt, and now and then only "mm-hm".

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use engine::audio::frame::FRAME_MS;
use engine::audio::mulaw;
use rand::Rng;
use rand::rngs::StdRng;
use sandbox::heard::{Cut, Played};
use sandbox::twilio::{Happening, Line, LineEvent};
use tokio::time::{sleep, timeout};

use crate::voices::{Saying, Voices};

/// Quiet on the line before the caller asks the next thing.
const BREATH: Duration = Duration::from_millis(1_400);

/// A caller waits for an answer no longer than this.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// How much of an answer is heard before somebody speaks into it.
const INTO: Range<u64> = 200..2_600;

/// One in so many only listens.
const LISTENS: u32 = 4;

/// What begins this long after the caller fell silent is the answer, or the rest, and may be spoken into again.
const SETTLED: Duration = Duration::from_millis(700);

/// An assistant who has been silent for this long does not speak.
const PAUSE: Duration = Duration::from_millis(150);

/// What can still be heard so long after somebody began is being talked over them.
const TALKED_OVER: Duration = Duration::from_millis(700);

/// A call is hung up after so many interruptions: people do not ask for ever.
const IN_A_CALL: usize = 25;

/// A call that goes on for longer without anything more to interrupt is hung up.
const CALL_MAX: Duration = Duration::from_secs(240);

/// Samples from here on can be heard.
const AUDIBLE: u16 = 400;

/// Something the caller said while the assistant spoke.
#[derive(Debug, Clone)]
pub struct Interrupted {
    pub what: String,
    /// Only "mm-hm": nothing was to come of it.
    pub listens: bool,
    /// When the voice began, since the call was placed.
    pub onset: Duration,
    /// Clears from then on until the next thing was said.
    pub cuts: Vec<Cut>,
    /// How long after the voice began the assistant could be heard without a clear; zero when it fell silent just then.
    pub heard_on: Duration,
    /// How much of the assistant lay over the caller's voice when it should have been silent for long.
    pub talked_over: Duration,
}

pub struct Caller<'a> {
    line: Line,
    voices: &'a Voices,
    random: &'a mut StdRng,
    left: &'a AtomicUsize,
    played: Played,
    done: Vec<Interrupted>,
    doing: Doing,
    /// When the assistant was last audible, and since when without a pause.
    audible: Option<(Duration, Duration)>,
    /// When something was last heard or said.
    stirred: Duration,
}

enum Doing {
    /// Nobody has asked anything yet, or nothing is to be interrupted any more.
    Idle,
    /// The assistant speaks, and will be spoken into then.
    Hearing { until: Duration },
    /// A question, which interrupts nobody.
    Asking,
    /// Speaking into the assistant; since then, once the first frame went out.
    Into { saying: Saying, onset: Option<Duration>, clears: usize, over: Option<Duration> },
}

impl<'a> Caller<'a> {
    pub fn new(line: Line, voices: &'a Voices, random: &'a mut StdRng, left: &'a AtomicUsize) -> Self {
        Self {
            line,
            voices,
            random,
            left,
            played: Played::default(),
            done: Vec::new(),
            doing: Doing::Idle,
            audible: None,
            stirred: Duration::ZERO,
        }
    }

    /// Calls, interrupts and hangs up; the call's id, and what was interrupted.
    pub async fn carry(mut self) -> (String, Vec<Interrupted>) {
        let call_sid = self.line.call_sid().to_owned();
        loop {
            let wait = self.due().saturating_sub(self.line.now());
            tokio::select! {
                event = self.line.next() => match event {
                    Some(event) => self.notice(&event),
                    None => return (call_sid, self.done),
                },
                () = sleep(wait) => self.act(),
            }
            let enough = self.done.len() >= IN_A_CALL || self.left.load(Ordering::Relaxed) == 0;
            if enough && !matches!(self.doing, Doing::Into { .. }) || self.line.now() > CALL_MAX {
                break;
            }
        }
        self.line.hang_up();
        while let Ok(Some(_)) = timeout(ANSWER_WITHIN, self.line.next()).await {}
        (call_sid, self.done)
    }

    fn due(&self) -> Duration {
        match &self.doing {
            Doing::Idle => self.stirred + BREATH,
            Doing::Hearing { until } => *until,
            Doing::Asking => self.stirred + ANSWER_WITHIN,
            Doing::Into { over: None, .. } => self.stirred + ANSWER_WITHIN,
            Doing::Into { .. } => self.stirred + ANSWER_WITHIN / 2,
        }
    }

    fn act(&mut self) {
        let now = self.line.now();
        if now < self.due() {
            return;
        }
        match &self.doing {
            Doing::Hearing { .. } if self.is_audible(now) => self.speak_into(),
            Doing::Hearing { .. } => self.doing = Doing::Idle,
            Doing::Into { .. } => self.finish(now),
            Doing::Idle | Doing::Asking => self.ask(now),
        }
    }

    fn ask(&mut self, now: Duration) {
        let saying = self.voices.question(self.random);
        self.line.say(&saying.audio);
        self.stirred = now;
        self.doing = Doing::Asking;
    }

    fn speak_into(&mut self) {
        let listens = self.random.random_range(0..LISTENS) == 0;
        let saying = if listens { self.voices.backchannel(self.random) } else { self.voices.interruption(self.random) };
        self.line.say(&saying.audio);
        self.stirred = self.line.now();
        let (saying, clears) = (saying.clone(), self.played.cuts().len());
        self.doing = Doing::Into { saying, onset: None, clears, over: None };
        let interrupted = Interrupted {
            what: String::new(),
            listens,
            onset: Duration::ZERO,
            cuts: Vec::new(),
            heard_on: Duration::ZERO,
            talked_over: Duration::ZERO,
        };
        self.done.push(interrupted);
    }

    fn notice(&mut self, event: &LineEvent) {
        self.played.notice(event);
        match &event.what {
            Happening::Heard(audio) if audio.iter().any(is_audible) => {
                self.hear(event.at, Duration::from_micros(audio.len() as u64 * 125));
            }
            Happening::Saying => self.saying(event.at),
            Happening::Said => self.said(event.at),
            Happening::StreamStarted { .. } => self.stirred = event.at,
            _ => {}
        }
    }

    fn saying(&mut self, at: Duration) {
        let Doing::Into { saying, onset, .. } = &mut self.doing else { return };
        // The frame that went out now holds the 20 ms before.
        let began = at.saturating_sub(Duration::from_millis(FRAME_MS)) + playing(saying.begins);
        *onset = Some(began);
        if let Some(last) = self.done.last_mut() {
            last.onset = began;
            last.what.clone_from(&saying.id);
        }
    }

    fn said(&mut self, at: Duration) {
        self.stirred = at;
        if let Doing::Into { over, .. } = &mut self.doing {
            *over = Some(at);
        }
    }

    fn hear(&mut self, at: Duration, lasted: Duration) {
        let goes_on = self.audible.is_some_and(|(last, _)| at.saturating_sub(lasted) < last + PAUSE);
        let since = self.audible.filter(|_| goes_on).map_or(at.saturating_sub(lasted), |(_, since)| since);
        self.audible = Some((at, since));
        self.stirred = at;
        match &self.doing {
            Doing::Idle => {}
            Doing::Asking if since + lasted >= at => self.will_speak_into(at),
            Doing::Asking | Doing::Hearing { .. } => {}
            Doing::Into { over: Some(over), .. } if since > *over + SETTLED => {
                self.finish(at);
                self.will_speak_into(at);
            }
            Doing::Into { onset: Some(onset), saying, clears, .. } => {
                let (onset, clears) = (*onset, *clears);
                let ends = onset + playing(saying.ends - saying.begins);
                let stopped = self.played.cuts().len() > clears;
                let Some(last) = self.done.last_mut() else { return };
                if !stopped {
                    last.heard_on = at.saturating_sub(onset);
                }
                if at > onset + TALKED_OVER && at < ends {
                    last.talked_over += lasted;
                }
            }
            Doing::Into { .. } => {}
        }
    }

    fn will_speak_into(&mut self, at: Duration) {
        let wait = Duration::from_millis(self.random.random_range(INTO));
        self.doing = Doing::Hearing { until: at + wait };
    }

    /// All that came of speaking into the assistant has come.
    fn finish(&mut self, now: Duration) {
        let Doing::Into { clears, .. } = std::mem::replace(&mut self.doing, Doing::Idle) else { return };
        self.stirred = now.min(self.stirred + BREATH);
        if let Some(last) = self.done.last_mut() {
            last.cuts = self.played.cuts()[clears..].to_vec();
        }
        let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
    }

    fn is_audible(&self, now: Duration) -> bool {
        self.audible.is_some_and(|(last, _)| now < last + PAUSE)
    }
}

fn is_audible(code: &u8) -> bool {
    mulaw::decode(*code).unsigned_abs() >= AUDIBLE
}

/// How long so many samples play.
fn playing(samples: usize) -> Duration {
    Duration::from_micros(samples as u64 * 125)
}
