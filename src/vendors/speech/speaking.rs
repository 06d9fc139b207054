//! A text being spoken by one provider: piece by piece, with as many attempts as are worth it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine::audio::format::{Format, LINEAR16_RATE_HZ};
use engine::io::Fault;
use futures_util::StreamExt;
use tokio::time::{Instant, sleep, timeout_at};

use super::joined::Joined;
use super::riff::{Samples, Unwrapping};
use super::samples::Converter;
use super::voices::{Config, Desk, Order};
use super::{Body, Given, Refused, Wanted, retry, text};
use crate::vendors::Exchange;

pub(super) struct Speaking {
    desk: Arc<Desk>,
    config: Arc<Config>,
    order: Order,
    /// What is still to be asked for; the first is being spoken while there is an attempt.
    pieces: VecDeque<String>,
    attempt: Option<Attempt>,
    /// Where several files become one.
    joined: Option<Joined>,
    /// Repetitions for the first of the pieces.
    again: u32,
    /// Whether any audio was given out.
    has_begun: bool,
    /// Whether it is not known yet how the provider did.
    is_asking: bool,
    first_by: Instant,
    all_by: Instant,
}

/// A body on its way through.
struct Attempt {
    body: Body,
    unwrapping: Unwrapping,
    /// Where the provider cannot write the format.
    converter: Option<Converter>,
    /// What is held back until the piece is whole, where nothing is passed on before.
    held: Option<Vec<u8>>,
    asked_at: Instant,
    /// When its first audio is to be there.
    first_by: Instant,
    /// Whether no audio came yet.
    is_empty: bool,
    /// Whether some of it was given out.
    is_given_out: bool,
}

impl Drop for Speaking {
    fn drop(&mut self) {
        if self.is_asking {
            self.desk.breaker().abandoned(Instant::now());
        }
    }
}

impl Speaking {
    pub(super) fn new(desk: Arc<Desk>, config: Arc<Config>, order: Order, now: Instant) -> Self {
        let pieces: VecDeque<String> = if order.is_ssml {
            [order.text.clone()].into()
        } else {
            text::pieces(&text::speakable(&order.text), desk.provider.traits().limit).into()
        };
        let joined = if pieces.len() > 1 { Joined::new(order.format) } else { None };
        let (first_by, all_by) = (now + order.first_within, now + config.whole_within);
        let (again, has_begun, is_asking) = (0, false, false);
        Self { desk, config, order, pieces, attempt: None, joined, again, has_begun, is_asking, first_by, all_by }
    }

    /// The next audio; none at the end of the text.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        loop {
            if self.attempt.is_none() && self.pieces.is_empty() {
                return Ok(None);
            }
            match self.step().await {
                Ok(audio) if audio.is_empty() => {}
                Ok(audio) => {
                    self.has_begun = true;
                    return Ok(Some(audio));
                }
                Err(refused) => self.once_more(refused).await?,
            }
        }
    }

    /// Opens the next piece's body, or reads on in the open one.
    async fn step(&mut self) -> Result<Bytes, Refused> {
        let Some(attempt) = &mut self.attempt else {
            self.attempt = Some(self.open().await?);
            return Ok(Bytes::new());
        };
        let deadline = if attempt.is_empty { attempt.first_by } else { self.all_by };
        match timeout_at(deadline, attempt.body.next()).await {
            Err(_) if attempt.is_empty => {
                let (asked_at, first_by) = (attempt.asked_at, attempt.first_by);
                Err(self.late(asked_at, first_by).into())
            }
            Err(_) => Err(self.never_whole().into()),
            Ok(Some(piece)) => Ok(attempt.take(piece?).await?),
            Ok(None) => {
                let mut rest = attempt.rest(self.desk.provider.traits().called).await?;
                if let Some(joined) = &mut self.joined {
                    rest = joined.push(&rest, self.pieces.len() == 1)?;
                }
                self.attempt = None;
                self.pieces.pop_front();
                self.again = 0;
                self.is_asking = false;
                self.desk.breaker().succeeded();
                Ok(rest)
            }
        }
    }

    async fn open(&mut self) -> Result<Attempt, Refused> {
        let (traits, asked_at) = (self.desk.provider.traits(), Instant::now());
        if self.order.has_stand_in && !self.has_begun && !self.desk.breaker().admits(asked_at) {
            let fault = Fault::Retry(format!("{} failed too often and is left alone for a moment", traits.called));
            // Whatever is done meanwhile, it is not asked.
            return Err(Refused { retry_after: Some(Duration::MAX), ..Refused::of_this(fault) });
        }
        let first_by = self.deadline().min(asked_at + self.config.try_within);
        let mut attempt = self.attempt_at(asked_at, first_by)?;
        let Some(text) = self.pieces.front().cloned() else { unreachable!("a body is opened for a piece only") };
        let Order { voice, format, is_ssml, .. } = self.order.clone();
        let wanted = Wanted { voice, text, is_ssml, format, is_streamed: self.config.is_streaming };
        self.is_asking = true;
        (self.config.watch)(traits.name, Exchange::Asked { again: self.again > 0 });
        let answered = timeout_at(first_by, self.desk.provider.ask(wanted)).await;
        attempt.body = answered.map_err(|_| self.late(asked_at, first_by))??;
        (self.config.watch)(traits.name, Exchange::Answered { after: asked_at.elapsed() });
        Ok(attempt)
    }

    /// An attempt that has no body yet.
    fn attempt_at(&self, asked_at: Instant, first_by: Instant) -> Result<Attempt, Fault> {
        let format = self.order.format;
        let (unwrapping, converter) = match (self.desk.provider.given(format), format) {
            (Given::AsAsked, Format::Mulaw) => (Unwrapping::new(Samples::MULAW), None),
            (Given::AsAsked, Format::Linear16) => (Unwrapping::new(Samples::linear(LINEAR16_RATE_HZ)), None),
            (Given::AsAsked, Format::Mp3 | Format::OggOpus) => (Unwrapping::Audio, None),
            (Given::Samples { rate_hz }, _) => {
                (Unwrapping::new(Samples::linear(rate_hz)), Some(Converter::new(rate_hz, format)?))
            }
        };
        Ok(Attempt {
            body: futures_util::stream::empty().boxed(),
            unwrapping,
            converter,
            held: (!self.config.is_streaming || self.joined.is_some()).then(Vec::new),
            asked_at,
            first_by,
            is_empty: true,
            is_given_out: false,
        })
    }

    /// Waits for the next attempt at the same piece, if there is to be one. What was given out would be heard twice.
    async fn once_more(&mut self, refused: Refused) -> Result<(), Fault> {
        let is_given_out = self.attempt.take().is_some_and(|attempt| attempt.is_given_out);
        let (now, called) = (Instant::now(), self.desk.provider.traits().called);
        self.is_asking = false;
        if refused.is_of_all && self.desk.breaker().failed(now) {
            tracing::warn!(provider = called, "it failed again and again; whoever has a stand-in goes there");
        }
        self.again += 1;
        let left = self.deadline().saturating_duration_since(now);
        let pause = retry::pause(&refused, self.again, self.config.retries_max, left, rand::random());
        match pause.filter(|_| !is_given_out) {
            Some(pause) => {
                tracing::debug!(fault = ?refused.fault, ?pause, "text-to-speech is asked again");
                sleep(pause).await;
                Ok(())
            }
            None => Err(refused.fault),
        }
    }

    /// When the asker's patience ends: before the first audio, and after it.
    fn deadline(&self) -> Instant {
        if self.has_begun { self.all_by } else { self.first_by.min(self.all_by) }
    }

    fn late(&self, asked_at: Instant, first_by: Instant) -> Fault {
        let (called, within) = (self.desk.provider.traits().called, first_by - asked_at);
        Fault::Retry(format!("{called} sent no speech within {} ms", within.as_millis()))
    }

    fn never_whole(&self) -> Fault {
        let (called, within) = (self.desk.provider.traits().called, self.config.whole_within);
        Fault::Retry(format!("{called}'s speech was not whole within {} ms", within.as_millis()))
    }
}

impl Attempt {
    /// Takes what came, and gives what can be passed on.
    async fn take(&mut self, piece: Bytes) -> Result<Bytes, Fault> {
        let audio = self.unwrapping.push(piece)?;
        self.is_empty &= audio.is_empty();
        let audio = self.converted(Some(audio)).await?;
        let Some(held) = &mut self.held else {
            self.is_given_out |= !audio.is_empty();
            return Ok(audio);
        };
        held.extend_from_slice(&audio);
        Ok(Bytes::new())
    }

    /// What is left when the body is over.
    async fn rest(&mut self, called: &str) -> Result<Bytes, Fault> {
        if self.is_empty || !self.unwrapping.is_audio() {
            return Err(Fault::Retry(format!("{called} said that it spoke and sent no audio")));
        }
        let rest = self.converted(None).await?;
        Ok(match self.held.take() {
            None => rest,
            Some(mut held) => {
                held.extend_from_slice(&rest);
                held.into()
            }
        })
    }

    /// In the format that was asked for; with nothing, the end of it.
    async fn converted(&mut self, audio: Option<Bytes>) -> Result<Bytes, Fault> {
        let Some(converter) = self.converter.take() else { return Ok(audio.unwrap_or_default()) };
        let (converter, ready) = converter.run(audio).await?;
        self.converter = Some(converter);
        Ok(ready)
    }
}
