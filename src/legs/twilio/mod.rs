//! Twilio Media Streams over our server's WebSocket: the messages of `<Connect><Stream>`, both ways.
//!
//! [`open`] waits for the stream's start and gives a [`Leg`], which is a stream of events and a sink of orders. The
//! driver owns it; the leg queues nothing but what the socket itself holds.

mod cutter;
mod inbound;
mod outbound;

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use engine::audio::frame::{LegEvent, LegOrder};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::time::timeout;

pub use inbound::Start;
use inbound::{Inbound, Opening, read_opening};
use outbound::Outbound;

/// How long a socket may stay open without a start. Twilio sends it at once, so this is for those who are not Twilio.
const START_WITHIN: Duration = Duration::from_secs(5);

/// Messages that are forgiven before the start; `connected` is one.
const BEFORE_START_MAX: usize = 16;

/// How long a refused peer has to take our goodbye.
const REFUSAL_WITHIN: Duration = Duration::from_secs(1);

/// Why a socket did not become a leg.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Nothing that starts a stream came in time.
    #[error("no start message within {START_WITHIN:?}; a media stream says connected and start as soon as it is open")]
    Late,
    /// The peer went away.
    #[error("the socket ended before the stream started: {0}")]
    Gone(String),
    /// The peer speaks, but not this protocol.
    #[error("{BEFORE_START_MAX} messages and no start among them; is this a Twilio media stream?")]
    NoStart,
    /// There was a start, but nothing can be done with it.
    #[error("the stream's start cannot be used: {0}")]
    Unusable(String),
}

/// Waits for the stream's start.
///
/// Whatever comes before it is forgiven up to a bound. A peer that is refused is told so by a close with code 1008
/// (policy violation, RFC 6455 section 7.4.1).
pub async fn open<S>(mut socket: S) -> Result<(Start, Leg<S>), Refused>
where
    S: Stream<Item = Result<Message, axum::Error>> + Sink<Message> + Unpin,
{
    match timeout(START_WITHIN, await_start(&mut socket)).await.unwrap_or(Err(Refused::Late)) {
        Ok(start) => {
            let leg = Leg::new(socket, &start.stream_sid);
            Ok((start, leg))
        }
        Err(refused) => {
            send_refusal(&mut socket, "no media stream").await;
            Err(refused)
        }
    }
}

async fn await_start<S>(socket: &mut S) -> Result<Start, Refused>
where
    S: Stream<Item = Result<Message, axum::Error>> + Unpin,
{
    for _ in 0..BEFORE_START_MAX {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => match read_opening(&text) {
                Opening::Start(start) => return Ok(start),
                Opening::Unusable(why) => return Err(Refused::Unusable(why)),
                Opening::NotYet => {}
            },
            Some(Ok(Message::Close(frame))) => return Err(Refused::Gone(goodbye(frame.as_ref()))),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(Refused::Gone(error.to_string())),
            None => return Err(Refused::Gone("closed without a word".to_owned())),
        }
    }
    Err(Refused::NoStart)
}

/// Reads the messages of a whole stream, one a line, as its leg would: what it started with, if it did, and all that it
/// tells after that, to the frame that its end leaves half full.
pub fn read_log(messages: &str) -> (Option<Start>, Vec<LegEvent>) {
    let mut lines = messages.lines();
    let start = lines.by_ref().find_map(|line| match read_opening(line) {
        Opening::Start(start) => Some(start),
        Opening::NotYet | Opening::Unusable(_) => None,
    });
    let mut inbound = Inbound::new(start.as_ref().map_or("", |start| &start.stream_sid));
    let mut events = Vec::new();
    for line in lines {
        inbound.read(line);
        events.extend(std::iter::from_fn(|| inbound.next()));
    }
    inbound.end(None);
    events.extend(std::iter::from_fn(|| inbound.next()));
    (start, events)
}

/// One media stream. Its events end after [`LegEvent::Stopped`] or [`LegEvent::Lost`], or with our own close.
#[derive(Debug)]
pub struct Leg<S = WebSocket> {
    socket: S,
    inbound: Inbound,
    outbound: Outbound,
    /// The last event is on its way or gone: the socket is not read any more.
    over: bool,
    /// We closed; the peer's going is no loss.
    closing: bool,
}

impl<S> Leg<S> {
    fn new(socket: S, stream_sid: &str) -> Self {
        let (inbound, outbound) = (Inbound::new(stream_sid), Outbound::new(stream_sid));
        Self { socket, inbound, outbound, over: false, closing: false }
    }

    fn lose(&mut self, why: String) {
        self.over = true;
        self.inbound.end((!self.closing).then_some(LegEvent::Lost(why)));
    }
}

impl<S: Sink<Message> + Unpin> Leg<S> {
    /// Ends a stream that has no business here, with a word to the peer's log.
    pub async fn refuse(mut self, reason: &'static str) {
        send_refusal(&mut self.socket, reason).await;
    }
}

impl<S> Stream for Leg<S>
where
    S: Stream<Item = Result<Message, axum::Error>> + Unpin,
{
    type Item = LegEvent;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<LegEvent>> {
        let leg = self.get_mut();
        loop {
            if let Some(event) = leg.inbound.next() {
                leg.over |= event == LegEvent::Stopped;
                return Poll::Ready(Some(event));
            }
            if leg.over {
                return Poll::Ready(None);
            }
            match ready!(leg.socket.poll_next_unpin(cx)) {
                Some(Ok(Message::Text(text))) => leg.inbound.read(&text),
                Some(Ok(Message::Binary(_))) => return Poll::Ready(Some(LegEvent::Malformed("binary"))),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(frame))) => leg.lose(goodbye(frame.as_ref())),
                Some(Err(error)) => leg.lose(error.to_string()),
                None => leg.lose("closed without a stop".to_owned()),
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
        let message = leg.outbound.write(&order);
        leg.socket.start_send_unpin(Message::Text(message))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.get_mut().socket.poll_flush_unpin(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        let leg = self.get_mut();
        leg.closing = true;
        leg.socket.poll_close_unpin(cx)
    }
}

async fn send_refusal<S: Sink<Message> + Unpin>(socket: &mut S, reason: &'static str) {
    let close = Message::Close(Some(CloseFrame { code: close_code::POLICY, reason: reason.into() }));
    // A peer that does not listen is dropped with the socket.
    let _ = timeout(REFUSAL_WITHIN, socket.send(close)).await;
}

fn goodbye(frame: Option<&CloseFrame>) -> String {
    frame.map_or_else(
        || "closed without a stop".to_owned(),
        |frame| format!("closed without a stop, code {} {:?}", frame.code, frame.reason.as_str()),
    )
}

#[cfg(test)]
mod tests;
