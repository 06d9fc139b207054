//! Keys for pages that talk to the model by themselves, over WebRTC: short-lived, for one tenant, and what they used is
//! reported back.
//!
//! ```text
//!  POST /api/voice/secrets   Authorization: Bearer <pass>   → { "value": "ek_…", "expires_at": …, "report": "…" }
//!  POST /api/voice/usage     { "report": "…", "input_tokens": 812, "output_tokens": 344, "seconds": 61.5 }
//! ```

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::web::access::presented;
use crate::web::{Front, problem};

/// Reports that are waited for at most; past that the oldest is forgotten.
const REPORTS_MAX: usize = 10_000;

/// More than any session can use: a report of more is a mistake.
const TOKENS_MAX: u64 = 10_000_000;
const SECONDS_MAX: f64 = 24.0 * 3_600.0;

/// A key for a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// The key.
    pub value: String,
    /// When it expires, in seconds since 1970.
    pub expires_at: i64,
}

/// What a page's session used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Used {
    /// Tokens that the model read.
    pub input_tokens: u64,
    /// Tokens that it wrote and spoke.
    pub output_tokens: u64,
    /// How long the session was.
    pub seconds: f64,
}

/// Whose reports are waited for, by the digest of what they come with.
#[derive(Default)]
pub(super) struct Reports {
    open: Mutex<VecDeque<([u8; 32], String)>>,
}

impl Reports {
    fn expect(&self, tenant: &str) -> String {
        let ticket = format!("{:032x}", rand::random::<u128>());
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= REPORTS_MAX {
            open.pop_front();
        }
        open.push_back((Sha256::digest(&ticket).into(), tenant.to_owned()));
        ticket
    }

    /// Whose report this is. Each comes once.
    fn redeem(&self, ticket: &str) -> Option<String> {
        let digest: [u8; 32] = Sha256::digest(ticket).into();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let at = open.iter().position(|(known, _)| bool::from(known.ct_eq(&digest)))?;
        open.remove(at).map(|(_, tenant)| tenant)
    }
}

/// `POST /api/voice/secrets`.
pub(super) async fn give(State(front): State<Arc<Front>>, headers: HeaderMap) -> Response {
    let refuse = |status, why: &str| problem::respond(status, why, &[], None, None);
    if !front.talk.lets_in(&headers, front.public_url.as_deref()) {
        return refuse(StatusCode::FORBIDDEN, "sessions may not be opened from this site; see VOICE_CORS_ORIGIN");
    }
    let pass = match front.talk.redeem(presented(&headers)) {
        Ok(pass) => pass,
        Err(why) => return refuse(StatusCode::UNAUTHORIZED, &format!("the page may not have a key: {why}")),
    };
    let who = format!("{}/{}", pass.tenant, pass.visitor);
    if let Err(too_many) = front.talk.limits.open_another(&who, (front.now)()) {
        return problem::respond(StatusCode::TOO_MANY_REQUESTS, &too_many.to_string(), &[], None, Some(60));
    }
    match front.desk.page_secret(&pass.tenant).await {
        Some(Secret { value, expires_at }) => {
            let report = front.talk.reports.expect(&pass.tenant);
            let given = json!({"value": value, "expires_at": expires_at, "report": report});
            ([(CACHE_CONTROL, "no-store")], Json(given)).into_response()
        }
        None => refuse(StatusCode::BAD_GATEWAY, "the model's service gives no key now"),
    }
}

#[derive(Deserialize)]
pub(super) struct Report {
    report: String,
    #[serde(default)]
    input_tokens: u64,
    #[serde(default)]
    output_tokens: u64,
    #[serde(default)]
    seconds: f64,
}

/// `POST /api/voice/usage`.
pub(super) async fn report(State(front): State<Arc<Front>>, body: Result<Json<Report>, JsonRejection>) -> Response {
    let refuse = |status, why: &str| problem::respond(status, why, &[], None, None);
    let Json(report) = match body {
        Ok(report) => report,
        Err(why) => return refuse(StatusCode::UNPROCESSABLE_ENTITY, &why.body_text()),
    };
    let Report { report, input_tokens, output_tokens, seconds } = report;
    if input_tokens > TOKENS_MAX || output_tokens > TOKENS_MAX || !(0.0..=SECONDS_MAX).contains(&seconds) {
        return refuse(
            StatusCode::UNPROCESSABLE_ENTITY,
            "no session uses as much; tokens and seconds of one session are meant",
        );
    }
    match front.talk.reports.redeem(&report) {
        Some(tenant) => {
            front.desk.page_used(&tenant, Used { input_tokens, output_tokens, seconds });
            StatusCode::NO_CONTENT.into_response()
        }
        None => refuse(StatusCode::NOT_FOUND, "this report is not waited for, or was given before"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_comes_once() {
        let reports = Reports::default();
        let (one, other) = (reports.expect("Barbers"), reports.expect("Salon"));
        assert_eq!(reports.redeem(&other).as_deref(), Some("Salon"));
        assert_eq!(reports.redeem(&other), None);
        assert_eq!(reports.redeem(&one).as_deref(), Some("Barbers"));
        assert_eq!(reports.redeem("guessed"), None);
    }
}
