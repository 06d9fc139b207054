//! `POST /call`: checks who asks and what, has it said, and tells where it can be played.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::idempotency::{self, Asked};
use super::problem::Problem;
use super::{Heard, NotSaid, Order, Said, jobs, order};
use crate::web::problem::Wrong;
use crate::web::{Front, webhook};

/// Says that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// `POST /call`.
pub(in crate::web) async fn say(
    State(front): State<Arc<Front>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let began = (front.now)();
    let outcome = answer(&front, query.as_deref().unwrap_or_default(), &headers, body).await;
    front.desk.speech_answered((front.now)().saturating_duration_since(began), outcome.is_err());
    match outcome {
        Ok((answer, was_before)) => answered(answer, was_before),
        Err(problem) => problem.into_response(),
    }
}

/// An answer that says where a job is to be asked for was accepted, and is not carried out yet.
fn answered(answer: Value, was_before: bool) -> Response {
    let job = answer["jobUrl"].as_str().and_then(|url| HeaderValue::from_str(url).ok());
    let mut response = Json(answer).into_response();
    if let Some(url) = job {
        *response.status_mut() = StatusCode::ACCEPTED;
        response.headers_mut().insert(LOCATION, url);
    }
    if was_before {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

async fn answer(
    front: &Front,
    query: &str,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(Value, bool), Problem> {
    let (speech, now) = (&front.speech, (front.now)());
    let client = speech.clients.admit(headers, now)?;
    let key = idempotency::key_of(headers)?;
    let body = body.map_err(|rejection| Problem::Body(rejection.status(), rejection.body_text()))?;
    let mut order = order::read(&body, speech, client.ssml)?;
    order.debug |= speech.debug_timings || is_asked_to_debug(query);
    let base = webhook::base(front, headers).map_err(|refusal| Problem::Body(refusal.status(), refusal.to_string()))?;
    let asked = key.map(|key| Asked::new(&client.client, &key, &body, speech.timeout));
    let once = asked.as_ref().map(|asked| asked.id.clone());
    let carry_out = async {
        match order.is_async {
            true => jobs::queue(front, &client.client, &base, &order).await,
            false => carry_out(front, Errand { order: &order, base: &base, once }).await,
        }
    };
    speech.answers.once(asked, now, Box::pin(carry_out)).await
}

/// An order, and what is to be known to carry it out.
pub(super) struct Errand<'a> {
    pub(super) order: &'a Order,
    /// The address that the asker knows us by.
    pub(super) base: &'a str,
    /// What tells the words of an order that may be repeated from others.
    pub(super) once: Option<String>,
}

/// Has words said, and heard where somebody is on the phone.
pub(super) async fn carry_out(front: &Front, errand: Errand<'_>) -> Result<Value, Problem> {
    let (Errand { order, base, once }, began) = (errand, (front.now)());
    let said = front.desk.say(order.clone()).await.map_err(Problem::from)?;
    let ours = || format!("{base}{}", front.speech.links.path(&said.id, order.format));
    let audio_url = said.audio_url.clone().unwrap_or_else(ours);
    let heard = Heard { call_id: order.call_id.clone(), text: order.words(), audio_url: audio_url.clone(), once };
    let played = front.desk.play(heard).await;
    let total = (front.now)().saturating_duration_since(began);
    tracing::debug!(call = order.call_id, voice = said.voice_id, tier = said.tier, "words were asked for");
    Ok(told(order, &said, &audio_url, played, total))
}

impl From<NotSaid> for Problem {
    fn from(why: NotSaid) -> Self {
        match why {
            NotSaid::Retry => Self::Retry,
            NotSaid::Late => Self::Late,
            NotSaid::Refused => Self::Refused,
            NotSaid::NoSsml => {
                let detail = "the provider of this call's voice takes no SSML; write plain words".to_owned();
                Self::Wrong(vec![Wrong { field: "text".into(), detail }])
            }
        }
    }
}

fn is_asked_to_debug(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|(name, value)| name == "debug" && matches!(&*value, "true" | "1"))
}

fn told(order: &Order, said: &Said, audio_url: &str, played: bool, total: Duration) -> Value {
    let timings = &said.timings;
    let mut answer = json!({
        "audioUrl": audio_url,
        "cached": said.tier.is_some(),
        "timings": {
            "profile": in_ms(timings.profile),
            "cache": in_ms(timings.cache),
            "tts": in_ms(timings.tts),
            "upload": in_ms(timings.upload),
            "provider": in_ms(timings.provider),
            "total": in_ms(total),
        },
        "voiceId": said.voice_id,
        "played": played,
    });
    if order.debug {
        let own = total.saturating_sub(timings.profile + timings.cache + timings.tts);
        answer["stages"] = json!({
            "tier": said.tier.unwrap_or("none"),
            "format": order.format.name(),
            "characters": order.text.chars().count(),
            "lengthMs": said.length_ms,
            "queueMs": in_ms(timings.tts.saturating_sub(timings.provider)),
            "ownMs": in_ms(own),
        });
    }
    answer
}

/// Milliseconds with three digits behind the point.
fn in_ms(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e6).round() / 1e3
}
