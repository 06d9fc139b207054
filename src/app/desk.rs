//! What the web asks about calls, and whom it tells.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::WebSocket;
use engine::languages::Language;
use futures_util::future::BoxFuture;

use crate::app::{House, browser, call, clear};
use crate::recordings::Place;
use crate::store;
use crate::store::{Going, RecordingRow};
use crate::web::speech::{Audio, Heard, NotSaid, Order, Said};
use crate::web::talk::{Secret, Used, Visit, VoiceHealth};
use crate::web::tickets::Caller;
use crate::web::{Admit, Desk, Health, Kept, Next, NotPlayed, NotRemoved, Part, Recorded, StatusCallback};

/// How long a call that was put through may take to end with us; then its caller is answered all the same.
const LEFT_WITHIN: Duration = Duration::from_secs(5);

/// The desk in front of the house.
pub(super) struct FrontDesk {
    pub(super) house: Arc<House>,
}

impl Desk for FrontDesk {
    fn admit(&self) -> Admit {
        if self.house.calls.is_draining() {
            Admit::Draining
        } else if self.house.calls.count() >= self.house.max_calls {
            Admit::Busy
        } else {
            Admit::Welcome
        }
    }

    fn on_stream(&self, socket: WebSocket) -> BoxFuture<'static, ()> {
        Box::pin(call::take(Arc::clone(&self.house), socket))
    }

    fn on_page(&self, socket: WebSocket, visit: Visit) -> BoxFuture<'static, ()> {
        Box::pin(browser::take(Arc::clone(&self.house), socket, visit))
    }

    fn page_secret(&self, business: &str) -> BoxFuture<'_, Option<Secret>> {
        let business = business.to_owned();
        Box::pin(async move { self.house.page_secret(&business).await })
    }

    fn page_used(&self, tenant: &str, used: Used) {
        self.house.telemetry.page_used(tenant, used.input_tokens, used.output_tokens, used.seconds);
    }

    fn voice_health(&self) -> BoxFuture<'_, VoiceHealth> {
        Box::pin(async {
            let redis = self.tiers().filter(|(tier, _)| *tier == "redis");
            let database = [("database", self.store())];
            let rest = [("model", self.house.model_health().await), ("voice", self.voice())];
            database.into_iter().chain(redis).chain(rest).collect()
        })
    }

    fn lend<'a>(&'a self, ticket: &'a str, caller: &'a Caller) -> BoxFuture<'a, ()> {
        Box::pin(self.house.lend(ticket, caller))
    }

    fn after_stream<'a>(&'a self, call_sid: &'a str) -> BoxFuture<'a, Next> {
        Box::pin(self.house.after_stream(call_sid))
    }

    fn language<'a>(&'a self, call_sid: &'a str, to: &'a str) -> BoxFuture<'a, Language> {
        Box::pin(self.house.language_of(call_sid, to))
    }

    fn whisper<'a>(&'a self, call_sid: &'a str) -> BoxFuture<'a, Option<(String, Language)>> {
        Box::pin(async move {
            match self.house.after_stream(call_sid).await {
                Next::Dial { whisper, language, .. } => {
                    Some((whisper, language)).filter(|(words, _)| !words.is_empty())
                }
                _ => None,
            }
        })
    }

    fn dialled<'a>(&'a self, call_sid: &'a str, status: &'a str, duration_s: Option<i64>) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            self.house.telemetry.transferred(status);
            // The call may come back to us, as if it had just come in: not to what is left of it, where nobody listens.
            if tokio::time::timeout(LEFT_WITHIN, self.house.calls.left(call_sid)).await.is_err() {
                tracing::warn!(call = call_sid, "a call that was put through has not ended with us yet");
            }
            self.house.calls.forget(call_sid);
            self.house.store.transferred(call_sid, status, duration_s, self.house.clock.wall_ms());
        })
    }

    fn feed<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Option<String>> {
        Box::pin(self.house.feed(token))
    }

    fn remind_by_text<'a>(&'a self, appointment: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async {
            if let Err(error) = self.house.store.remind_by_text(appointment, self.house.clock.wall_ms()).await {
                tracing::warn!(%error, "somebody who could not be talked to is not reminded by text");
            }
        })
    }

    fn texted<'a>(&'a self, from: &'a str, to: &'a str, words: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(self.house.texted(from, to, words))
    }

    fn status(&self, status: StatusCallback) {
        tracing::debug!(call = status.call_sid, status = status.call_status, "the carrier tells how a call is doing");
        if matches!(status.call_status.as_str(), "completed" | "busy" | "failed" | "no-answer" | "canceled") {
            self.house.calls.hung_up(&status.call_sid);
        }
    }

    fn health(&self) -> Health {
        Health {
            version: env!("CARGO_PKG_VERSION"),
            sandbox: self.house.stand_ins.clone(),
            draining: self.house.calls.is_draining(),
            calls_active: self.house.calls.count(),
            calls_max: self.house.max_calls,
            parts: [("store", self.store()), ("recordings", self.recordings())]
                .into_iter()
                .chain(self.tiers())
                .collect(),
        }
    }

    fn say(&self, order: Order) -> BoxFuture<'static, Result<Said, NotSaid>> {
        let house = Arc::clone(&self.house);
        Box::pin(async move { house.say(order).await })
    }

    fn play(&self, heard: Heard) -> BoxFuture<'static, bool> {
        let house = Arc::clone(&self.house);
        Box::pin(async move { house.play(heard).await })
    }

    fn audio(&self, id: &str) -> BoxFuture<'static, Option<Audio>> {
        let (house, id) = (Arc::clone(&self.house), id.to_owned());
        Box::pin(async move { house.audio(&id).await })
    }

    fn recording<'a>(&'a self, recording: &'a RecordingRow, what: Kept) -> BoxFuture<'a, Result<Recorded, NotPlayed>> {
        let (recordings, place) = (self.house.recordings.clone(), place(recording));
        Box::pin(async move {
            let opened = tokio::task::spawn_blocking(move || match what {
                Kept::Audio => recordings.read(&place),
                Kept::Tape => recordings.read_tape(&place),
            })
            .await;
            match opened.map_err(std::io::Error::other).flatten() {
                Ok((audio, size_bytes)) => Ok(Recorded { size_bytes, audio: Box::new(audio) }),
                Err(error) => Err(not_played(&error)),
            }
        })
    }

    fn remove(&self, call_id: &str) -> BoxFuture<'static, Result<(), NotRemoved>> {
        let house = Arc::clone(&self.house);
        let going = Going { call: Some(call_id.to_owned()), ..Going::default() };
        Box::pin(async move {
            house.store.flush().await;
            let cleared = clear(&house.store.cleaner(), &house.recordings, &going, |_| ()).await;
            let cleared = cleared.map_err(|error| {
                tracing::warn!("a call is not removed: {error}");
                NotRemoved::Away
            })?;
            match cleared.left.first() {
                None => Ok(()),
                Some(left) => {
                    tracing::warn!("a call is not removed: {left}");
                    Err(NotRemoved::FilesStay)
                }
            }
        })
    }

    fn reveal(&self, sealed: &str) -> Option<String> {
        self.house.recordings.key()?.open_text(sealed).ok()
    }

    fn speech_answered(&self, took: Duration, is_error: bool) {
        self.house.telemetry.speech_answered(took, is_error);
    }

    fn metrics_text(&self) -> String {
        self.house.measure_phrases();
        self.house.telemetry.text()
    }

    fn metrics_json(&self) -> serde_json::Value {
        self.house.measure_phrases();
        self.house.telemetry.json()
    }

    fn webhook_answered(&self, path: &str, status: u16, took: Duration) {
        self.house.telemetry.webhook_answered(path, status, took);
    }
}

fn place(recording: &RecordingRow) -> Place {
    Place { path: PathBuf::from(&recording.file_path), url: recording.file_url.clone(), encrypted: recording.encrypted }
}

fn not_played(error: &std::io::Error) -> NotPlayed {
    match error.kind() {
        std::io::ErrorKind::NotFound => return NotPlayed::Missing,
        std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof => return NotPlayed::Damaged,
        _ => {}
    }
    tracing::warn!(%error, "a recording cannot be read");
    NotPlayed::Unreadable
}

impl FrontDesk {
    fn store(&self) -> Part {
        match self.house.store.health() {
            store::Health::Healthy => Part::Works,
            store::Health::Journalling { rows, .. } => Part::Impaired {
                why: format!("the database takes no rows; {rows} wait in the journal and are caught up when it does"),
            },
        }
    }

    /// Whether another session may be opened.
    fn voice(&self) -> Part {
        match self.admit() {
            Admit::Welcome => Part::Works,
            Admit::Busy => Part::Failed { why: "as many calls as MAX_CALLS allows are going on".to_owned() },
            Admit::Draining => Part::Failed { why: "the server goes down".to_owned() },
        }
    }

    /// Where phrases are kept with others' help.
    fn tiers(&self) -> impl Iterator<Item = (&'static str, Part)> {
        self.house.phrases.troubles().into_iter().map(|(tier, trouble)| match trouble {
            None => (tier, Part::Works),
            Some(why) => (tier, Part::Impaired { why: format!("{why}; phrases are shared again when it answers") }),
        })
    }

    fn recordings(&self) -> Part {
        match (self.house.recordings.losses(), self.house.archiving.trouble()) {
            (losses, None) if losses.calls == 0 => Part::Works,
            (losses, Some(why)) if losses.calls == 0 => {
                Part::Impaired { why: format!("they wait on the disk to be uploaded: {why}") }
            }
            (losses, _) => {
                Part::Impaired { why: format!("{} calls were not recorded whole; is the disk full?", losses.calls) }
            }
        }
    }
}
