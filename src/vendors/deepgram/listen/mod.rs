//! Hearing: one task per call that keeps a speech-to-text stream open, come what may, and loses no word.
//!
//! Frames come in by [`Hearing::feed`], which never waits; what was heard goes out as
//! [`Input`]s. The task owns the audio: it holds what Deepgram has not yet settled,
//! and when a connection is lost it opens another and sends that audio again, a little faster than it was spoken.
//! Times in the inputs are the call's, whatever connection the words came over.
//!
//! | file | what it knows |
//! |---|---|
//! | `address` | the handshake and its parameters |
//! | `dial` | one attempt, and what a refusal means |
//! | `line` | one connection, from handshake to close |
//! | `gathering` | which frames travel together |
//! | `held` | audio not settled yet, and where it belongs on the call's clock |
//! | `pace` | how fast audio may be sent |
//! | `pulse` | signs of life |
//! | `nova`, `flux` | the two services' messages |

mod address;
mod dial;
pub mod flux;
mod gathering;
pub mod heard;
mod held;
mod line;
pub mod nova;
mod pace;
mod pulse;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use engine::audio::frame::{FRAME_MS, Frame};
use engine::io::{Fault, Input};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::Instrument;

use dial::Lost;
use gathering::Gathering;
use held::Held;

/// Orders waiting for the task at most: 2.5 s of frames. The task empties it at every wake-up; when it is full all the
/// same, new frames are dropped and counted.
const ORDERS_MAX: usize = 128;

/// How long a fact may wait for the call to take it. A call that takes none for so long is gone.
const FACT_WAIT_MAX: Duration = Duration::from_secs(2);

/// Pauses between attempts: doubled from the first to the last, and each between half and all of that.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// Settings of the speech-to-text stream.
#[derive(Clone)]
pub struct Config {
    /// The address without a path of the API's own: `https://api.deepgram.com`. `http://` is taken, too.
    pub url: String,
    /// The API key.
    pub key: String,
    /// `nova-3` or another model of the flavor.
    pub model: String,
    /// What may be spoken, by the codes of ISO 639-1. Of several the vendor finds out which one it is.
    pub languages: Vec<String>,
    /// Silence, in milliseconds, after which Nova calls an utterance finished.
    pub endpointing_ms: u32,
    /// A gap between words, in milliseconds, after which Nova says so; 1,000 at least.
    pub utterance_end_ms: u32,
    /// Which of the two services.
    pub flavor: Flavor,
    /// How long a handshake may take.
    pub connect: Duration,
    /// How much audio is held at most while there is no connection. Beyond, the oldest is dropped and counted.
    pub held: Duration,
    /// How fast held audio is sent, as a multiple of real time. Deepgram asks for 1.25 at most.
    pub catch_up: f64,
    /// Without audio for so long, KeepAlive is sent. Deepgram closes after 10 s.
    pub keep_alive: Duration,
    /// Without a sign of life for so long, the connection counts as lost.
    pub stall: Duration,
    /// Without one good connection for so long, hearing is given up for this call.
    pub give_up: Duration,
}

/// The two listening services of Deepgram.
#[derive(Debug, Clone, PartialEq)]
pub enum Flavor {
    /// `/v1/listen`: interims, finals and silence; the call decides turns.
    Nova,
    /// `/v2/listen`: the vendor decides turns.
    Flux {
        /// How sure it must be that the turn is over, 0.5 to 0.9.
        eot_threshold: f64,
        /// How sure it must be to say that the turn is probably over, 0.3 to `eot_threshold`; none: it never says so.
        eager_eot_threshold: Option<f64>,
        /// Silence, in milliseconds, that ends a turn in any case.
        eot_timeout_ms: u32,
        /// Whether [`Hearing::finish_utterance`] sends `ForceEndTurn`, which older servers do not know.
        force_end_turn: bool,
    },
}

impl Flavor {
    /// The service that has this model: Flux, as its vendor sets it up, for those named so.
    pub fn of_model(model: &str) -> Self {
        if model.starts_with("flux") { Self::flux() } else { Self::Nova }
    }

    /// Flux as its vendor sets it up.
    pub fn flux() -> Self {
        Self::Flux { eot_threshold: 0.7, eager_eot_threshold: None, eot_timeout_ms: 5_000, force_end_turn: false }
    }
}

impl Config {
    /// The same for a call in which these languages may be spoken. Flux has a model for English and one for all.
    pub fn speaking(&self, languages: &[&str]) -> Self {
        let mut config = self.clone();
        config.languages = languages.iter().map(|code| (*code).to_owned()).collect();
        if let Some(family) = config.model.strip_suffix("-en").filter(|_| languages != ["en"]) {
            config.model = format!("{family}-multi");
        }
        config
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: "https://api.deepgram.com".into(),
            key: String::new(),
            model: "nova-3".into(),
            languages: vec!["en".into()],
            endpointing_ms: 300,
            utterance_end_ms: 1_000,
            flavor: Flavor::Nova,
            connect: Duration::from_secs(3),
            held: Duration::from_secs(30),
            catch_up: 1.25,
            keep_alive: Duration::from_secs(4),
            stall: Duration::from_secs(6),
            give_up: Duration::from_secs(30),
        }
    }
}

impl fmt::Debug for Config {
    /// Everything but the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, model, languages, flavor, .. } = self;
        f.debug_struct("Config")
            .field("url", url)
            .field("model", model)
            .field("languages", languages)
            .field("flavor", flavor)
            .finish_non_exhaustive()
    }
}

/// The call's end of its speech-to-text task. Dropping it sends CloseStream and ends the task.
#[derive(Debug)]
pub struct Hearing {
    orders: mpsc::Sender<Order>,
    gathering: Gathering,
    dropped: Arc<AtomicU64>,
}

/// What the call tells the task.
#[derive(Debug)]
enum Order {
    Frame { at_ms: u64, frame: Frame },
    FinishUtterance,
    Expect(Vec<String>),
}

/// Opens speech-to-text for a call. Returns at once; must be called within a tokio runtime.
///
/// `keyterms` are words to expect, most important first; what exceeds the vendor's limit is left out. `facts` gets
/// [`Input::HearingStarted`] with each connection, [`Input::HearingFailed`] when one is lost (once for an outage, and
/// once more when it is given up), and what is heard in between. A [`Fault`] other than [`Fault::Retry`] is the last fact.
pub fn open(config: Arc<Config>, keyterms: Vec<String>, facts: mpsc::Sender<Input>) -> Hearing {
    let (orders, inbox) = mpsc::channel(ORDERS_MAX);
    let dropped = Arc::new(AtomicU64::new(0));
    let frames_max = (config.held.as_millis() / u128::from(FRAME_MS)).clamp(1, 15_000);
    let held = Held::new(usize::try_from(frames_max).expect("clamped to thousands"));
    let listener = Listener {
        config,
        inbox: Inbox { orders: inbox, held, finish_at: None, keyterms, revised: false, dropped: dropped.clone() },
        facts: Facts { facts, words_pending: false },
    };
    tokio::spawn(listener.run().in_current_span());
    Hearing { orders, gathering: Gathering::default(), dropped }
}

impl Hearing {
    /// Hands over the caller's next frame, which begins `at_ms` milliseconds after the answer. Never waits. While the line
    /// is quiet, some frames are kept until they are worth a message.
    pub fn feed(&mut self, at_ms: u64, frame: &Frame) {
        if self.gathering.add(at_ms, frame) && !self.send_gathered() {
            self.gathering.drop_newest();
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Asks for what was heard so far without waiting for silence. Not lost to a full queue: then the silence that made
    /// the call ask ends the utterance, too.
    pub fn finish_utterance(&mut self) {
        self.send_gathered();
        let _ = self.orders.try_send(Order::FinishUtterance);
    }

    /// Other words to expect from now on, most important first. Flux is told at once; a Nova stream keeps the words it
    /// began with until it has to be opened again, because older deployments end a stream that asks for more.
    pub fn expect(&self, keyterms: Vec<String>) {
        let _ = self.orders.try_send(Order::Expect(keyterms));
    }

    /// Says whether there was room. A task that is gone takes everything.
    fn send_gathered(&mut self) -> bool {
        match self.orders.try_reserve_many(self.gathering.len()) {
            Ok(room) => {
                let frames = self.gathering.take();
                room.zip(frames).for_each(|(place, (at_ms, frame))| place.send(Order::Frame { at_ms, frame }));
                true
            }
            Err(full) => matches!(full, mpsc::error::TrySendError::Closed(())),
        }
    }

    /// Frames that never reached the vendor, because a queue or the store for outages was full.
    pub fn frames_dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// The call let go of its [`Hearing`], or takes no facts any more.
#[derive(Debug, Clone, Copy)]
struct Gone;

/// Why a connection, or an attempt at one, is over.
enum Over {
    Gone,
    Lost(Lost),
}

impl From<Gone> for Over {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// The task.
struct Listener {
    config: Arc<Config>,
    inbox: Inbox,
    facts: Facts,
}

impl Listener {
    async fn run(mut self) {
        let mut outage = Outage::default();
        loop {
            let lost = match self.connect_and_talk(&mut outage).await {
                Over::Gone => return,
                Over::Lost(lost) => lost,
            };
            let now = Instant::now();
            let was_told = outage.goes_on(now);
            let fault = match lost.fault {
                Fault::Retry(text) if outage.lasted(now) >= self.config.give_up => Fault::GiveUp(text),
                fault => fault,
            };
            let is_last = !matches!(fault, Fault::Retry(_));
            if is_last || !was_told {
                tracing::warn!(?fault, attempts = outage.attempts, "speech-to-text is lost");
                if self.facts.tell(Input::HearingFailed(fault)).await.is_err() || is_last {
                    return;
                }
            } else {
                tracing::debug!(?fault, attempts = outage.attempts, "speech-to-text is still lost");
            }
            let pause = outage.pause(rand::random()).max(lost.after);
            if self.inbox.wait_until(now + pause).await.is_err() || self.wait_for_audio(&mut outage).await.is_err() {
                return;
            }
        }
    }

    /// A connection without audio does not live long. While there is none nothing is missed either, so that a long
    /// wait for it is no outage.
    async fn wait_for_audio(&mut self, outage: &mut Outage) -> Result<(), Gone> {
        let began = Instant::now();
        while self.inbox.held.unsent() == 0 {
            self.inbox.next().await?;
        }
        if began.elapsed() > PAUSES.1 {
            outage.ends();
        }
        Ok(())
    }

    async fn connect_and_talk(&mut self, outage: &mut Outage) -> Over {
        self.inbox.revised = false;
        let request = match address::request(&self.config, &self.inbox.keyterms) {
            Ok(request) => request,
            Err(fault) => return Over::Lost(Lost::of(fault)),
        };
        let config = self.config.clone();
        let dialled = self.inbox.until(dial::dial(&config, request)).await;
        let socket = match dialled {
            Ok(Ok(socket)) => socket,
            Ok(Err(lost)) => return Over::Lost(lost),
            Err(Gone) => return Over::Gone,
        };
        if self.facts.tell(Input::HearingStarted).await.is_err() {
            return Over::Gone;
        }
        line::Line::new(&self.config, &mut self.inbox, &mut self.facts, outage, socket).run().await
    }
}

/// A stretch of time without a good connection, and what earlier ones taught.
#[derive(Debug, Default)]
struct Outage {
    since: Option<Instant>,
    attempts: u32,
    /// Connections of this call that were left because a voice met with silence. Not forgotten when the next one
    /// proves good: what sounded like a voice may have been the caller's surroundings, of which a vendor need not
    /// say anything, and every change of connection puts us seconds behind.
    deaf: u32,
    /// This vendor has been heard to tell words before they are final, in this call.
    reports_early: bool,
}

impl Outage {
    /// One more attempt or connection came to nothing. Says whether the call knows of this outage already.
    fn goes_on(&mut self, now: Instant) -> bool {
        self.attempts += 1;
        self.since.replace(self.since.unwrap_or(now)).is_some()
    }

    /// A connection has proved good.
    fn ends(&mut self) {
        *self = Self { deaf: self.deaf, reports_early: self.reports_early, ..Self::default() };
    }

    /// A connection took a voice and said nothing.
    fn is_deaf(&mut self) {
        self.deaf += 1;
    }

    /// How long a voice may meet with silence. Longer where the vendor may be one that says nothing before words are
    /// final, and longer each time, so that somebody who talks on and on is not cut up for ever.
    fn deaf_after(&self, stall: Duration) -> Duration {
        let base = if self.reports_early { stall } else { stall * 5 / 3 };
        base * (1 << self.deaf.min(3))
    }

    fn lasted(&self, now: Instant) -> Duration {
        self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    /// How long to wait now; `luck` is in 0 to 1. The first attempt after a good connection is made almost at once.
    fn pause(&self, luck: f64) -> Duration {
        let doublings = self.attempts.saturating_sub(2).min(16);
        let longest = if self.attempts <= 1 { PAUSES.0 / 2 } else { (PAUSES.0 * (1 << doublings)).min(PAUSES.1) };
        longest.mul_f64(0.5 + luck.clamp(0.0, 1.0) / 2.0)
    }
}

/// Orders from the call, and the audio among them.
struct Inbox {
    orders: mpsc::Receiver<Order>,
    held: Held,
    /// What was fed up to this frame is to be finished.
    finish_at: Option<u64>,
    /// Words to expect.
    keyterms: Vec<String>,
    /// The words changed since the connection was opened, and the vendor was not told.
    revised: bool,
    dropped: Arc<AtomicU64>,
}

impl Inbox {
    fn take(&mut self, order: Order) {
        match order {
            Order::Frame { at_ms, frame } => {
                let before = self.held.dropped();
                self.held.push(at_ms, &frame);
                self.dropped.fetch_add(self.held.dropped() - before, Ordering::Relaxed);
            }
            Order::FinishUtterance => self.finish_at = Some(self.held.end()),
            Order::Expect(keyterms) => {
                self.keyterms = keyterms;
                self.revised = true;
            }
        }
    }

    /// Waits for one order and takes it with all that wait behind it.
    async fn next(&mut self) -> Result<(), Gone> {
        let first = self.orders.recv().await.ok_or(Gone)?;
        self.take(first);
        while let Ok(order) = self.orders.try_recv() {
            self.take(order);
        }
        Ok(())
    }

    /// Takes orders until the work is done.
    async fn until<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Gone> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                order = self.next() => order?,
            }
        }
    }

    /// Takes orders until this moment.
    async fn wait_until(&mut self, deadline: Instant) -> Result<(), Gone> {
        self.until(sleep_until(deadline)).await
    }
}

/// What the call is told.
struct Facts {
    facts: mpsc::Sender<Input>,
    /// The call holds an interim with words, which nothing has replaced.
    words_pending: bool,
}

impl Facts {
    /// Tells a fact that must not be lost. Waits for room, but not for ever.
    async fn tell(&mut self, fact: Input) -> Result<(), Gone> {
        match timeout(FACT_WAIT_MAX, self.facts.send(fact)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Gone),
            Err(_) => {
                tracing::error!("the call takes no facts from speech-to-text any more: its loop is stuck");
                Err(Gone)
            }
        }
    }

    /// Tells words that the next ones replace. Where there is no room they are not worth waiting for.
    fn interim(&mut self, text: String, confidence: f32) {
        if text.is_empty() && !self.words_pending {
            return;
        }
        self.words_pending = !text.is_empty();
        let _ = self.facts.try_send(Input::Interim { text, confidence });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surroundings_that_nobody_puts_into_words_cost_fewer_and_fewer_connections() {
        let mut outage = Outage::default();
        let mut waits = Vec::new();
        for _ in 0..3 {
            waits.push(outage.deaf_after(Duration::from_secs(6)).as_secs());
            outage.is_deaf();
            outage.ends();
        }
        assert_eq!(waits, [10, 20, 40]);
    }
}
