//! What a refusal of ElevenLabs' means, and what to do about it.
//!
//! The body is `{"detail": {"status", "message"}}`, or of a request that makes no sense a list, `{"detail": [{"loc", "msg",
//! "type"}]}`. Source: <https://help.elevenlabs.io/hc/en-us/articles/19571824571921-API-Error-Code-429> and ElevenLabs'
//! OpenAPI description, read 2026-11.

use engine::io::Fault;
use serde::Deserialize;
use serde_json::Value;

use super::Config;
use crate::vendors::excerpt;
use crate::vendors::speech::{Answer, Refused};

#[derive(Deserialize, Default)]
struct Refusal {
    #[serde(default)]
    detail: Value,
}

/// Sorts a refusal, with a remedy where there is one.
pub(super) fn sorted(answer: &Answer, voice: &str, config: &Config) -> Refused {
    let refusal: Refusal = serde_json::from_slice(&answer.body).unwrap_or_default();
    let name = refusal.detail["status"].as_str().unwrap_or_default();
    let said = said(answer, &refusal.detail, &config.key);
    let model = &config.model;
    answer.refused(match (answer.status.as_u16(), name) {
        (_, "quota_exceeded") | (402, _) => {
            Fault::GiveUp(format!("ElevenLabs' credit is used up ({said}): top it up")).into()
        }
        (_, "voice_not_found") => Refused::of_this(Fault::OurMistake(format!(
            "ElevenLabs has no voice `{voice}` for us ({said}): check ELEVENLABS_VOICE and the table of voices"
        ))),
        (_, "max_character_limit_exceeded") => {
            Refused::of_this(Fault::OurMistake(format!("ElevenLabs refuses this text as too long ({said})")))
        }
        (401, "" | "invalid_api_key" | "needs_authorization") => Refused::of_all(Fault::OurMistake(format!(
            "ElevenLabs does not know our key ({said}): check ELEVENLABS_API_KEY"
        ))),
        (401 | 403, _) => {
            Fault::GiveUp(format!("ElevenLabs does not allow us `{model}` ({said}): check the key and the plan")).into()
        }
        (404, _) => Refused::of_all(Fault::OurMistake(format!(
            "there is no text-to-speech at this address ({said}): check ELEVENLABS_URL"
        ))),
        // It is well, and speaks as much for us as the plan allows: our own turn comes when another text is spoken.
        (429, "too_many_concurrent_requests") => Refused::of_this(Fault::Retry(format!(
            "ElevenLabs speaks as many texts at once as the plan allows ({said})"
        ))),
        (408 | 409 | 425 | 429 | 500..=599, _) => Fault::Retry(format!("ElevenLabs has no room now ({said})")).into(),
        _ => Fault::OurMistake(format!("ElevenLabs refuses our request for `{model}` ({said})")).into(),
    })
}

/// Status, name, message and request id, for the log and for the vendor's support.
fn said(answer: &Answer, detail: &Value, key: &str) -> String {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let (name, message) = match detail {
        Value::Array(wrong) => (text(&wrong[0]["type"]), text(&wrong[0]["msg"])),
        Value::String(message) => (None, Some(message.clone())),
        detail => (text(&detail["status"]), text(&detail["message"])),
    };
    let request = Some(answer.header("request-id")).filter(|id| !id.is_empty()).map(|id| format!("request {id}"));
    let parts = [Some(answer.status.as_u16().to_string()), name, message, request];
    let parts = parts.into_iter().flatten().map(|part| excerpt(&part, key)).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;

    use super::*;

    fn sort(status: u16, body: &str) -> Refused {
        let status = StatusCode::from_u16(status).expect("a status");
        let answer = Answer { status, headers: HeaderMap::new(), body: body.into() };
        let (url, key, model) = (String::new(), "secret".into(), "m".into());
        sorted(&answer, "v", &Config { url, key, model, connect: Duration::ZERO })
    }

    fn named(status: u16, name: &str) -> Refused {
        sort(status, &format!(r#"{{"detail":{{"status":"{name}","message":"it is secret"}}}}"#))
    }

    #[test]
    fn too_many_at_once_is_told_from_an_overload() {
        for (name, is_of_all) in [("too_many_concurrent_requests", false), ("system_busy", true)] {
            let refused = named(429, name);
            assert!(matches!(refused.fault, Fault::Retry(_)) && refused.is_of_all == is_of_all, "{name}");
        }
    }

    #[test]
    fn a_refusal_is_sorted_by_its_name_before_its_status() {
        assert!(matches!(named(401, "quota_exceeded").fault, Fault::GiveUp(_)));
        assert!(matches!(named(403, "missing_permissions").fault, Fault::GiveUp(_)));
        for (status, name, is_of_all) in [
            (401, "invalid_api_key", true),
            (404, "voice_not_found", false),
            (400, "voice_not_found", false),
            (400, "max_character_limit_exceeded", false),
            (404, "", true),
        ] {
            let refused = named(status, name);
            assert!(matches!(refused.fault, Fault::OurMistake(_)) && refused.is_of_all == is_of_all, "{status} {name}");
        }
        for status in [408, 429, 500, 503] {
            assert!(matches!(sort(status, "<html>").fault, Fault::Retry(_)), "{status}");
        }
    }

    #[test]
    fn both_shapes_of_body_are_read_and_the_key_is_taken_out() {
        let Fault::OurMistake(text) = named(401, "invalid_api_key").fault else { panic!("our mistake") };
        assert!(text.contains("401, invalid_api_key, it is …"), "{text}");
        let listed = r#"{"detail":[{"loc":["body","text"],"msg":"Field required","type":"missing"}]}"#;
        let Fault::OurMistake(text) = sort(422, listed).fault else { panic!("our mistake") };
        assert!(text.contains("422, missing, Field required"), "{text}");
    }
}
