//! `WS /v1/speak`: text in, raw audio out, with `Flush` to have everything said and `Clear` to have nothing more said
//! (developers.deepgram.com/docs/tts-websocket, /docs/tts-ws-flush, /docs/tts-ws-clear).

use std::collections::VecDeque;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until, timeout};

use crate::deepgram::Deepgram;
use crate::deepgram::opening::{Opened, Opening};
use crate::deepgram::speak::MODEL_UUID;
use crate::deepgram::speak::options::Options;
use crate::deepgram::speak::text::Text;
use crate::speech::body::bytes_per_second;
use crate::speech::format;

/// Characters of one `Speak`.
const SPEAK_MAX: usize = 2_000;
/// Characters within [`WINDOW`].
const CHARACTERS_MAX: usize = 2_400;
/// Flushes within [`WINDOW`]; more are ignored with a warning.
const FLUSHES_MAX: usize = 20;
/// What the two limits above count in.
const WINDOW: Duration = Duration::from_secs(60);

/// Bytes of one binary message; odd, so that samples of two bytes are cut.
const CHUNK: usize = 1_601;

/// A client that does not read for this long is given up.
const SEND_MAX: Duration = Duration::from_secs(10);

/// How long the client's own close frame is waited for.
const GOODBYE_MAX: Duration = Duration::from_secs(2);

/// The handler of `GET /v1/speak`.
pub(in crate::deepgram) async fn open(opening: Opening) -> Response {
    opening.answer(Deepgram::admit_speech, Options::of_socket, |opened| async move {
        let Opened { deepgram, request_id, options, socket } = opened;
        Speaker::new(socket, options, deepgram).run(request_id).await;
    })
}

/// What is to be sent, in order.
enum Job {
    Say(String),
    Flushed,
    Close(u16, &'static str),
}

struct Speaker {
    socket: WebSocket,
    options: Options,
    deepgram: Deepgram,
    text: Text,
    jobs: VecDeque<Job>,
    audio: Bytes,
    /// When the audio at hand began, and how much of it was sent.
    begun: Instant,
    sent: usize,
    sent_in_all: usize,
    sequence: u64,
    flushes: VecDeque<(Instant, usize)>,
    characters: VecDeque<(Instant, usize)>,
}

/// The client has gone, or is sent away without a word.
struct Gone;

impl Speaker {
    fn new(socket: WebSocket, options: Options, deepgram: Deepgram) -> Self {
        Self {
            socket,
            options,
            deepgram,
            text: Text::default(),
            jobs: VecDeque::new(),
            audio: Bytes::new(),
            begun: Instant::now(),
            sent: 0,
            sent_in_all: 0,
            sequence: 0,
            flushes: VecDeque::new(),
            characters: VecDeque::new(),
        }
    }

    async fn run(mut self, request_id: String) {
        let hello = json!({
            "type": "Metadata",
            "request_id": request_id,
            "model_name": self.options.model,
            "model_version": "2026-01-01.0",
            "model_uuid": MODEL_UUID,
        });
        let mut standing = self.send(Message::Text(hello.to_string().into())).await;
        while standing.is_ok() {
            standing = self.step().await;
        }
    }

    /// Waits for one thing: a message of the client, or the time for the next audio.
    async fn step(&mut self) -> Result<(), Gone> {
        let stalled = self.deepgram.settings().faults.stall_speak;
        let due = self.due();
        tokio::select! {
            biased;
            message = self.socket.recv() => match message {
                Some(Ok(message)) => self.take(message).await,
                _ => Err(Gone),
            },
            () = sleep_until(due), if !stalled && self.sent < self.audio.len() => self.send_audio().await,
            () = std::future::ready(()), if !stalled && self.sent >= self.audio.len() && !self.jobs.is_empty() => {
                self.next_job().await
            }
        }
    }

    async fn take(&mut self, message: Message) -> Result<(), Gone> {
        match message {
            Message::Text(text) => {
                let message: Value = serde_json::from_str(&text).unwrap_or_default();
                match (message["type"].as_str(), message["text"].as_str()) {
                    (Some("Speak"), Some(text)) => self.speak(text),
                    (Some("Flush"), _) => return self.flush().await,
                    (Some("Clear"), _) => return self.clear().await,
                    (Some("Close"), _) => {
                        self.say_rest();
                        self.jobs.push_back(Job::Close(1000, ""));
                    }
                    _ => return self.close(1008, "DATA-0000").await,
                }
                Ok(())
            }
            Message::Binary(_) => self.close(1003, "MESSAGE-0000").await,
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => Err(Gone),
        }
    }

    fn speak(&mut self, text: &str) {
        let count = text.chars().count();
        if count > SPEAK_MAX {
            self.jobs.push_front(Job::Close(1009, "BIG-0001"));
        } else if within(&mut self.characters, count) > CHARACTERS_MAX {
            self.jobs.push_front(Job::Close(1008, "DATA-0001"));
        }
        self.text.push(text);
        while let Some(sentence) = self.text.sentence() {
            self.jobs.push_back(Job::Say(sentence));
        }
    }

    fn say_rest(&mut self) {
        if let Some(rest) = self.text.rest() {
            self.jobs.push_back(Job::Say(rest));
        }
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        if within(&mut self.flushes, 1) > FLUSHES_MAX {
            let description = "Too many Flush messages; this one is ignored.";
            let warning = json!({ "type": "Warning", "code": "FLUSH_LIMIT", "description": description });
            return self.send(Message::Text(warning.to_string().into())).await;
        }
        self.say_rest();
        self.jobs.push_back(Job::Flushed);
        Ok(())
    }

    async fn clear(&mut self) -> Result<(), Gone> {
        self.text.clear();
        self.jobs.clear();
        self.audio = Bytes::new();
        self.sent = 0;
        self.mark("Cleared").await
    }

    async fn next_job(&mut self) -> Result<(), Gone> {
        match self.jobs.pop_front() {
            Some(Job::Say(text)) => {
                let _open = self.deepgram.speech_opened(text.chars().count());
                let speech = self.deepgram.voice().speak(&text).await;
                self.audio = format::encode(&speech.audio, self.options.format).into();
                self.sent = 0;
                self.begun = Instant::now() + self.deepgram.settings().speak_first_byte;
                Ok(())
            }
            Some(Job::Flushed) => self.mark("Flushed").await,
            Some(Job::Close(code, reason)) => self.close(code, reason).await,
            None => Ok(()),
        }
    }

    /// When the next audio is sent.
    fn due(&self) -> Instant {
        match self.deepgram.settings().speak_rate {
            Some(rate) if rate > 0.0 => {
                let played = self.sent as f64 / f64::from(bytes_per_second(self.options.format));
                self.begun + Duration::from_secs_f64(played / rate)
            }
            _ => self.begun,
        }
    }

    async fn send_audio(&mut self) -> Result<(), Gone> {
        let end = self.audio.len().min(self.sent + CHUNK);
        let chunk = self.audio.slice(self.sent..end);
        self.sent_in_all += chunk.len();
        self.sent = end;
        let cut = self.deepgram.settings().faults.cut_speak_after;
        if cut.is_some_and(|cut| self.sent_in_all > cut) {
            return Err(Gone);
        }
        self.send(Message::Binary(chunk)).await
    }

    /// Says that everything was said, or that nothing more will be.
    async fn mark(&mut self, kind: &str) -> Result<(), Gone> {
        let mark = json!({ "type": kind, "sequence_id": self.sequence });
        self.sequence += 1;
        self.send(Message::Text(mark.to_string().into())).await
    }

    async fn close(&mut self, code: u16, reason: &'static str) -> Result<(), Gone> {
        self.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await?;
        // Dropping the socket over unread messages would reset it, and the client might never see the close.
        let _ = timeout(GOODBYE_MAX, async { while let Some(Ok(_)) = self.socket.recv().await {} }).await;
        Err(Gone)
    }

    async fn send(&mut self, message: Message) -> Result<(), Gone> {
        match timeout(SEND_MAX, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Gone),
        }
    }
}

/// Adds to what is counted, and gives the sum of the last [`WINDOW`].
fn within(counted: &mut VecDeque<(Instant, usize)>, more: usize) -> usize {
    let now = Instant::now();
    counted.push_back((now, more));
    while counted.front().is_some_and(|(at, _)| now - *at > WINDOW) {
        counted.pop_front();
    }
    counted.iter().map(|(_, count)| count).sum()
}
