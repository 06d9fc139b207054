//! Callers who talk as long as they are let: a question, the answer, a breath, the next question. Every fourth question
//! cuts into the answer before.

use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering};
use std::time::Duration;

use sandbox::clips::Clip;
use sandbox::twilio::{CallSetup, Happening, Line, Tally, Twilio};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// What can be asked for ever without the call coming to an end.
const QUESTIONS: [&str; 5] = ["how-much", "hours", "where", "parking", "by-card"];

/// Quiet on the line before the caller speaks.
const BREATH: Duration = Duration::from_millis(1_200);

/// How much of an answer somebody hears who cuts in.
const PATIENCE: Duration = Duration::from_millis(900);

/// A caller waits for an answer no longer than this.
const ANSWER_WITHIN: Duration = Duration::from_secs(6);

/// All callers.
pub struct Crowd {
    twilio: Twilio,
    clips: Arc<Vec<Vec<u8>>>,
    over: watch::Sender<bool>,
    calls: JoinSet<Tally>,
    connected: Arc<AtomicIsize>,
}

impl Crowd {
    pub fn new(twilio: Twilio, utterances: &[Clip], quiet: bool) -> Self {
        let clips = utterances.iter().filter(|clip| !quiet && QUESTIONS.contains(&clip.id.as_str()));
        Self {
            twilio,
            clips: Arc::new(clips.map(|clip| clip.audio.clone()).collect()),
            over: watch::channel(false).0,
            calls: JoinSet::new(),
            connected: Arc::default(),
        }
    }

    /// One more.
    pub fn call(&mut self) {
        let number = self.calls.len();
        let from = format!("+1415555{number:04}");
        let line = self.twilio.place(CallSetup::new(&from, "+12125550100"));
        let caller = Caller { line, clips: Arc::clone(&self.clips), said: number };
        self.calls.spawn(caller.carry(self.over.subscribe(), Arc::clone(&self.connected)));
    }

    /// How many have a stream at the moment.
    pub fn connected(&self) -> isize {
        self.connected.load(Ordering::Relaxed)
    }

    /// Everybody hangs up. Gives what each noticed.
    pub async fn hang_up(self) -> Vec<Tally> {
        let _ = self.over.send(true);
        self.calls.join_all().await
    }
}

struct Caller {
    line: Line,
    clips: Arc<Vec<Vec<u8>>>,
    said: usize,
}

impl Caller {
    async fn carry(mut self, mut over: watch::Receiver<bool>, connected: Arc<AtomicIsize>) -> Tally {
        let mut heard_since = None;
        let mut speak_at = Instant::now() + ANSWER_WITHIN;
        loop {
            tokio::select! {
                event = self.line.next() => match event.map(|event| event.what) {
                    None => break,
                    Some(Happening::StreamStarted { .. }) => {
                        connected.fetch_add(1, Ordering::Relaxed);
                    }
                    Some(Happening::Closed { .. }) => {
                        connected.fetch_sub(1, Ordering::Relaxed);
                    }
                    Some(Happening::Said) => {
                        heard_since = None;
                        speak_at = Instant::now() + ANSWER_WITHIN;
                    }
                    Some(Happening::Heard(_)) => {
                        let now = Instant::now();
                        let since = *heard_since.get_or_insert(now);
                        let cuts_in = self.said % 4 == 3 && now - since >= PATIENCE;
                        speak_at = if cuts_in { now } else { now + BREATH };
                    }
                    Some(_) => {}
                },
                () = sleep_until(speak_at) => {
                    self.ask();
                    speak_at = Instant::now() + ANSWER_WITHIN;
                }
                _ = over.changed() => {
                    self.line.hang_up();
                    break;
                }
            }
        }
        while self.line.next().await.is_some() {}
        self.line.tally()
    }

    fn ask(&mut self) {
        if !self.clips.is_empty() {
            self.line.say(&self.clips[self.said % self.clips.len()]);
            self.said += 1;
        }
    }
}
