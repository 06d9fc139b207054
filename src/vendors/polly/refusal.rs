//! What a refusal of Polly's means, and what to do about it. The error's type says it, not the status: a request too many
//! is answered with 400.

use engine::io::Fault;
use serde::Deserialize;

use super::Config;
use crate::vendors::excerpt;
use crate::vendors::speech::{Answer, Refused};

#[derive(Deserialize, Default)]
#[serde(default)]
struct Refusal {
    #[serde(rename = "__type")]
    kind: String,
    #[serde(alias = "Message")]
    message: String,
}

/// Sorts a refusal, with a remedy where there is one.
pub(super) fn sorted(answer: &Answer, voice: &str, config: &Config) -> Refused {
    let refusal: Refusal = serde_json::from_slice(&answer.body).unwrap_or_default();
    let kind = kind(answer, &refusal);
    let said = said(answer, kind, &excerpt(&refusal.message, &config.secret_access_key));
    let engine = &config.engine;
    answer.refused(match (kind, answer.status.as_u16()) {
        ("ThrottlingException" | "ThrottledException" | "TooManyRequestsException" | "RequestLimitExceeded", _) => {
            Fault::Retry(format!("Polly has no room now ({said})")).into()
        }
        ("ServiceQuotaExceededException", _) | (_, 402) => {
            Fault::GiveUp(format!("Polly's quota is used up ({said}): have it raised")).into()
        }
        ("AccessDeniedException", _) => {
            Fault::GiveUp(format!("AWS does not allow our key to speak ({said}): give it polly:SynthesizeSpeech"))
                .into()
        }
        (_, 401 | 403) => Refused::of_all(Fault::OurMistake(format!(
            "AWS does not believe our key ({said}): check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the clock"
        ))),
        ("EngineNotSupportedException" | "ValidationException" | "LanguageNotSupportedException", _) => {
            Refused::of_this(Fault::OurMistake(format!(
                "Polly refuses `{voice}` with the engine `{engine}` ({said}): check POLLY_VOICE and POLLY_ENGINE"
            )))
        }
        (_, 408 | 429 | 500..=599) => Fault::Retry(format!("Polly has no room now ({said})")).into(),
        ("", 404) => Refused::of_all(Fault::OurMistake(format!(
            "there is no text-to-speech at this address ({said}): check POLLY_URL and AWS_REGION"
        ))),
        _ => Refused::of_this(Fault::OurMistake(format!("Polly refuses our request ({said})"))),
    })
}

/// The name of what is wrong: `ThrottlingException` of `com.amazonaws.polly#ThrottlingException:http://…`.
fn kind<'a>(answer: &'a Answer, refusal: &'a Refusal) -> &'a str {
    let header = answer.header("x-amzn-errortype");
    let name = if header.is_empty() { &refusal.kind } else { header };
    let name = name.split(':').next().unwrap_or_default();
    name.rsplit('#').next().unwrap_or_default().trim()
}

fn said(answer: &Answer, kind: &str, message: &str) -> String {
    let request = Some(answer.header("x-amzn-requestid")).filter(|id| !id.is_empty()).map(|id| format!("request {id}"));
    let status = answer.status.as_u16().to_string();
    let parts = [status, kind.to_owned(), message.to_owned(), request.unwrap_or_default()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;

    use super::super::tests::config;
    use super::*;

    fn sort(status: u16, header: Option<&str>, body: &str) -> Refused {
        let mut headers = HeaderMap::new();
        if let Some(kind) = header {
            headers.insert("x-amzn-errortype", kind.parse().expect("a header"));
        }
        let status = StatusCode::from_u16(status).expect("a status");
        sorted(&Answer { status, headers, body: body.into() }, "Joanna", &config())
    }

    #[test]
    fn throttling_is_told_from_other_bad_requests_by_its_type() {
        for kind in ["ThrottlingException", "ThrottlingException:http://internal.amazon.com/coral/"] {
            let refused = sort(400, Some(kind), r#"{"message":"Rate exceeded"}"#);
            assert!(matches!(refused.fault, Fault::Retry(_)) && refused.is_of_all, "{kind}");
        }
        let in_body = sort(400, None, r#"{"__type":"com.amazonaws.polly#ThrottlingException","message":"m"}"#);
        assert!(matches!(in_body.fault, Fault::Retry(_)));
        let refused = sort(400, Some("TextLengthExceededException"), "{}");
        assert!(matches!(refused.fault, Fault::OurMistake(_)) && !refused.is_of_all);
    }

    #[test]
    fn every_other_type_has_its_sort() {
        for (status, kind) in [(402, "ServiceQuotaExceededException"), (403, "AccessDeniedException")] {
            assert!(matches!(sort(status, Some(kind), "").fault, Fault::GiveUp(_)), "{kind}");
        }
        for (status, kind, is_of_all) in [
            (403, "SignatureDoesNotMatch", true),
            (403, "ExpiredTokenException", true),
            (400, "ValidationException", false),
            (400, "InvalidSsmlException", false),
        ] {
            let refused = sort(status, Some(kind), "");
            assert!(matches!(refused.fault, Fault::OurMistake(_)) && refused.is_of_all == is_of_all, "{kind}");
        }
        assert!(matches!(sort(500, Some("ServiceFailureException"), "").fault, Fault::Retry(_)));
    }
}
