//! A browser over our server's WebSocket: a visitor of a web page in place of a telephone (`docs/browser-voice.md`).
//!
//! ```text
//!  page ── hello ──► Knock ── let_in(welcome) ──► Leg ── frames, marks, text, keys ──► call
//!                      └───── refuse(why)           ◄── frames, marks, clear, notes ──
//! ```
//!
//! Inside, all is as on the telephone: frames of µ-law, marks that come back when they were played. So whatever holds for
//! a call holds here, its record included. What is a page's own, words and what the assistant is doing, goes beside the
//! audio through [`Page`].

mod audio;
mod flood;
mod messages;
mod page;
mod refusal;

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use engine::audio::frame::{FRAME_MS, LegEvent, LegOrder};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep, timeout};

use audio::{Ear, Mouth, Unusable};
use flood::Flood;
use messages::{CLEAR, MarkOrder, Said, read_hello};
pub use messages::{Carried, Codec, Hello, Note, TYPED_CHARS_MAX, VERSION, Wanted, Welcome};
pub use page::Page;
pub use refusal::Refused;

/// How long a socket may stay open without a hello.
const HELLO_WITHIN: Duration = Duration::from_secs(5);

/// How long a page has to take its welcome.
const WELCOME_WITHIN: Duration = Duration::from_secs(3);

/// The longest that anything can be measured by a page and be believed.
const MEASURED_MS_MAX: f64 = 10_000.0;

/// A page that said hello, and waits to be let in.
pub struct Knock<S = WebSocket> {
    socket: S,
    /// What it said.
    pub hello: Hello,
}

/// What a session is carried with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Samples a second, both ways.
    pub rate_hz: NonZeroU32,
    /// Bits a second of Opus.
    pub bitrate: u32,
    /// After so long without a message the page counts as lost.
    pub idle: Duration,
}

/// Waits for a page's hello. One that says something else, or nothing, is told so, and is gone.
///
/// # Errors
/// Why it is not listened to.
pub async fn listen<S>(mut socket: S, terms: Terms) -> Result<Knock<S>, Refused>
where
    S: Stream<Item = Result<Message, axum::Error>> + Sink<Message> + Unpin,
{
    let heard = timeout(HELLO_WITHIN, await_hello(&mut socket)).await;
    let late = || Err(Refused::NotUnderstood(format!("no hello came within {} seconds", HELLO_WITHIN.as_secs())));
    match heard.unwrap_or_else(|_| late()).and_then(|hello| usable(hello, terms)) {
        Ok(hello) => Ok(Knock { socket, hello }),
        Err(refused) => {
            refused.tell(&mut socket).await;
            Err(refused)
        }
    }
}

async fn await_hello<S>(socket: &mut S) -> Result<Hello, Refused>
where
    S: Stream<Item = Result<Message, axum::Error>> + Unpin,
{
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return read_hello(&text).map_err(Refused::NotUnderstood),
            Some(Ok(Message::Binary(_))) => {
                return Err(Refused::NotUnderstood("audio came before the hello".to_owned()));
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Close(_)) | Err(_)) | None => {
                return Err(Refused::NotUnderstood("the page went away without a hello".to_owned()));
            }
        }
    }
}

fn usable(hello: Hello, terms: Terms) -> Result<Hello, Refused> {
    if hello.version != VERSION {
        let why = format!("it speaks version {}, this server version {VERSION}", hello.version);
        return Err(Refused::NotUnderstood(why));
    }
    if hello.audio.rate_hz != terms.rate_hz.get() {
        let why = format!("it has {} samples a second and must have {}", hello.audio.rate_hz, terms.rate_hz);
        return Err(Refused::Audio(why));
    }
    Ok(hello)
}

impl<S> Knock<S>
where
    S: Stream<Item = Result<Message, axum::Error>> + Sink<Message> + Unpin,
{
    /// Tells the page why it is not let in.
    pub async fn refuse(mut self, why: &Refused) {
        why.tell(&mut self.socket).await;
    }

    /// Lets the page in: it is welcomed, and what the call has to show goes to it from now on.
    ///
    /// # Errors
    /// When it went away meanwhile.
    pub async fn let_in(mut self, welcome: &Welcome, terms: Terms, page: &Page) -> Result<Leg<S>, Refused> {
        let text = serde_json::to_string(welcome).expect("a plain struct is written as JSON");
        let told = timeout(WELCOME_WITHIN, self.socket.send(Message::text(text))).await;
        if !matches!(told, Ok(Ok(()))) {
            return Err(Refused::Silent);
        }
        let Wanted { up, down, .. } = self.hello.audio;
        Ok(Leg {
            socket: self.socket,
            ear: Ear::new(up, terms.rate_hz),
            mouth: Mouth::new(down, terms.rate_hz, terms.bitrate),
            notes: page.attach(),
            note: None,
            heard: VecDeque::new(),
            flood: Flood::new(Instant::now()),
            idle: terms.idle,
            last_message: Instant::now(),
            alarm: Box::pin(tokio::time::sleep(terms.idle)),
            resumes: welcome.resumed,
            goodbye: Some(refusal::over()),
            over: false,
        })
    }
}

/// One page's socket. Its events end after [`LegEvent::Stopped`] or [`LegEvent::Lost`], or with our own close.
pub struct Leg<S = WebSocket> {
    socket: S,
    ear: Ear,
    mouth: Mouth,
    notes: mpsc::Receiver<Note>,
    /// A message for the page that its socket had no room for yet.
    note: Option<Message>,
    /// Events of the last message that were not given yet.
    heard: VecDeque<LegEvent>,
    flood: Flood,
    idle: Duration,
    last_message: Instant,
    /// Rings when nothing may have come for too long.
    alarm: Pin<Box<Sleep>>,
    /// The session was there before this socket.
    resumes: bool,
    /// What our close says, until it is said.
    goodbye: Option<Message>,
    over: bool,
}

impl<S> Leg<S> {
    /// Whether the session was there before this socket.
    pub fn resumes(&self) -> bool {
        self.resumes
    }

    fn read(&mut self, message: Message) {
        match message {
            Message::Binary(audio) => self.hear(&audio),
            Message::Text(text) => self.read_text(&text),
            Message::Ping(_) | Message::Pong(_) => {}
            Message::Close(frame) => {
                let code = frame.map_or(1_005, |frame| frame.code);
                self.end(LegEvent::Lost(format!("the page's socket closed, code {code}")));
            }
        }
    }

    fn hear(&mut self, audio: &[u8]) {
        let heard = &mut self.heard;
        let frames = self.ear.hear(audio, |sequence, frame| {
            heard.push_back(LegEvent::Frame { stream_ms: u64::from(sequence) * FRAME_MS, frame });
        });
        match frames {
            Ok(()) | Err(Unusable::Late) => {}
            Err(Unusable::Header) => self.heard.push_back(LegEvent::Malformed("audio_header")),
            Err(Unusable::Payload) => self.heard.push_back(LegEvent::Malformed("audio")),
        }
    }

    fn read_text(&mut self, text: &Utf8Bytes) {
        let event = match serde_json::from_str::<Said>(text) {
            Ok(Said::Mark { name }) => name.parse().map_or(LegEvent::Malformed("mark"), LegEvent::Mark),
            Ok(Said::Text { text }) if (1..=TYPED_CHARS_MAX).contains(&text.chars().count()) => {
                LegEvent::Typed(text.into_owned())
            }
            Ok(Said::Text { .. }) => LegEvent::Malformed("text"),
            Ok(Said::Key { key }) => match key.chars().next().filter(|key| matches!(key, '0'..='9' | '*' | '#')) {
                Some(pressed) if key.len() == 1 => LegEvent::Key(pressed),
                _ => LegEvent::Malformed("key"),
            },
            Ok(Said::Mic { state }) => LegEvent::Noted("microphone", state.name().to_owned()),
            Ok(Said::Measured { what, ms }) if what == "barge_in" && (0.0..MEASURED_MS_MAX).contains(&ms) => {
                LegEvent::Noted("barge_in", format!("{ms:.0} ms"))
            }
            Ok(Said::Measured { .. }) => LegEvent::Malformed("measured"),
            Ok(Said::Bye) => return self.end(LegEvent::Stopped),
            Err(_) => LegEvent::Malformed("message"),
        };
        self.heard.push_back(event);
    }

    fn end(&mut self, event: LegEvent) {
        self.over = true;
        self.heard.push_back(event);
    }
}

impl<S: Sink<Message> + Unpin> Leg<S> {
    /// The page is lost for a reason that it is told.
    fn lose(&mut self, why: &Refused, cx: &mut Context<'_>) {
        self.end(LegEvent::Lost(why.to_string()));
        self.goodbye = Some(why.message());
        self.say_goodbye(cx);
    }

    /// Tells the page, if it still listens: nobody waits for it.
    fn say_goodbye(&mut self, cx: &mut Context<'_>) {
        if let Some(goodbye) = self.goodbye.take()
            && let Poll::Ready(Ok(())) = self.socket.poll_ready_unpin(cx)
            && self.socket.start_send_unpin(goodbye).is_ok()
        {
            let _ = self.socket.poll_flush_unpin(cx);
        }
    }

    /// Ends a socket whose session another one has.
    pub async fn hand_over(mut self) {
        Refused::TakenOver.tell(&mut self.socket).await;
    }

    /// Sends what the call shows, as far as there is room for it.
    fn send_notes(&mut self, cx: &mut Context<'_>) {
        let mut sent = false;
        while let Some(message) = self.note.take().or_else(|| self.next_note(cx)) {
            match self.socket.poll_ready_unpin(cx) {
                // A socket that is broken says so to whoever reads it.
                Poll::Ready(Err(_)) => return,
                Poll::Ready(Ok(())) => sent |= self.socket.start_send_unpin(message).is_ok(),
                Poll::Pending => {
                    self.note = Some(message);
                    break;
                }
            }
        }
        if sent {
            let _ = self.socket.poll_flush_unpin(cx);
        }
    }

    fn next_note(&mut self, cx: &mut Context<'_>) -> Option<Message> {
        match self.notes.poll_recv(cx) {
            Poll::Ready(Some(note)) => {
                Some(Message::text(serde_json::to_string(&note).expect("a plain enum is written as JSON")))
            }
            Poll::Ready(None) | Poll::Pending => None,
        }
    }
}

impl<S> Stream for Leg<S>
where
    S: Stream<Item = Result<Message, axum::Error>> + Sink<Message> + Unpin,
{
    type Item = LegEvent;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<LegEvent>> {
        let leg = self.get_mut();
        leg.send_notes(cx);
        loop {
            if let Some(event) = leg.heard.pop_front() {
                return Poll::Ready(Some(event));
            }
            if leg.over {
                return Poll::Ready(None);
            }
            match leg.socket.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(message))) => {
                    leg.last_message = Instant::now();
                    if leg.flood.is_too_much(leg.last_message) {
                        leg.lose(&Refused::TooMany("messages".to_owned()), cx);
                    } else {
                        leg.read(message);
                    }
                    if leg.over {
                        leg.say_goodbye(cx);
                    }
                }
                Poll::Ready(Some(Err(error))) => leg.end(LegEvent::Lost(error.to_string())),
                Poll::Ready(None) => leg.end(LegEvent::Lost("the page's socket ended".to_owned())),
                Poll::Pending => match leg.alarm.as_mut().poll_idle(leg.last_message + leg.idle, cx) {
                    Poll::Ready(()) => leg.lose(&Refused::Silent, cx),
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
    }
}

/// An alarm that is only moved when it rings.
trait Idle {
    fn poll_idle(self, due: Instant, cx: &mut Context<'_>) -> Poll<()>;
}

impl Idle for Pin<&mut Sleep> {
    fn poll_idle(mut self, due: Instant, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match std::future::Future::poll(self.as_mut(), cx) {
                Poll::Ready(()) if due <= Instant::now() => return Poll::Ready(()),
                Poll::Ready(()) => self.as_mut().reset(due),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<S: Sink<Message> + Unpin> Sink<LegOrder> for Leg<S> {
    type Error = S::Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.get_mut().socket.poll_ready_unpin(cx)
    }

    fn start_send(self: Pin<&mut Self>, order: LegOrder) -> Result<(), S::Error> {
        let leg = self.get_mut();
        let message = match order {
            LegOrder::Frame(frame) => Message::Binary(leg.mouth.say(&frame)),
            LegOrder::Mark(name) => {
                Message::text(serde_json::to_string(&MarkOrder { name }).expect("a mark is written as JSON"))
            }
            LegOrder::Clear => {
                leg.mouth.clear();
                Message::Text(Utf8Bytes::from_static(CLEAR))
            }
        };
        leg.socket.start_send_unpin(message)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.get_mut().socket.poll_flush_unpin(cx)
    }

    /// The last notes go before the goodbye; what the page has not taken by then it never will.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        let leg = self.get_mut();
        leg.send_notes(cx);
        if leg.goodbye.is_some() {
            ready!(leg.socket.poll_ready_unpin(cx))?;
            if let Some(goodbye) = leg.goodbye.take() {
                leg.socket.start_send_unpin(goodbye)?;
            }
        }
        leg.socket.poll_close_unpin(cx)
    }
}

#[cfg(test)]
mod tests;
