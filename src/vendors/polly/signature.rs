//! AWS's signature, version 4, of a request to Polly.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use engine::io::Fault;

use super::Config;

/// The headers that a request needs to be believed.
pub(super) fn headers(config: &Config, address: &str, body: &[u8]) -> Result<Vec<(String, String)>, Fault> {
    let wrong = |what: String| Fault::OurMistake(format!("a request to Polly cannot be signed: {what}"));
    let Config { access_key_id, secret_access_key, session_token, region, .. } = config;
    let keys = Credentials::new(access_key_id, secret_access_key, session_token.clone(), None, "settings");
    let (identity, time) = (keys.into(), time_of((config.wall_ms)()));
    let params = SigningParams::builder().identity(&identity).region(region).name("polly").time(time);
    let params = params.settings(SigningSettings::default()).build().map_err(|error| wrong(error.to_string()))?;
    let signed = [("content-type", "application/json")].into_iter();
    let request = SignableRequest::new("POST", address, signed, SignableBody::Bytes(body));
    let request = request.map_err(|error| wrong(error.to_string()))?;
    let signed = sign(request, &params.into()).map_err(|error| wrong(error.to_string()))?;
    let (instructions, _) = signed.into_parts();
    Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

fn time_of(wall_ms: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(wall_ms.max(0).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::super::tests::config;
    use super::*;

    /// Recomputed apart from this crate, with code that gives the published result for AWS's own test `get-vanilla`.
    #[test]
    fn a_known_request_has_its_known_signature() {
        let body = br#"{"Engine":"neural","OutputFormat":"mulaw","SampleRate":"8000","Text":"Hi","VoiceId":"Joanna"}"#;
        let headers = headers(&config(), "https://polly.eu-west-1.amazonaws.com/v1/speech", body).expect("signed");
        let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(header("x-amz-date"), Some("20260102T030405Z"));
        assert_eq!(
            header("authorization"),
            Some(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-west-1/polly/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-date, \
                 Signature=c3c885d6e4e3f8e9b9d2215e98a021b6746fe516d61203afd95e66c15c923acc"
            )
        );
    }

    #[test]
    fn the_token_of_temporary_credentials_is_signed() {
        let config = Config { session_token: Some("token".into()), ..config() };
        let headers = headers(&config, "http://127.0.0.1:9/v1/speech", b"{}").expect("signed");
        assert!(headers.iter().any(|(name, value)| name == "x-amz-security-token" && value == "token"));
        assert!(headers.iter().any(|(_, value)| value.contains("content-type;host;x-amz-date;x-amz-security-token")));
    }
}
