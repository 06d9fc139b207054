//! The only event loop: one task per call.
//!
//! ```text
//!  leg ──frame──► detector ──voice──┐                       ┌──► leg: frames, marks, clear
//!      ──mark, key, stop────────────┤                       │
//!  hearing, model, calendar ─facts──┼──► Call::handle ──► orders ──► World
//!  cache, synthesizer ─speech─► playout ─phrase facts─┘
//!  deadline (call's or playout's) ──────┘
//! ```
//!
//! Wait for one thing; read the clock once; tell the call; carry out what it orders; send what is due; repeat. Nothing in
//! here decides anything about the conversation, and nothing waits but for the leg's socket, with a deadline. The driver
//! owns the leg: dropping it closes the socket, which makes Twilio go on behind `<Connect>`.

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::time::Duration;

use engine::audio::ear::Heard;
use engine::audio::echo::Echo;
use engine::audio::frame::{FRAME_MS, Frame, LegEvent, LegOrder};
use engine::audio::mark::Mark;
use engine::audio::mulaw::BYTES_PER_MS;
use engine::audio::playout::{Playout, Step};
use engine::audio::speech::{SpeechPart, Spoken};
use engine::audio::vad::{Activity, Detector};
use engine::call::Call;
use engine::io::{Answered, Fault, Input, Output, PhraseId};
use engine::time::CallTime;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep};

/// A leg that takes no bytes for this long is broken.
const LEG_STALLED: Duration = Duration::from_secs(3);

/// An open leg sends a frame every 20 ms, silence too (Twilio, "Media Streams – WebSocket messages", `media`). Without any
/// for this long, nobody can be heard over it.
const FRAMES_STOPPED: Duration = Duration::from_secs(2);

/// Facts taken per wake-up, so that a chatty vendor cannot keep frames waiting.
const FACTS_PER_WAKE: usize = 32;

/// One transport carrying a call.
pub trait Leg: Stream<Item = LegEvent> + Sink<LegOrder> + Unpin + Send {
    /// Whether its stream's time goes on where that of the call's last one stopped.
    fn keeps_time(&self) -> bool {
        false
    }

    /// Ends it because another has taken its place.
    fn retire(self)
    where
        Self: Sized,
    {
    }
}

/// What a call can ask of the world. No method waits; what comes of an order arrives as a fact in the [`Inbox`].
pub trait World: Send {
    /// Tells what the call is about to be told.
    fn told(&mut self, at: CallTime, input: &Input);
    /// Tells what the call ordered in answer.
    fn ordered(&mut self, at: CallTime, outputs: &[Output]);
    /// Carries out an order that is not about the leg or the playout.
    fn carry_out(&mut self, at: CallTime, order: Output);
    /// A phrase's audio: at once when it is at hand, else in pieces through the [`Inbox`].
    fn fetch(&mut self, phrase: PhraseId, text: &str) -> Option<Spoken>;
    /// Takes the caller's audio that was said at `at_ms` of the call: as it came, for the record, and without our echo, for
    /// whoever listens. The two are the same on a line that returns nothing.
    fn caller_frame(&mut self, at_ms: u64, frame: &Frame, voice: &Frame);
    /// Takes our audio that is heard at `at_ms` of the call, unless a clear comes first.
    /// `late` is how long the caller heard nothing in the middle of a phrase because of us.
    fn assistant_frame(&mut self, at_ms: u64, frame: &Frame, late: Duration);
    /// The playout was cleared; the leg had been told `took` after the decision.
    fn cleared(&mut self, took: Duration);
    /// Of what was to be heard before the last clear, nothing was from `at_ms` of the call on.
    fn heard_until(&mut self, at_ms: u64);
    /// All audio of ours so far is heard so much later than was told: the ear is that far away.
    fn heard_later(&mut self, by: Duration);
    /// The leg is about to be closed: the carrier asks what is next as soon as it is.
    fn closing(&mut self);
    /// It is `now_ms` of the call. Told with every wake-up.
    fn time_passed(&mut self, now_ms: u64);
    /// A message of the leg made no sense.
    fn malformed(&mut self, kind: &'static str);
}

/// Where facts reach a call. Both queues are bounded by whoever makes them; a full one makes its sender wait.
pub struct Inbox<L> {
    /// From hearing, the model, the calendar and the process.
    pub facts: mpsc::Receiver<Input>,
    /// From the cache and the synthesizer.
    pub speech: mpsc::Receiver<(PhraseId, SpeechPart)>,
    /// Streams that adopt the call after its own was lost.
    pub legs: mpsc::Receiver<(String, L)>,
}

/// Reads the time of one call. The clock itself is elsewhere.
pub type Now = Box<dyn Fn() -> CallTime + Send>;

/// Carries one call from its answer to its end.
pub async fn run<L: Leg, W: World>(answered: Answered, leg: L, mut inbox: Inbox<L>, now: Now, world: &mut W) {
    let answered_at = Instant::now() - Duration::from_micros(now().as_us());
    let mut driver = Driver::new(leg, now, world);
    let mut alarm = Box::pin(tokio::time::sleep_until(answered_at));
    driver.tell(Input::Answered(Box::new(answered)));
    driver.settle().await;
    while !driver.is_done() {
        let is_due = arm(&mut alarm, answered_at, driver.wake_up());
        let event = tokio::select! {
            biased;
            event = next_of(&mut driver.leg) => Event::Leg(event),
            Some(part) = inbox.speech.recv() => Event::Speech(part),
            Some(fact) = inbox.facts.recv() => Event::Fact(fact),
            Some(leg) = inbox.legs.recv() => Event::Adopted(leg),
            () = &mut alarm, if is_due => Event::Alarm,
        };
        driver.now = (driver.clock)();
        driver.world.time_passed(driver.now.as_ms());
        driver.settle_clear(false);
        driver.take(event);
        for _ in 0..FACTS_PER_WAKE {
            let Ok(fact) = inbox.facts.try_recv() else { break };
            driver.tell(fact);
        }
        driver.settle().await;
    }
    driver.close().await;
}

enum Event<L> {
    Leg(Option<LegEvent>),
    Speech((PhraseId, SpeechPart)),
    Fact(Input),
    Adopted((String, L)),
    Alarm,
}

struct Driver<'w, L, W> {
    call: Call,
    leg: Option<L>,
    world: &'w mut W,
    clock: Now,
    now: CallTime,
    echo: Echo,
    detector: Detector,
    playout: Playout,
    /// When the leg's last frame came, or the leg itself.
    last_frame_at: CallTime,
    frames_stopped: bool,
    /// Call time of the stream's own zero, known from the first frame.
    stream_began_ms: Option<i64>,
    /// What arrived of each phrase that is still arriving.
    arriving: BTreeMap<PhraseId, Arriving>,
    pending: VecDeque<Input>,
    out: Vec<Output>,
    unflushed: bool,
    closing: bool,
}

/// What arrived of a phrase.
#[derive(Default)]
struct Arriving {
    bytes: usize,
    word_ends_ms: Vec<u32>,
}

impl<'w, L: Leg, W: World> Driver<'w, L, W> {
    fn new(leg: L, clock: Now, world: &'w mut W) -> Self {
        Self {
            call: Call::default(),
            leg: Some(leg),
            world,
            now: clock(),
            last_frame_at: clock(),
            frames_stopped: false,
            clock,
            echo: Echo::default(),
            detector: Detector::new(),
            playout: Playout::default(),
            stream_began_ms: None,
            arriving: BTreeMap::new(),
            pending: VecDeque::new(),
            out: Vec::new(),
            unflushed: false,
            closing: false,
        }
    }

    fn is_done(&self) -> bool {
        self.closing || self.call.is_over()
    }

    /// The soonest moment at which something is due, whatever arrives.
    fn wake_up(&self) -> Option<CallTime> {
        let call = self.call.deadline().map(|(due, _)| due);
        let playout = self.leg.as_ref().and(self.playout.due());
        call.into_iter().chain(playout).chain(self.frames_due()).min()
    }

    /// When frames that do not come are missed. It moves with every frame, so nothing is set or cleared for it.
    fn frames_due(&self) -> Option<CallTime> {
        (self.leg.is_some() && !self.frames_stopped).then(|| self.last_frame_at + FRAMES_STOPPED)
    }

    fn tell(&mut self, input: Input) {
        self.pending.push_back(input);
    }

    fn take(&mut self, event: Event<L>) {
        match event {
            Event::Leg(Some(event)) => self.take_from_leg(event),
            Event::Leg(None) => self.lose_leg("its socket ended"),
            Event::Speech((phrase, part)) => self.take_speech(phrase, part),
            Event::Fact(fact) => self.tell(fact),
            Event::Adopted((stream_sid, leg)) => {
                self.stream_began_ms = self.stream_began_ms.filter(|_| leg.keeps_time());
                if let Some(before) = self.leg.replace(leg) {
                    before.retire();
                }
                // Another way with another delay.
                self.echo = Echo::default();
                self.last_frame_at = self.now;
                self.frames_stopped = false;
                self.tell(Input::StreamResumed { stream_sid });
            }
            Event::Alarm => {}
        }
    }

    fn take_from_leg(&mut self, event: LegEvent) {
        match event {
            LegEvent::Frame { stream_ms, frame } => self.take_frame(stream_ms, &frame),
            LegEvent::Mark(mark) => self.take_mark(mark),
            LegEvent::Key(key) => self.tell(Input::KeyPressed(key)),
            LegEvent::Typed(text) => self.tell(Input::Typed { text }),
            LegEvent::Noted(name, detail) => self.tell(Input::Noted { name: name.to_owned(), detail }),
            LegEvent::Stopped => {
                self.leg = None;
                self.tell(Input::HungUp);
            }
            LegEvent::Lost(why) => self.lose_leg(&why),
            LegEvent::Malformed(kind) => self.world.malformed(kind),
        }
    }

    /// The media plane's way in: to the record as it came, and without our echo to speech-to-text and through the detector.
    fn take_frame(&mut self, stream_ms: u64, frame: &Frame) {
        self.last_frame_at = self.now;
        if std::mem::take(&mut self.frames_stopped) {
            self.tell(Input::FramesResumed);
        }
        let arrived_ms = self.now.as_ms() as i64 - FRAME_MS as i64;
        let began_ms = *self.stream_began_ms.get_or_insert(arrived_ms - stream_ms as i64);
        let at_ms = (began_ms + stream_ms as i64).max(0) as u64;
        let mut voice = *frame;
        self.echo.hear(at_ms, &mut voice);
        self.world.caller_frame(at_ms, frame, &voice);
        match self.detector.push(&voice, self.playout.is_audible(self.now)) {
            Some(Activity::Started) => self.tell(Input::VoiceStarted),
            Some(Activity::Lasted { voiced_ms, speech_percent }) => {
                self.tell(Input::VoiceLasted { voiced_ms, speech_percent });
            }
            Some(Activity::Ended { voiced_ms }) => self.tell(Input::VoiceEnded { voiced_ms }),
            None => {}
        }
    }

    fn take_mark(&mut self, mark: Mark) {
        let echo = self.playout.echoed(self.now, mark);
        if let Some(by) = echo.later {
            self.world.heard_later(by);
        }
        if let Some(heard) = echo.heard {
            self.cut_at(mark.generation, heard);
        }
        self.tell(Input::MarkReached(mark));
    }

    /// What a clear cut off is known for good once its answer came, is overdue, or something else is to be heard.
    fn settle_clear(&mut self, at_once: bool) {
        if let Some(heard) = self.playout.settle(self.now, at_once) {
            self.world.heard_until(heard.at.as_ms());
        }
    }

    fn cut_at(&mut self, generation: u32, heard: Heard) {
        self.world.heard_until(heard.at.as_ms());
        self.tell(Input::PlayoutCleared { generation, phrase: heard.phrase, heard_ms: heard.heard_ms });
    }

    fn take_speech(&mut self, phrase: PhraseId, part: SpeechPart) {
        let arriving = self.arriving.entry(phrase).or_default();
        match &part {
            SpeechPart::Chunk(chunk) => {
                let is_first = arriving.bytes == 0 && !chunk.is_empty();
                arriving.bytes += chunk.len();
                if is_first {
                    self.tell(Input::PhraseArrived { phrase });
                }
            }
            SpeechPart::Words(ends_ms) => arriving.word_ends_ms = ends_ms.to_vec(),
            SpeechPart::End => {
                let Arriving { bytes, word_ends_ms } = self.arriving.remove(&phrase).unwrap_or_default();
                let length_ms = (bytes / BYTES_PER_MS) as u32;
                self.tell(Input::PhraseSynthesized { phrase, length_ms, word_ends_ms, cached: false });
            }
            SpeechPart::Failed(fault) => {
                let fault = fault.clone();
                self.arriving.remove(&phrase);
                self.tell(Input::SynthesisFailed { phrase, fault });
            }
        }
        self.playout.fill(phrase, part);
    }

    fn lose_leg(&mut self, why: &str) {
        if self.leg.take().is_some() {
            tracing::info!(why, "the stream dropped");
            self.tell(Input::StreamDropped);
        }
    }

    /// Tells the call everything that is pending, carries out what it orders, and sends what is due, until all is quiet.
    async fn settle(&mut self) {
        if self.call.deadline().is_some_and(|(due, _)| due <= self.now) {
            self.tell(Input::Tick);
        }
        if self.frames_due().is_some_and(|due| due <= self.now) {
            self.frames_stopped = true;
            self.tell(Input::FramesStopped);
        }
        loop {
            while let Some(input) = self.pending.pop_front() {
                self.world.told(self.now, &input);
                self.call.handle(self.now, input, &mut self.out);
                self.world.ordered(self.now, &self.out);
                for order in std::mem::take(&mut self.out) {
                    self.carry_out(order).await;
                }
            }
            self.send_due().await;
            if self.pending.is_empty() {
                break;
            }
        }
        self.flush().await;
    }

    async fn carry_out(&mut self, order: Output) {
        match order {
            Output::Speak { phrase, text, from_ms, .. } => self.speak(phrase, &text, from_ms),
            Output::ClearPlayout { generation } => self.clear(generation).await,
            Output::CloseLeg { .. } => {
                self.world.closing();
                self.closing = true;
            }
            order => self.world.carry_out(self.now, order),
        }
    }

    /// The call learns first of all what of it was heard.
    async fn clear(&mut self, generation: u32) {
        self.settle_clear(true);
        let cut = self.playout.clear(self.now, generation);
        self.echo.cleared(self.now);
        self.send(LegOrder::Clear).await;
        if let Some((heard, behind_it)) = cut {
            self.send(LegOrder::Mark(behind_it)).await;
            let Heard { phrase, heard_ms, .. } = heard;
            self.pending.push_front(Input::PlayoutCleared { generation, phrase, heard_ms });
        }
        self.flush().await;
        let took = Duration::from_micros((self.clock)().as_us().saturating_sub(self.now.as_us()));
        self.world.cleared(took);
    }

    fn speak(&mut self, phrase: PhraseId, text: &str, from_ms: u32) {
        if !self.playout.append(phrase, from_ms) {
            let fault = Fault::OurMistake("too many phrases wait to be played".to_owned());
            self.tell(Input::SynthesisFailed { phrase, fault });
            return;
        }
        match self.world.fetch(phrase, text) {
            Some(Spoken { audio, word_ends_ms }) => {
                let length_ms = (audio.len() / BYTES_PER_MS) as u32;
                self.playout.fill(phrase, SpeechPart::Chunk(audio));
                self.playout.fill(phrase, SpeechPart::End);
                self.tell(Input::PhraseArrived { phrase });
                let word_ends_ms = word_ends_ms.to_vec();
                self.tell(Input::PhraseSynthesized { phrase, length_ms, word_ends_ms, cached: true });
            }
            None => {
                self.arriving.insert(phrase, Arriving::default());
            }
        }
    }

    /// The media plane's way out.
    async fn send_due(&mut self) {
        while self.leg.is_some() {
            match self.playout.next(self.now) {
                Some(Step::Frame { frame, heard_at, starts, late }) => {
                    self.settle_clear(true);
                    self.echo.played(heard_at, &frame);
                    self.world.assistant_frame(heard_at.as_ms(), &frame, late);
                    if let Some(phrase) = starts {
                        self.tell(Input::PhraseStarted { phrase });
                    }
                    self.send(LegOrder::Frame(frame)).await;
                }
                Some(Step::Mark(mark)) => self.send(LegOrder::Mark(mark)).await,
                None => break,
            }
        }
    }

    async fn send(&mut self, order: LegOrder) {
        let Some(leg) = &mut self.leg else { return };
        self.unflushed = true;
        match tokio::time::timeout(LEG_STALLED, leg.feed(order)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => self.lose_leg("a write failed"),
            Err(_) => self.lose_leg("its peer takes no more bytes"),
        }
    }

    async fn flush(&mut self) {
        let Some(leg) = self.leg.as_mut().filter(|_| self.unflushed) else { return };
        self.unflushed = false;
        match tokio::time::timeout(LEG_STALLED, leg.flush()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => self.lose_leg("a write failed"),
            Err(_) => self.lose_leg("its peer takes no more bytes"),
        }
    }

    async fn close(&mut self) {
        self.settle_clear(true);
        if let Some(leg) = &mut self.leg {
            let _ = tokio::time::timeout(LEG_STALLED, leg.close()).await;
        }
    }
}

/// The leg's next event; for ever pending while there is no leg.
async fn next_of<L: Leg>(leg: &mut Option<L>) -> Option<LegEvent> {
    match leg {
        Some(leg) => leg.next().await,
        None => std::future::pending().await,
    }
}

/// Moves the alarm only when it would ring too late. One that rings early costs a look at the clock, and is cheaper than
/// moving it with every frame. Says whether it is to be listened to: also when it rings between this and the listening.
fn arm(alarm: &mut Pin<Box<Sleep>>, answered_at: Instant, due: Option<CallTime>) -> bool {
    let Some(due) = due else { return false };
    let due = answered_at + Duration::from_micros(due.as_us());
    if alarm.is_elapsed() || due < alarm.deadline() {
        alarm.as_mut().reset(due);
    }
    true
}
