//! What a failure of the model means, and what to do about it. Source: guide "Error codes", read 2026-11.

use async_openai::error::OpenAIError;
use engine::io::Fault;
use serde::Deserialize;
use serde_json::Value;

use super::Config;
use super::transport::Refused;
use crate::vendors::{cause, excerpt};

/// The vendor's error object. It stands in refusals and, after a good start, in the stream.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Complaint {
    message: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    /// A name, where OpenAI sends it; others send numbers.
    code: Option<Value>,
}

impl Complaint {
    /// Out of the member `error`, which some servers fill with a mere text.
    pub(super) fn of(error: &Value) -> Self {
        match error {
            Value::String(message) => Self { message: Some(message.clone()), ..Self::default() },
            error => serde_json::from_value(error.clone()).unwrap_or_default(),
        }
    }

    pub(super) fn in_body(body: &[u8]) -> Self {
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => Self::of(value.get("error").unwrap_or(&value)),
            Err(_) => Self { message: Some(String::from_utf8_lossy(body).into_owned()), ..Self::default() },
        }
    }

    /// Its code, or its type where there is none.
    fn name(&self) -> &str {
        self.code.as_ref().and_then(Value::as_str).or(self.kind.as_deref()).unwrap_or_default()
    }

    pub(super) fn is_about_money(&self) -> bool {
        let names = [self.name(), self.kind.as_deref().unwrap_or_default()];
        names
            .iter()
            .any(|name| matches!(*name, "insufficient_quota" | "billing_hard_limit_reached" | "billing_not_active"))
    }

    /// Status, name, message and request id, for the log and for the vendor's support.
    pub(super) fn said(&self, status: Option<u16>, request_id: Option<&str>, key: &str) -> String {
        let status = status.map(|status| status.to_string());
        let message = self.message.as_deref().map(|message| excerpt(message, key));
        let request = request_id.map(|id| format!("request {}", excerpt(id, key)));
        let name = Some(excerpt(self.name(), key));
        let parts = [status, name, message, request];
        parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    }

    /// Sorts an error that came in the stream, after the answer had been promised.
    pub(super) fn in_stream(&self, config: &Config) -> Fault {
        let said = self.said(None, None, &config.key);
        if self.is_about_money() {
            return Fault::GiveUp(format!("OpenAI's credit is used up ({said}): top it up"));
        }
        Fault::Retry(format!("`{}` broke its answer off ({said})", config.model))
    }
}

/// Whether a refusal is about this parameter. Servers name it in different places; nothing else names it.
pub(super) fn is_about(error: &OpenAIError, param: &str) -> bool {
    let body = refused(error).filter(|refused| matches!(refused.status, 400 | 422)).map(|refused| &refused.body);
    body.is_some_and(|body| String::from_utf8_lossy(body).contains(param))
}

fn refused(error: &OpenAIError) -> Option<&Refused> {
    match error {
        OpenAIError::Boxed(error) => error.downcast_ref(),
        _ => None,
    }
}

/// Sorts whatever the client reports.
pub(super) fn sort(error: &OpenAIError, config: &Config) -> Fault {
    if let Some(refused) = refused(error) {
        return sort_refusal(refused, config);
    }
    let key = &config.key;
    Fault::Retry(match error {
        OpenAIError::Reqwest(error) => format!("OpenAI cannot be reached at {}: {}", config.base_url, cause(error)),
        OpenAIError::StreamError(error) => format!("the answer of `{}` was cut off: {error}", config.model),
        // What was not JSON may hold a caller's words.
        OpenAIError::JSONDeserialize(error, _) => {
            format!("the answer of `{}` makes no sense: {}", config.model, excerpt(&error.to_string(), key))
        }
        error => format!("asking `{}` failed: {}", config.model, excerpt(&error.to_string(), key)),
    })
}

/// Sorts an answer that is not a success.
pub(super) fn sort_refusal(refused: &Refused, config: &Config) -> Fault {
    let complaint = Complaint::in_body(&refused.body);
    let said = complaint.said(Some(refused.status), refused.request_id.as_deref(), &config.key);
    let model = &config.model;
    match refused.status {
        401 => {
            Fault::OurMistake(format!("OpenAI does not know our key ({said}): check OPENAI_API_KEY and OPENAI_ORG_ID"))
        }
        403 => {
            Fault::GiveUp(format!("OpenAI does not allow us `{model}` ({said}): check the key's project and region"))
        }
        404 if complaint.name() == "model_not_found" || said.contains(model.as_str()) => Fault::OurMistake(format!(
            "OpenAI has no model `{model}` for us ({said}): it may be retired; set OPENAI_MODEL to another"
        )),
        404 => Fault::OurMistake(format!("there is no model at {} ({said}): check OPENAI_BASE_URL", config.base_url)),
        402 => Fault::GiveUp(format!("OpenAI's credit is used up ({said}): top it up")),
        429 if complaint.is_about_money() => Fault::GiveUp(format!("OpenAI's credit is used up ({said}): top it up")),
        408 | 409 | 425 | 429 | 500..=599 => Fault::Retry(format!("OpenAI has no room for `{model}` now ({said})")),
        _ => Fault::OurMistake(format!("OpenAI refuses our request for `{model}` ({said})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(status: u16, body: &str) -> Fault {
        let config = Config { key: "sk-1".into(), ..Config::default() };
        sort_refusal(&Refused { status, request_id: Some("req-1".into()), body: body.into() }, &config)
    }

    #[test]
    fn too_many_requests_is_told_from_too_little_money() {
        let body = |code: &str| format!(r#"{{"error":{{"message":"m","type":"t","param":null,"code":"{code}"}}}}"#);
        assert!(matches!(sorted(429, &body("rate_limit_exceeded")), Fault::Retry(_)));
        assert!(matches!(sorted(429, &body("insufficient_quota")), Fault::GiveUp(_)));
        let by_type = r#"{"error":{"message":"m","type":"insufficient_quota","code":null}}"#;
        assert!(matches!(sorted(429, by_type), Fault::GiveUp(_)));
        assert!(matches!(sorted(429, ""), Fault::Retry(_)));
    }

    #[test]
    fn a_model_that_is_gone_is_named_with_its_remedy() {
        let body =
            r#"{"error":{"message":"gone","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#;
        let Fault::OurMistake(text) = sorted(404, body) else { panic!("our mistake") };
        assert!(text.contains("`gpt-5.4-mini`") && text.contains("OPENAI_MODEL"), "{text}");
        let Fault::OurMistake(text) = sorted(404, "<html>not here</html>") else { panic!("our mistake") };
        assert!(text.contains("OPENAI_BASE_URL"), "{text}");
    }

    #[test]
    fn every_status_has_its_sort_and_no_key_is_repeated() {
        for status in [408, 409, 429, 500, 502, 503, 529] {
            assert!(matches!(sorted(status, "{}"), Fault::Retry(_)), "{status}");
        }
        for status in [402, 403] {
            assert!(matches!(sorted(status, "{}"), Fault::GiveUp(_)), "{status}");
        }
        for status in [400, 401, 404, 422] {
            assert!(matches!(sorted(status, "{}"), Fault::OurMistake(_)), "{status}");
        }
        let Fault::OurMistake(text) = sorted(401, r#"{"error":"no key sk-1"}"#) else { panic!("our mistake") };
        assert!(text.contains("401, no key …, request req-1"), "{text}");
    }

    #[test]
    fn a_complaint_about_a_parameter_is_found_wherever_it_names_it() {
        let error =
            |status, body: &str| OpenAIError::Boxed(Box::new(Refused { status, request_id: None, body: body.into() }));
        assert!(is_about(&error(400, r#"{"error":{"message":"m","param":"reasoning_effort"}}"#), "reasoning_effort"));
        assert!(is_about(&error(400, r#"{"error":{"message":"unknown: reasoning_effort"}}"#), "reasoning_effort"));
        assert!(is_about(&error(422, r#"{"detail":[{"loc":["body","reasoning_effort"]}]}"#), "reasoning_effort"));
        assert!(!is_about(&error(400, r#"{"error":{"message":"m","param":"model"}}"#), "reasoning_effort"));
        assert!(!is_about(&error(500, "reasoning_effort"), "reasoning_effort"));
    }
}
