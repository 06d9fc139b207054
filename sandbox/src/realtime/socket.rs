//! The socket of one session: events in, and each event out at its time.

use std::collections::VecDeque;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until, timeout};

use crate::realtime::Realtime;
use crate::realtime::items::Item;
use crate::realtime::response::{self, Content, Names, Script};
use crate::realtime::session::{Asked, Order, Session};

/// A client that does not read for this long is given up.
const SEND_MAX: Duration = Duration::from_secs(10);

/// The largest event that is sent at once to a client, and how the session's end is worded
/// (platform.openai.com/docs/guides/realtime, "session duration"; the code as clients have seen it).
const OVER: &str = "Your session hit the maximum duration of 60 minutes.";

/// Serves a session to its end.
pub(super) async fn serve(socket: WebSocket, session: Session, realtime: Realtime) {
    let now = Instant::now();
    let mut line = Line {
        socket,
        session,
        realtime,
        began: now,
        queue: VecDeque::new(),
        under_way: None,
        numbered: 0,
        responses: 0,
        last_due: now,
    };
    let created = json!({"type": "session.created", "session": line.session.config.shown()});
    line.put(now, None, created);
    line.run().await;
}

/// An event that waits for its time.
struct Waiting {
    due: Instant,
    /// The response that it belongs to.
    of: Option<String>,
    event: Value,
}

/// The conversation's response that is being sent.
struct UnderWay {
    id: String,
    item: String,
    metadata: Value,
    began: Instant,
    audio_ms: u64,
    lasts: Duration,
}

struct Line {
    socket: WebSocket,
    session: Session,
    realtime: Realtime,
    began: Instant,
    queue: VecDeque<Waiting>,
    under_way: Option<UnderWay>,
    numbered: u64,
    responses: u64,
    /// When the last event of a response is due, so that the next one comes behind it.
    last_due: Instant,
}

impl Line {
    async fn run(mut self) {
        loop {
            let settings = self.realtime.settings();
            self.session.transcript_after = settings.transcript;
            let due = self.queue.front().map(|waiting| waiting.due);
            let over = self.began + settings.session;
            tokio::select! {
                biased;
                () = sleep_until(due.unwrap_or(over)), if due.is_some_and(|due| due <= over) && !settings.faults.stall => {
                    if !self.send_next().await { return }
                }
                () = sleep_until(over) => return self.expire().await,
                message = self.socket.recv() => match message {
                    Some(Ok(Message::Text(text))) => self.take(&text).await,
                    Some(Ok(Message::Binary(_))) => self.complain("Only text messages are supported."),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                },
            }
            if settings.faults.drop_after.is_some_and(|after| self.responses >= after) && self.queue.is_empty() {
                return;
            }
        }
    }

    async fn take(&mut self, text: &str) {
        let Ok(event) = serde_json::from_str::<Value>(text) else {
            return self.complain("The event could not be parsed as JSON.");
        };
        let mut orders = Vec::new();
        self.session.take(&event, &mut orders);
        let now = Instant::now();
        for order in orders {
            match order {
                Order::Send(event) => {
                    self.realtime.count(|counts| match event["type"].as_str() {
                        Some("error") => counts.errors += 1,
                        Some("conversation.item.truncated") => counts.truncated += 1,
                        _ => {}
                    });
                    self.put(now, None, event);
                }
                Order::Later(after, event) => self.put(now + after, None, event),
                Order::Respond(asked) => self.respond(asked).await,
                Order::Cancel(reason) => self.cancel(reason),
                Order::CancelOne(id) => self.cancel_one(&id),
            }
        }
    }

    async fn respond(&mut self, asked: Asked) {
        let settings = self.realtime.settings();
        self.responses += 1;
        self.realtime.count(|counts| counts.responses += 1);
        let id = format!("resp_sandbox{:06}", self.responses);
        let began = Instant::now() + settings.first;
        if settings.faults.rate_limited {
            let names = Names {
                response: &id,
                metadata: &asked.metadata,
                in_conversation: asked.in_conversation,
                previous: Value::Null,
            };
            let error = json!({"type": "failed", "error": {"type": "requests", "code": "rate_limit_exceeded"}});
            let done = response::ended(&names, "failed", error);
            self.session.responding &= !asked.in_conversation;
            return self.put(began, Some(id), done);
        }
        if settings.faults.unknown_events {
            self.put(began, Some(id.clone()), json!({"type": "response.weather.updated", "response_id": id}));
        }
        let (item, script) = self.script(&asked, &id, settings.faults.rewords, settings.pace).await;
        let lasts = script.events.last().map_or(Duration::ZERO, |(at, _)| *at);
        for (at, event) in script.events {
            self.put(began + at, Some(id.clone()), event);
        }
        if asked.in_conversation {
            let audio_ms = script.audio_ms;
            self.under_way = Some(UnderWay { id, item: item.id, metadata: asked.metadata, began, audio_ms, lasts });
        }
    }

    async fn script(&mut self, asked: &Asked, id: &str, rewords: bool, pace: f64) -> (Item, Script) {
        let put = |session: &mut Session, mut item: Item| {
            if !asked.in_conversation {
                item.id = format!("item_{id}");
                return (item, Value::Null);
            }
            let item = session.conversation.put(item);
            let previous = session.conversation.before(&item.id);
            (item, previous)
        };
        match response::decide(asked, rewords) {
            Content::Speech(text) => {
                let aloud = self.session.config.speaks();
                let audio = if aloud { self.realtime.voice().speak(&text).await.audio.to_vec() } else { Vec::new() };
                let item = Item::spoken(&text, audio.len() as u64 / 8);
                let (item, previous) = put(&mut self.session, item);
                let names =
                    Names { response: id, metadata: &asked.metadata, in_conversation: asked.in_conversation, previous };
                let script = response::speech(&names, &item, &text, &audio, self.session.config.output, aloud, pace);
                (item, script)
            }
            Content::Call { name, arguments } => {
                let call_id = format!("call_{id}");
                let (item, previous) = put(&mut self.session, Item::call(&name, &call_id, &arguments));
                let names =
                    Names { response: id, metadata: &asked.metadata, in_conversation: asked.in_conversation, previous };
                let script = response::call(&names, &item, &name, &call_id, &arguments);
                (item, script)
            }
        }
    }

    /// What was sent of the response stays in the conversation; the rest was never said.
    fn cancel(&mut self, reason: &'static str) {
        let Some(UnderWay { id, item, metadata, began, audio_ms, lasts }) = self.under_way.take() else { return };
        self.queue.retain(|waiting| waiting.of.as_deref() != Some(&id));
        self.session.responding = false;
        let gone = Instant::now().saturating_duration_since(began);
        let sent_ms = if lasts.is_zero() {
            audio_ms
        } else {
            (audio_ms as f64 * (gone.as_secs_f64() / lasts.as_secs_f64()).min(1.0)) as u64
        };
        let _ = self.session.conversation.truncate(&item, sent_ms);
        let names = Names { response: &id, metadata: &metadata, in_conversation: true, previous: Value::Null };
        let done = response::ended(&names, "cancelled", json!({"type": "cancelled", "reason": reason}));
        self.realtime.count(|counts| counts.cancelled += 1);
        self.put(Instant::now(), None, done);
    }

    fn cancel_one(&mut self, id: &str) {
        if self.under_way.as_ref().is_some_and(|under_way| under_way.id == id) {
            return self.cancel("client_cancelled");
        }
        let waiting = self.queue.len();
        self.queue.retain(|waiting| waiting.of.as_deref() != Some(id));
        if self.queue.len() == waiting {
            return self.complain("Cancellation failed: no active response found");
        }
        let names = Names { response: id, metadata: &Value::Null, in_conversation: false, previous: Value::Null };
        let done = response::ended(&names, "cancelled", json!({"type": "cancelled", "reason": "client_cancelled"}));
        self.realtime.count(|counts| counts.cancelled += 1);
        self.put(Instant::now(), None, done);
    }

    fn complain(&mut self, message: &str) {
        let error =
            json!({"type": "invalid_request_error", "code": null, "message": message, "param": null, "event_id": null});
        self.realtime.count(|counts| counts.errors += 1);
        self.put(Instant::now(), None, json!({"type": "error", "error": error}));
    }

    /// Events leave in the order of their times; those of one time in the order in which they were put.
    fn put(&mut self, due: Instant, of: Option<String>, event: Value) {
        let at = self.queue.iter().rposition(|waiting| waiting.due <= due).map_or(0, |at| at + 1);
        self.last_due = self.last_due.max(due);
        self.queue.insert(at, Waiting { due, of, event });
    }

    async fn send_next(&mut self) -> bool {
        let Some(Waiting { mut event, .. }) = self.queue.pop_front() else { return true };
        self.numbered += 1;
        event["event_id"] = format!("event_sandbox{:08}", self.numbered).into();
        if event["type"] == "response.done" {
            let is_this = self.under_way.as_ref().is_some_and(|under_way| event["response"]["id"] == under_way.id);
            if is_this {
                self.under_way = None;
                self.session.responding = false;
            }
        }
        matches!(timeout(SEND_MAX, self.socket.send(Message::text(event.to_string()))).await, Ok(Ok(())))
    }

    async fn expire(mut self) {
        let error = json!({"type": "invalid_request_error", "code": "session_expired", "message": OVER, "param": null, "event_id": null});
        let error = json!({"type": "error", "event_id": "event_sandbox_last", "error": error});
        let close = Message::Close(Some(CloseFrame { code: 1_001, reason: OVER.into() }));
        let _ = timeout(SEND_MAX, async {
            self.socket.send(Message::text(error.to_string())).await?;
            self.socket.send(close).await
        })
        .await;
    }
}
