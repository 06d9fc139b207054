//! What a refusal of Deepgram's means, and what to do about it.
//!
//! Two shapes of body are in use, `{"err_code","err_msg","request_id"}` and `{"category","message","details",
//! "request_id"}`; both come with the headers `dg-error` and `dg-request-id`. Source:
//! <https://developers.deepgram.com/docs/errors>, read 2026-11.

use engine::io::Fault;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::Deserialize;

use crate::vendors::excerpt;

/// An answer that is not a success.
pub(super) struct Refusal<'a> {
    /// What was asked for, in the log's words: `speech-to-text`, `text-to-speech`.
    pub(super) service: &'static str,
    /// The model or voice that was asked for.
    pub(super) model: &'a str,
    /// Our key, so that it is taken out of the vendor's text.
    pub(super) key: &'a str,
    pub(super) status: StatusCode,
    pub(super) headers: &'a HeaderMap,
    /// The body, possibly only its beginning.
    pub(super) body: &'a [u8],
}

#[derive(Deserialize, Default)]
struct Body {
    err_code: Option<String>,
    err_msg: Option<String>,
    category: Option<String>,
    message: Option<String>,
    details: Option<String>,
    request_id: Option<String>,
}

impl Refusal<'_> {
    /// Sorts the refusal, with a remedy where there is one.
    pub(super) fn fault(&self) -> Fault {
        let Self { service, model, .. } = self;
        let said = self.said();
        match self.status.as_u16() {
            401 => Fault::OurMistake(format!(
                "Deepgram does not know our key for {service} ({said}): check DEEPGRAM_API_KEY"
            )),
            402 => Fault::GiveUp(format!("Deepgram's credit is used up, no {service} ({said}): top the project up")),
            403 => Fault::GiveUp(format!(
                "Deepgram does not allow our key {service} with `{model}` ({said}): check the key's scopes and the model"
            )),
            408 | 425 | 429 | 500..=599 => Fault::Retry(format!("Deepgram has no room for {service} now ({said})")),
            404 => Fault::OurMistake(format!("there is no {service} at this address ({said}): check DEEPGRAM_URL")),
            413 | 422 => Fault::OurMistake(format!("Deepgram refuses this text for {service} as too long ({said})")),
            _ => Fault::OurMistake(format!("Deepgram refuses our request for {service} with `{model}` ({said})")),
        }
    }

    /// Status, code, message and request id, for the log and for Deepgram's support.
    fn said(&self) -> String {
        let body: Body = serde_json::from_slice(self.body).unwrap_or_default();
        let header = |name| self.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut said = self.status.as_u16().to_string();
        for text in
            [body.err_code.or(body.category), body.err_msg.or(body.message).or(header("dg-error")), body.details]
        {
            let text = text.map(|text| excerpt(&text, self.key)).filter(|text| !text.is_empty());
            if let Some(text) = text {
                said.push_str(", ");
                said.push_str(&text);
            }
        }
        if let Some(id) = header("dg-request-id").or(body.request_id) {
            said.push_str(", request ");
            said.push_str(&excerpt(&id, self.key));
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(status: u16, headers: &HeaderMap, body: &str) -> Fault {
        let status = StatusCode::from_u16(status).expect("a status");
        let body = body.as_bytes();
        Refusal { service: "speech-to-text", model: "nova-3", key: "secret", status, headers, body }.fault()
    }

    #[test]
    fn a_refusal_is_sorted_by_what_can_be_done_about_it() {
        let none = HeaderMap::new();
        for status in [408, 429, 500, 502, 503] {
            assert!(matches!(fault(status, &none, ""), Fault::Retry(_)), "{status}");
        }
        for status in [402, 403] {
            assert!(matches!(fault(status, &none, ""), Fault::GiveUp(_)), "{status}");
        }
        for status in [400, 401, 404, 413, 415, 422] {
            assert!(matches!(fault(status, &none, ""), Fault::OurMistake(_)), "{status}");
        }
    }

    #[test]
    fn both_shapes_of_body_are_read_and_the_key_is_taken_out() {
        let mut headers = HeaderMap::new();
        headers.insert("dg-request-id", "r-7".parse().expect("a header"));
        let Fault::OurMistake(text) = fault(401, &headers, r#"{"err_code":"INVALID_AUTH","err_msg":"bad key secret"}"#)
        else {
            panic!("a wrong key is our mistake");
        };
        assert!(text.contains("INVALID_AUTH, bad key …, request r-7"), "{text}");
        let Fault::Retry(text) = fault(429, &HeaderMap::new(), r#"{"category":"C","message":"m","request_id":"b-1"}"#)
        else {
            panic!("too many is worth another try");
        };
        assert!(text.contains("429, C, m, request b-1"), "{text}");
    }

    #[test]
    fn a_body_that_is_no_json_leaves_status_and_header() {
        let mut headers = HeaderMap::new();
        headers.insert("dg-error", "busy".parse().expect("a header"));
        assert_eq!(
            fault(503, &headers, "<html>"),
            Fault::Retry("Deepgram has no room for speech-to-text now (503, busy)".into())
        );
    }
}
