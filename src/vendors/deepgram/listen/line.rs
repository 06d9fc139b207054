//! One connection, from the handshake to its end: audio out, words in, and the book-keeping of what is settled.

use std::time::Duration;

use bytes::Bytes;
use engine::audio::frame::{FRAME_LEN, FRAME_MS, SILENCE};
use engine::io::{Fault, Input};
use engine::time::CallTime;
use futures_util::{SinkExt, StreamExt};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::error::Error;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};

use super::address;
use super::dial::{Lost, Socket};
use super::heard::Heard;
use super::pace::{BURST_FRAMES, Pace};
use super::pulse::{Beat, Pulse};
use super::{Config, Facts, Flavor, Gone, Inbox, Outage, Over, flux, nova};
use crate::vendors::excerpt;

/// Audio sent again when a connection is lost while no words were pending: what Deepgram may have heard and not yet
/// said. Sending all silence again would only put us behind.
const LOOK_BACK_FRAMES: u64 = 100;

/// The same from the first voice on that nothing was said about, which is more when the vendor went silent: 1 s before
/// it, and 15 s at most, because on a noisy line everything may be a voice.
const VOICE_LEAD_FRAMES: u64 = 50;
const VOICE_FRAMES_MAX: u64 = 750;

/// Flux wants 80 ms at a time. Source: <https://developers.deepgram.com/docs/flux/configuration>, read 2026-11.
const FLUX_CHUNK_FRAMES: usize = 4;

/// How long a write may take. The kernel takes minutes of audio without a reader; longer than this it is broken.
const WRITE_MAX: Duration = Duration::from_secs(2);

/// How long we wait for the other side's close after CloseStream. Then the socket is dropped.
const CLOSE_MAX: Duration = Duration::from_secs(2);

/// The connection and all it works on.
pub(super) struct Line<'a> {
    config: &'a Config,
    inbox: &'a mut Inbox,
    facts: &'a mut Facts,
    outage: &'a mut Outage,
    socket: Socket,
    pace: Pace,
    pulse: Pulse,
    /// The number of the frame this connection's time begins with.
    origin: u64,
    /// Frames before this one are dealt with for good.
    settled: u64,
    /// Where the words begin that may still change.
    pending_from: Option<u64>,
    /// Where a voice may begin that nothing was said about yet.
    voice_from: Option<u64>,
    /// The vendor's last complaint: most likely why it closes.
    trouble: Option<String>,
}

impl<'a> Line<'a> {
    pub(super) fn new(
        config: &'a Config,
        inbox: &'a mut Inbox,
        facts: &'a mut Facts,
        outage: &'a mut Outage,
        socket: Socket,
    ) -> Self {
        let now = Instant::now();
        let pulse = Pulse::new(config, outage.deaf_after(config.stall), now);
        let origin = inbox.held.next();
        Self {
            config,
            inbox,
            facts,
            outage,
            socket,
            pace: Pace::new(now, config.catch_up),
            pulse,
            origin,
            settled: origin,
            pending_from: None,
            voice_from: None,
            trouble: None,
        }
    }

    /// Talks until the connection is lost or the call lets go. What is not settled will be sent again.
    pub(super) async fn run(mut self) -> Over {
        let over = match self.talk().await {
            Err(over) => over,
            Ok(never) => match never {},
        };
        match over {
            Over::Gone => self.close().await,
            Over::Lost(_) => self.inbox.held.rewind(self.needed_from()),
        }
        over
    }

    async fn talk(&mut self) -> Result<std::convert::Infallible, Over> {
        let mut armed = Instant::now() + WRITE_MAX;
        let mut alarm = std::pin::pin!(sleep_until(armed));
        loop {
            let due = self.work().await?;
            // Audio only ever moves the next duty back: the timer is not touched for each frame.
            if due < armed || alarm.is_elapsed() {
                armed = due;
                alarm.as_mut().reset(due);
            }
            tokio::select! {
                order = self.inbox.next() => order?,
                message = self.socket.next() => self.hear(message).await?,
                () = &mut alarm => {}
            }
        }
    }

    /// Sends what may be sent now and says when there will be more to do.
    async fn work(&mut self) -> Result<Instant, Over> {
        let now = Instant::now();
        let mut wrote = self.send_audio(now).await?;
        while let Some(beat) = self.pulse.beat(now) {
            match beat {
                Beat::KeepAlive => self.feed(Message::text(r#"{"type":"KeepAlive"}"#)).await?,
                Beat::Ping => self.feed(Message::Ping(Bytes::new())).await?,
                Beat::Silence => {
                    for _ in 0..FLUX_CHUNK_FRAMES {
                        self.inbox.held.push_next(&[SILENCE; FRAME_LEN]);
                    }
                    self.send_chunks(now).await?;
                }
                Beat::Dead => {
                    return Err(lost("Deepgram's stream is dead: nothing came back, not even to a ping".into()));
                }
                Beat::Deaf => {
                    self.outage.is_deaf();
                    return Err(lost(
                        "Deepgram's stream is deaf: a voice was sent and nothing was said about it".into(),
                    ));
                }
            }
            wrote = true;
        }
        if wrote {
            let flushed = timeout(WRITE_MAX, self.socket.flush()).await;
            flushed.map_err(|_| lost("Deepgram takes no more audio".into()))?.map_err(broken)?;
        }
        self.inbox.held.forget_before(self.needed_from());
        Ok(match self.sendable() {
            0 => self.pulse.due(),
            waiting => self.pulse.due().min(self.pace.ready_at(waiting.min(FLUX_CHUNK_FRAMES))),
        })
    }

    /// Sends the caller's audio, and after it the wish to have it finished.
    async fn send_audio(&mut self, now: Instant) -> Result<bool, Over> {
        let mut wrote = self.send_chunks(now).await? > 0;
        if std::mem::take(&mut self.inbox.revised) && matches!(self.config.flavor, Flavor::Flux { .. }) {
            self.feed(Message::text(address::configure(&self.inbox.keyterms))).await?;
            wrote = true;
        }
        if self.inbox.finish_at.is_some_and(|at| self.inbox.held.next() >= at) {
            self.inbox.finish_at = None;
            let finish = match self.config.flavor {
                Flavor::Nova => Some(r#"{"type":"Finalize"}"#),
                Flavor::Flux { force_end_turn: true, .. } => Some(r#"{"type":"ForceEndTurn"}"#),
                Flavor::Flux { .. } => None,
            };
            if let Some(finish) = finish {
                self.feed(Message::text(finish)).await?;
                wrote = true;
            }
        }
        Ok(wrote)
    }

    async fn send_chunks(&mut self, now: Instant) -> Result<usize, Over> {
        let mut sent = 0;
        loop {
            let frames = self.whole_chunks(self.sendable().min(self.pace.allowance(now)).min(BURST_FRAMES));
            // An empty binary message would end the stream.
            if frames == 0 {
                return Ok(sent);
            }
            let first = self.inbox.held.next();
            let mut audio = Vec::new();
            self.inbox.held.take(frames, &mut audio);
            self.pace.spend(now, frames);
            let voice = self.pulse.sent(now, &audio).map(|frame| first + frame);
            self.voice_from = self.voice_from.or(voice);
            self.feed(Message::Binary(Bytes::from(audio))).await?;
            sent += frames;
        }
    }

    fn sendable(&self) -> usize {
        self.whole_chunks(self.inbox.held.unsent())
    }

    fn whole_chunks(&self, frames: usize) -> usize {
        match self.config.flavor {
            Flavor::Nova => frames,
            Flavor::Flux { .. } => frames - frames % FLUX_CHUNK_FRAMES,
        }
    }

    async fn feed(&mut self, message: Message) -> Result<(), Over> {
        let fed = timeout(WRITE_MAX, self.socket.feed(message)).await;
        fed.map_err(|_| lost("Deepgram takes no more audio".into()))?.map_err(broken)
    }

    async fn hear(&mut self, message: Option<Result<Message, Error>>) -> Result<(), Over> {
        let message = message.ok_or_else(|| lost("Deepgram hung up without a close".into()))?.map_err(broken)?;
        self.pulse.sign(Instant::now());
        match message {
            Message::Text(text) => self.read(&text).await?,
            Message::Close(frame) => return Err(Over::Lost(self.closed(frame))),
            // Pongs are signs of life, pings are answered by the socket, and the protocol has no binary answers.
            Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_) => {}
        }
        Ok(())
    }

    async fn read(&mut self, text: &str) -> Result<(), Over> {
        let parsed = match self.config.flavor {
            Flavor::Nova => nova::parse(text),
            Flavor::Flux { .. } => flux::parse(text),
        };
        let heard = match parsed {
            Ok(heard) => heard,
            Err(error) => {
                tracing::debug!(%error, bytes = text.len(), "a message from speech-to-text makes no sense; skipped");
                return Ok(());
            }
        };
        // Never the words: no log has them.
        tracing::trace!(kind = heard.kind(), "speech-to-text");
        if let Heard::Trouble(text) = heard {
            let text = excerpt(&text, &self.config.key);
            tracing::warn!(text, "speech-to-text complains");
            self.trouble = Some(text);
            return Ok(());
        }
        self.pulse.message(Instant::now());
        self.outage.ends();
        self.outage.reports_early |= matches!(heard, Heard::Interim { .. });
        Ok(self.tell(heard).await?)
    }

    async fn tell(&mut self, heard: Heard) -> Result<(), Gone> {
        match heard {
            Heard::Interim { text, confidence, from_s } => {
                (self.pending_from, self.voice_from) = ((!text.is_empty()).then(|| self.frame(from_s)), None);
                self.facts.interim(text, confidence);
                Ok(())
            }
            Heard::Final { text, confidence, from_s, to_s, words_s, settled_s, ends_turn } => {
                (self.pending_from, self.voice_from) = (None, None);
                self.settled = self.settled.max(self.frame(settled_s));
                if text.is_empty() && !ends_turn {
                    // Words that were pending have been thought better of.
                    self.facts.interim(text, confidence);
                    return Ok(());
                }
                self.facts.words_pending = false;
                let (from_ms, to_ms) = (self.call_ms(from_s), self.call_ms(to_s));
                let to_ms = to_ms.max(from_ms);
                let moment = |seconds| CallTime::from_ms(self.call_ms(seconds));
                let words = words_s.into_iter().map(|(from_s, to_s)| (moment(from_s), moment(to_s))).collect();
                self.facts.tell(Input::Final { text, confidence, from_ms, to_ms, ends_turn, words }).await
            }
            Heard::UtteranceEnded => self.facts.tell(Input::UtteranceEnded).await,
            Heard::TurnLikelyOver { text } => self.facts.tell(Input::TurnLikelyOver { text }).await,
            Heard::TurnResumed => self.facts.tell(Input::TurnResumed).await,
            Heard::Unknown(kind) => {
                tracing::debug!(kind, "speech-to-text sent a message of a new kind; skipped");
                Ok(())
            }
            Heard::Trouble(_) | Heard::Aside => Ok(()),
        }
    }

    /// The first frame that would be missed if the connection were lost now.
    fn needed_from(&self) -> u64 {
        let next = self.inbox.held.next();
        let voice = self.voice_from.map(|from| from.saturating_sub(VOICE_LEAD_FRAMES));
        let voice = voice.map_or(next, |from| from.max(next.saturating_sub(VOICE_FRAMES_MAX)));
        let unsaid = voice.min(next.saturating_sub(LOOK_BACK_FRAMES));
        self.pending_from.unwrap_or(unsaid).min(unsaid).max(self.settled)
    }

    /// The frame at so many seconds of this connection's time.
    fn frame(&self, seconds: f64) -> u64 {
        self.origin.saturating_add(milliseconds(seconds) / FRAME_MS)
    }

    fn call_ms(&self, seconds: f64) -> u64 {
        self.inbox.held.at_ms(self.frame(seconds)).saturating_add(milliseconds(seconds) % FRAME_MS)
    }

    /// Source of the codes: Deepgram's page "STT troubleshooting: websocket data and net errors", read 2026-11.
    fn closed(&mut self, frame: Option<CloseFrame>) -> Lost {
        let (code, reason) = frame.map_or((1005, String::new()), |it| (u16::from(it.code), it.reason.to_string()));
        let reason = excerpt(&reason, &self.config.key);
        let because = self.trouble.take().map(|trouble| format!(" after \"{trouble}\"")).unwrap_or_default();
        Lost::of(match code {
            1008 if reason.contains("DATA-0000") => {
                Fault::OurMistake(format!("Deepgram cannot decode our audio ({code} {reason}){because}"))
            }
            _ => Fault::Retry(format!("Deepgram closed the stream ({code} {reason}){because}")),
        })
    }

    /// Says goodbye. What is still heard is nobody's business any more.
    async fn close(&mut self) {
        let goodbye = async {
            self.socket.send(Message::text(r#"{"type":"CloseStream"}"#)).await?;
            while let Some(message) = self.socket.next().await {
                message?;
            }
            Ok::<_, Error>(())
        };
        if !matches!(timeout(CLOSE_MAX, goodbye).await, Ok(Ok(()))) {
            tracing::debug!("speech-to-text did not close in time; dropped");
        }
    }
}

/// Out of range, negative and no number at all become the nearest sense.
fn milliseconds(seconds: f64) -> u64 {
    (seconds.clamp(0.0, 1e9) * 1_000.0).round() as u64
}

fn lost(text: String) -> Over {
    Over::Lost(Lost::of(Fault::Retry(text)))
}

fn broken(error: Error) -> Over {
    lost(format!("Deepgram's stream broke: {error}"))
}
