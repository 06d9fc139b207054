//! The caller's end of a call: what the caller can do, and what the caller notices.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::tally::Tally;
use super::twiml::Verb;

/// Orders that may wait. A caller who is further ahead than this is refused, see [`Line::say`].
const ORDERS_MAX: usize = 64;

/// Events that may wait: at least ten seconds of a call. What comes after is lost and counted in
/// [`Tally::events_lost`]; a call nobody listens to goes on all the same.
const EVENTS_MAX: usize = 1_024;

/// One placed call, held by the caller. Dropping it hangs up.
#[derive(Debug)]
pub struct Line {
    call_sid: String,
    placed: Instant,
    orders: mpsc::Sender<Order>,
    events: mpsc::Receiver<LineEvent>,
    ended: Option<oneshot::Receiver<LineEvent>>,
    tally: Arc<Mutex<Tally>>,
}

/// Something the caller, or whoever watches Twilio's side of the call, can notice.
#[derive(Debug, Clone, PartialEq)]
pub struct LineEvent {
    /// When, since the call was placed.
    pub at: Duration,
    /// What.
    pub what: Happening,
}

/// What can be noticed.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// A media stream started: from here on the caller can speak and hear.
    StreamStarted {
        /// Its id.
        stream_sid: String,
    },
    /// This µ-law audio just reached the caller's ear; its last byte at [`LineEvent::at`]. Nothing is told of silence in
    /// between.
    Heard(Vec<u8>),
    /// The first frame of what the caller says went out.
    Saying,
    /// The last frame of it went out.
    Said,
    /// A mark was reached and echoed.
    Mark {
        /// Its name.
        name: String,
        /// It was echoed because of a clear, not because the audio before it was heard.
        cleared: bool,
    },
    /// The other side dropped what it had sent.
    Cleared {
        /// How much of it was never heard.
        dropped: Duration,
        /// The last mark that was reached since the clear before, and how much was heard behind it.
        past: Option<(String, Duration)>,
    },
    /// The WebSocket is gone.
    Closed {
        /// The other side closed it properly, with this code; `None` when it closed without one, or not properly.
        code: Option<u16>,
        /// The other side closed it, and not the network.
        properly: bool,
    },
    /// A verb other than `<Connect>` is carried out.
    Verb(Verb),
    /// Somebody who was dialled answered, and hears this before they hear the caller.
    Whispered(Verb),
    /// Twilio's debugger would show this.
    Warned(Warning),
    /// The call is over. Always the last event.
    Ended(Ending),
}

/// An entry of Twilio's debugger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The number in Twilio's dictionary of errors (twilio.com/docs/api/errors).
    pub code: u16,
    /// What happened, in our words.
    pub text: String,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The caller hung up.
    CallerHungUp,
    /// The TwiML had no more verbs, or said `<Hangup>`.
    Completed,
    /// The TwiML said `<Reject>`.
    Rejected {
        /// The caller heard the busy tone.
        busy: bool,
    },
    /// The gateway gave no usable TwiML, and there was no fallback: a caller hears "an application error has occurred".
    Failed(Warning),
}

/// What the caller does.
#[derive(Debug)]
pub(super) enum Order {
    Say(Vec<u8>),
    Hush,
    Press(char),
    HangUp,
    LoseFrames(u32),
    Text(String),
    Binary(Vec<u8>),
    DropSocket,
}

/// The call's end of a [`Line`].
pub(super) struct Wire {
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) reporter: Reporter,
    pub(super) ended: oneshot::Sender<LineEvent>,
}

/// Tells the line what happened.
pub(super) struct Reporter {
    placed: Instant,
    events: mpsc::Sender<LineEvent>,
    tally: Arc<Mutex<Tally>>,
}

impl Line {
    pub(super) fn new(call_sid: String) -> (Self, Wire) {
        let (orders, orders_out) = mpsc::channel(ORDERS_MAX);
        let (events_in, events) = mpsc::channel(EVENTS_MAX);
        let (ended_in, ended) = oneshot::channel();
        let tally = Arc::new(Mutex::new(Tally::default()));
        let placed = Instant::now();
        let reporter = Reporter { placed, events: events_in, tally: Arc::clone(&tally) };
        let line = Self { call_sid, placed, orders, events, ended: Some(ended), tally };
        (line, Wire { orders: orders_out, reporter, ended: ended_in })
    }

    /// The call's id.
    pub fn call_sid(&self) -> &str {
        &self.call_sid
    }

    /// Says something: µ-law at 8 kHz, after all that was said before. Returns whether the order was taken; it is not
    /// when the call is over, or 64 orders wait already.
    pub fn say(&self, mulaw: &[u8]) -> bool {
        self.order(Order::Say(mulaw.to_vec()))
    }

    /// Falls silent: the rest of what is being said is not said.
    pub fn hush(&self) -> bool {
        self.order(Order::Hush)
    }

    /// Presses a key: `0`–`9`, `*`, `#`.
    pub fn press(&self, digit: char) -> bool {
        self.order(Order::Press(digit))
    }

    /// Hangs up: `stop` is sent and the socket closed.
    pub fn hang_up(&self) -> bool {
        self.order(Order::HangUp)
    }

    /// Loses the next frames of the caller's audio on the way: the stream's clock jumps.
    pub fn lose_frames(&self, frames: u32) -> bool {
        self.order(Order::LoseFrames(frames))
    }

    /// Sends a text message as it is, for instance one that makes no sense.
    pub fn send_text(&self, text: impl Into<String>) -> bool {
        self.order(Order::Text(text.into()))
    }

    /// Sends a binary message, which Twilio never does.
    pub fn send_binary(&self, bytes: Vec<u8>) -> bool {
        self.order(Order::Binary(bytes))
    }

    /// Drops the socket without a word, as when a network fails. Twilio then goes on with the next verb.
    pub fn drop_socket(&self) -> bool {
        self.order(Order::DropSocket)
    }

    /// The next thing that happens; `None` once [`Happening::Ended`] was told. Safe to give up and ask again.
    pub async fn next(&mut self) -> Option<LineEvent> {
        if let Some(event) = self.events.recv().await {
            return Some(event);
        }
        let ended = self.ended.as_mut()?.await.ok();
        self.ended = None;
        ended
    }

    /// The time since the call was placed, which is what [`LineEvent::at`] counts.
    pub fn now(&self) -> Duration {
        self.placed.elapsed()
    }

    /// The figures so far.
    pub fn tally(&self) -> Tally {
        self.tally.lock().expect("nothing panics while it holds the tally").clone()
    }

    fn order(&self, order: Order) -> bool {
        self.orders.try_send(order).is_ok()
    }
}

impl Reporter {
    /// The time since the call was placed.
    pub(super) fn now(&self) -> Duration {
        self.placed.elapsed()
    }

    /// A moment of this call on the runtime's clock.
    pub(super) fn instant(&self, at: Duration) -> Instant {
        self.placed + at
    }

    pub(super) fn tell(&self, what: Happening) {
        self.tell_at(self.now(), what);
    }

    pub(super) fn tell_at(&self, at: Duration, what: Happening) {
        if self.events.try_send(LineEvent { at, what }).is_err() {
            self.count(|tally| tally.events_lost += 1);
        }
    }

    pub(super) fn warn(&self, code: u16, text: impl Into<String>) {
        self.count(|tally| tally.warnings += 1);
        self.tell(Happening::Warned(Warning { code, text: text.into() }));
    }

    pub(super) fn count(&self, change: impl FnOnce(&mut Tally)) {
        change(&mut self.tally.lock().expect("nothing panics while it holds the tally"));
    }
}
