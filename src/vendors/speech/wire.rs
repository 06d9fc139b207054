//! HTTP as all providers have it: sending, what a refusal says, and a body that may break off.

use std::time::Duration;

use engine::io::Fault;
use futures_util::StreamExt;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, StatusCode};

use super::{Body, Refused};
use crate::vendors::cause;

/// An answer that is not a success, with all of its body.
pub(in crate::vendors) struct Answer {
    pub(in crate::vendors) status: StatusCode,
    pub(in crate::vendors) headers: HeaderMap,
    pub(in crate::vendors) body: Vec<u8>,
}

impl Answer {
    /// A header's text; empty where there is none.
    pub(in crate::vendors) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// With how long the provider wants not to be asked, where it says so.
    pub(in crate::vendors) fn refused(&self, refused: impl Into<Refused>) -> Refused {
        Refused { retry_after: retry_after(&self.headers), ..refused.into() }
    }
}

/// Sends a request, and gives what comes back whatever its status.
pub(in crate::vendors) async fn send(called: &str, request: RequestBuilder) -> Result<Response, Refused> {
    let sent = request.send().await;
    sent.map_err(|error| Fault::Retry(format!("{called} cannot be reached: {}", cause(&error))).into())
}

/// Reads all there is of a refusal.
pub(in crate::vendors) async fn refusal_of(response: Response) -> Answer {
    let (status, headers) = (response.status(), response.headers().clone());
    Answer { status, headers, body: response.bytes().await.map(Vec::from).unwrap_or_default() }
}

/// The audio of a success.
pub(in crate::vendors) fn body(called: &'static str, response: Response) -> Body {
    let cut = move |error| Fault::Retry(format!("{called}'s speech was cut off: {}", cause(&error)));
    response.bytes_stream().map(move |piece| piece.map_err(cut)).boxed()
}

/// The same, of a success that may be something else: its type says so, whatever audio was asked for.
pub(in crate::vendors) fn audio(called: &'static str, response: Response) -> Result<Body, Fault> {
    match text_kind(&response) {
        Some(kind) => Err(Fault::OurMistake(format!("{called} sent `{kind}` instead of audio"))),
        None => Ok(body(called, response)),
    }
}

/// The type of a body that cannot be audio.
fn text_kind(response: &Response) -> Option<String> {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_text = kind.starts_with("text/") || kind.ends_with("json") || kind.ends_with("xml");
    is_text.then_some(kind)
}

/// Seconds; a date, which the header may have as well, is passed over, since it can be read only by whoever knows the
/// provider's clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse::<f64>().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_that_is_asked_for_is_read_where_it_is_a_number() {
        for (text, seconds) in [("2", Some(2.0)), ("0.5", Some(0.5)), ("-1", None), ("1e300", None), ("soon", None)] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().expect("a header"))]);
            assert_eq!(retry_after(&headers), seconds.map(Duration::from_secs_f64), "{text}");
        }
    }
}
