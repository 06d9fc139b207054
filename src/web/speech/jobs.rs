//! `"async": true`: the order becomes a job, is worked by some instance, and its answer can be asked for.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use engine::audio::format::Format;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{self, Errand};
use super::problem::Problem;
use super::{JobState, NotQueued, Order, Worked};
use crate::web::{Front, webhook};

/// What a job is told by, written by one instance and read by another.
#[derive(Serialize, Deserialize)]
struct Payload {
    call_id: String,
    text: String,
    ssml: bool,
    format: String,
    debug: bool,
    /// The address that the asker knows us by.
    base: String,
}

/// Makes an order a job. The answer says where to ask for it.
pub(super) async fn queue(front: &Front, client: &str, base: &str, order: &Order) -> Result<Value, Problem> {
    let shared = front.speech.shared.as_ref().ok_or(Problem::Retry)?;
    let payload = Payload {
        call_id: order.call_id.clone(),
        text: order.text.clone(),
        ssml: order.ssml,
        format: order.format.name().to_owned(),
        debug: order.debug,
        base: base.to_owned(),
    };
    let payload = serde_json::to_string(&payload).expect("a plain struct of texts is written as JSON");
    let id = shared.queue(client, &payload).await?;
    Ok(json!({"jobId": id, "jobUrl": url(base, &id), "status": "queued"}))
}

/// `GET /call/jobs/{id}`: how a job is doing. Only whoever asked for it is told.
pub(in crate::web) async fn show(
    State(front): State<Arc<Front>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    match told(&front, &id, &headers).await {
        Ok((answer, is_over)) => {
            let mut response = Json(answer).into_response();
            if !is_over {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            response
        }
        Err(problem) => problem.into_response(),
    }
}

async fn told(front: &Front, id: &str, headers: &HeaderMap) -> Result<(Value, bool), Problem> {
    let client = front.speech.clients.admit(headers, (front.now)())?;
    let shared = front.speech.shared.as_ref().ok_or(Problem::NoSuchJob)?;
    let state = shared.job(&client.client, id).await?.ok_or(Problem::NoSuchJob)?;
    let base = webhook::base(front, headers).map_err(|refusal| Problem::Body(refusal.status(), refusal.to_string()))?;
    let mut answer = json!({"jobId": id, "jobUrl": url(&base, id)});
    let (status, is_over) = match state {
        JobState::Queued => ("queued", false),
        JobState::Working => ("working", false),
        JobState::Done(said) => {
            answer["answer"] = said;
            ("done", true)
        }
        JobState::Failed(reason) => {
            answer["reason"] = json!(reason);
            ("failed", true)
        }
    };
    answer["status"] = json!(status);
    Ok((answer, is_over))
}

fn url(base: &str, id: &str) -> String {
    format!("{base}/call/jobs/{id}")
}

/// Works a job that some instance was asked for. Its words are said once, however often it is worked.
pub async fn work(front: &Front, id: &str, payload: &str) -> Worked {
    let Ok(Payload { call_id, text, ssml, format, debug, base }) = serde_json::from_str(payload) else {
        return Worked::Failed("it cannot be read by this version of Frontdesk".to_owned());
    };
    let format = Format::of_name(&format).unwrap_or(front.speech.format);
    let order = Order { call_id, text, ssml, format, debug, is_async: true };
    match answer::carry_out(front, Errand { order: &order, base: &base, once: Some(id.to_owned()) }).await {
        Ok(answer) => Worked::Done(answer),
        Err(problem @ (Problem::Retry | Problem::Late)) => Worked::Again(problem.to_string()),
        Err(Problem::Wrong(wrong)) => Worked::Failed(wrong.into_iter().map(|wrong| wrong.detail).collect()),
        Err(problem) => Worked::Failed(problem.to_string()),
    }
}

impl From<NotQueued> for Problem {
    fn from(why: NotQueued) -> Self {
        match why {
            NotQueued::Full => Self::QueueFull,
            NotQueued::Away => Self::QueueAway,
        }
    }
}
