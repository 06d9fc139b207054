//! What a refusal of Google's means, and what to do about it: `{"error": {"code", "message", "status"}}`.

use engine::io::Fault;
use serde::Deserialize;

use super::CALLED;
use crate::vendors::excerpt;
use crate::vendors::speech::{Answer, Refused};

#[derive(Deserialize, Default)]
#[serde(default)]
struct Refusal {
    error: Said,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Said {
    message: String,
    status: String,
}

/// Sorts a refusal, with a remedy where there is one.
pub(super) fn sorted(answer: &Answer, voice: &str, token: &str) -> Refused {
    let Refusal { error } = serde_json::from_slice(&answer.body).unwrap_or_default();
    let mut said = answer.status.as_u16().to_string();
    for part in [&error.status, &excerpt(&error.message, token)].into_iter().filter(|part| !part.is_empty()) {
        said.push_str(", ");
        said.push_str(part);
    }
    answer.refused(match (answer.status.as_u16(), &*error.status) {
        (401, _) | (_, "UNAUTHENTICATED") => Refused::of_all(Fault::OurMistake(format!(
            "{CALLED} does not believe our token ({said}): check GOOGLE_APPLICATION_CREDENTIALS"
        ))),
        (403, _) => Fault::GiveUp(format!(
            "{CALLED} does not allow us to speak ({said}): switch the Text-to-Speech API on for the account's project, and its billing"
        ))
        .into(),
        (404, _) => Refused::of_all(Fault::OurMistake(format!(
            "there is no text-to-speech at this address ({said}): check GOOGLE_TTS_URL"
        ))),
        (400, _) => Refused::of_this(Fault::OurMistake(format!(
            "{CALLED} refuses our request for `{voice}` ({said}): check GOOGLE_TTS_VOICE and the table of voices"
        ))),
        (408 | 429 | 500..=599, _) => Fault::Retry(format!("{CALLED} has no room now ({said})")).into(),
        _ => Fault::OurMistake(format!("{CALLED} refuses our request ({said})")).into(),
    })
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;

    use super::*;

    fn sort(status: u16, name: &str) -> Refused {
        let body = format!(r#"{{"error":{{"code":{status},"message":"the tok-1","status":"{name}"}}}}"#);
        let status = StatusCode::from_u16(status).expect("a status");
        sorted(&Answer { status, headers: HeaderMap::new(), body: body.into() }, "v", "tok-1")
    }

    #[test]
    fn a_refusal_is_sorted_and_the_token_taken_out() {
        for (status, name) in
            [(429, "RESOURCE_EXHAUSTED"), (500, "INTERNAL"), (503, "UNAVAILABLE"), (504, "DEADLINE_EXCEEDED")]
        {
            assert!(matches!(sort(status, name).fault, Fault::Retry(_)), "{name}");
        }
        assert!(matches!(sort(403, "PERMISSION_DENIED").fault, Fault::GiveUp(_)));
        for (status, name, is_of_all) in
            [(400, "INVALID_ARGUMENT", false), (401, "UNAUTHENTICATED", true), (404, "NOT_FOUND", true)]
        {
            let refused = sort(status, name);
            assert!(matches!(refused.fault, Fault::OurMistake(_)) && refused.is_of_all == is_of_all, "{name}");
        }
        let Fault::OurMistake(text) = sort(400, "INVALID_ARGUMENT").fault else { panic!("our mistake") };
        assert!(text.contains("400, INVALID_ARGUMENT, the …"), "{text}");
    }
}
