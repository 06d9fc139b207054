//! What both listening sockets have in common: audio and control messages in, messages out at their time, the idle
//! limit, and the ways a socket ends.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use engine::audio::frame::RATE_HZ;
use tokio::time::{Instant, sleep_until, timeout};

use crate::deepgram::Deepgram;
use crate::deepgram::format::Decoder;
use crate::deepgram::outbox::{Outbox, Outgoing};
use crate::deepgram::settings::Settings;

/// A client that does not read for this long is given up.
const SEND_MAX: Duration = Duration::from_secs(10);

/// How long the client's own close frame is waited for.
const GOODBYE_MAX: Duration = Duration::from_secs(2);

/// A listening session of either version.
pub(super) trait Listening: Send + 'static {
    /// Takes µ-law at 8 kHz, of any length.
    fn hear(&mut self, audio: &[u8], settings: &Settings, out: &mut Vec<Outgoing>);
    /// Takes a text message.
    fn control(&mut self, text: &str, out: &mut Vec<Outgoing>) -> After;
    /// Takes an empty audio message, which ends the stream.
    fn end(&mut self, out: &mut Vec<Outgoing>) -> After;
}

/// What follows a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum After {
    /// Nothing; and the message does not count as a sign of life.
    Nothing,
    /// The client is alive.
    Alive,
    /// Everything said so far is sent, and then the socket is closed.
    Close(u16, &'static str),
}

/// Serves a socket to its end. `greeting` is said first.
pub(super) async fn serve(
    socket: WebSocket,
    session: impl Listening,
    greeting: Vec<Outgoing>,
    decoder: Decoder,
    deepgram: Deepgram,
) {
    let now = Instant::now();
    let mut outbox = Outbox::default();
    outbox.put(now, greeting, &deepgram.settings());
    Line { socket, session, decoder, deepgram, outbox, heard: 0, last_sign: now }.run().await;
}

struct Line<S> {
    socket: WebSocket,
    session: S,
    decoder: Decoder,
    deepgram: Deepgram,
    outbox: Outbox,
    /// Samples at 8 kHz.
    heard: u64,
    last_sign: Instant,
}

/// How the line stands after one step.
enum Standing {
    Open,
    Closing(u16, &'static str),
    Gone,
}

impl<S: Listening> Line<S> {
    async fn run(mut self) {
        let mut closing = None;
        loop {
            if let (Some((code, reason)), None) = (closing, self.outbox.due()) {
                return self.close(code, reason).await;
            }
            let settings = self.deepgram.settings();
            let due = self.outbox.due();
            let standing = tokio::select! {
                () = sleep_until(due.unwrap_or(self.last_sign)), if due.is_some() => self.send_next().await,
                message = self.socket.recv(), if closing.is_none() => match message {
                    Some(Ok(message)) => self.take(message, &settings),
                    _ => Standing::Gone,
                },
                () = sleep_until(self.last_sign + settings.idle_after), if closing.is_none() => {
                    Standing::Closing(1011, "NET-0001")
                }
            };
            match standing {
                Standing::Open => {}
                Standing::Closing(code, reason) => closing = Some((code, reason)),
                Standing::Gone => return,
            }
        }
    }

    fn take(&mut self, message: Message, settings: &Settings) -> Standing {
        let mut out = Vec::new();
        let after = match message {
            Message::Binary(audio) if audio.is_empty() => self.session.end(&mut out),
            Message::Binary(audio) => {
                let audio = self.decoder.push(&audio);
                self.heard += audio.len() as u64;
                self.deepgram.count(|counts| counts.samples_heard += audio.len() as u64);
                self.session.hear(&audio, settings, &mut out);
                After::Alive
            }
            Message::Text(text) => self.session.control(&text, &mut out),
            Message::Ping(_) | Message::Pong(_) => After::Nothing,
            Message::Close(_) => return Standing::Gone,
        };
        let now = Instant::now();
        self.outbox.put(now, out, settings);
        // A stream that never had audio is not kept open by anything else.
        if after == After::Alive && self.heard > 0 {
            self.last_sign = now;
        }
        match after {
            After::Close(code, reason) => Standing::Closing(code, reason),
            _ => self.broken(settings),
        }
    }

    fn broken(&self, settings: &Settings) -> Standing {
        let heard = Duration::from_millis(self.heard * 1_000 / u64::from(RATE_HZ));
        let past = |limit: Option<Duration>| limit.is_some_and(|limit| heard >= limit);
        match &settings.faults {
            faults if past(faults.drop_listen_after) => Standing::Gone,
            faults if past(faults.close_listen_after) => Standing::Closing(1011, "NET-0000"),
            _ => Standing::Open,
        }
    }

    async fn send_next(&mut self) -> Standing {
        let Some(json) = self.outbox.take() else { return Standing::Open };
        match timeout(SEND_MAX, self.socket.send(Message::Text(json.into()))).await {
            Ok(Ok(())) => Standing::Open,
            _ => Standing::Gone,
        }
    }

    async fn close(mut self, code: u16, reason: &'static str) {
        let frame = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
        let goodbye = async {
            if self.socket.send(frame).await.is_ok() {
                while let Some(Ok(_)) = self.socket.recv().await {}
            }
        };
        // A client that does not answer the close loses the connection all the same.
        let _ = timeout(GOODBYE_MAX, goodbye).await;
    }
}
