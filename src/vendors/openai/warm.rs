//! Is the configured model there, and will it stay? Asked once at start-up: a retired model otherwise shows as the
//! first caller's silence.

use std::time::Duration;

use engine::io::Fault;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use tokio::time::timeout;

use super::Config;
use super::failure::sort_refusal;
use super::transport::refused;
use crate::vendors::cause;

/// How long the list of models may take.
const LIST_MAX: Duration = Duration::from_secs(5);

/// What the vendor says of the configured model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// Whether the vendor lists it; none when it lists nothing we can read. A server of one model may list none.
    pub is_listed: Option<bool>,
    /// The day it goes away, `YYYY-MM-DD`, when that is known.
    pub shutdown_date: Option<String>,
    /// Something to tell whoever runs this, with the remedy.
    pub warning: Option<String>,
}

#[derive(Deserialize)]
struct List {
    data: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    id: String,
    shutdown_date: Option<String>,
}

pub(super) async fn warm(http: &reqwest::Client, config: &Config) -> Result<Readiness, Fault> {
    let address = format!("{}/models", config.base_url);
    let asked = async {
        let request = http.get(&address).bearer_auth(&config.key).headers(organization(config));
        let response = request.send().await.map_err(|error| unreachable(config, &error))?;
        if !response.status().is_success() {
            return Err(sort_refusal(&refused(response).await, config));
        }
        response.bytes().await.map_err(|error| unreachable(config, &error))
    };
    let late = || Fault::Retry(format!("{address} did not answer within {} ms", LIST_MAX.as_millis()));
    let body = timeout(LIST_MAX, asked).await.map_err(|_| late())??;
    Ok(judge(&body, &config.model))
}

fn organization(config: &Config) -> HeaderMap {
    let org = config.org.as_deref().map(str::trim).filter(|org| !org.is_empty());
    let mut headers = HeaderMap::new();
    if let Some(org) = org.and_then(|org| org.parse().ok()) {
        headers.insert("openai-organization", org);
    }
    headers
}

fn unreachable(config: &Config, error: &reqwest::Error) -> Fault {
    Fault::Retry(format!("OpenAI cannot be reached at {}: {}", config.base_url, cause(error)))
}

fn judge(body: &[u8], model: &str) -> Readiness {
    let Ok(list) = serde_json::from_slice::<List>(body) else {
        return Readiness { is_listed: None, shutdown_date: None, warning: None };
    };
    let Some(entry) = list.data.into_iter().find(|entry| entry.id == model) else {
        let warning = format!("OpenAI lists no model `{model}` for our key: set OPENAI_MODEL to one it lists");
        return Readiness { is_listed: Some(false), shutdown_date: None, warning: Some(warning) };
    };
    let warning = entry
        .shutdown_date
        .as_ref()
        .map(|day| format!("OpenAI turns `{model}` off on {day}: set OPENAI_MODEL to another before then"));
    Readiness { is_listed: Some(true), shutdown_date: entry.shutdown_date, warning }
}

#[cfg(test)]
mod tests {
    use super::judge;

    #[test]
    fn a_model_is_there_or_going_or_gone() {
        let list = br#"{"object":"list","data":[{"id":"a","shutdown_date":null,"owned_by":"x"},{"id":"b","shutdown_date":"2027-01-14"}]}"#;
        let ready = judge(list, "a");
        assert_eq!((ready.is_listed, ready.warning), (Some(true), None));
        let going = judge(list, "b");
        assert_eq!(going.shutdown_date.as_deref(), Some("2027-01-14"));
        assert!(going.warning.is_some_and(|text| text.contains("2027-01-14") && text.contains("OPENAI_MODEL")));
        let gone = judge(list, "c");
        assert_eq!(gone.is_listed, Some(false));
        assert!(gone.warning.is_some_and(|text| text.contains("`c`")));
    }

    #[test]
    fn a_server_without_a_list_says_nothing_either_way() {
        for body in [&b"[]"[..], b"not json", b"{}"] {
            assert_eq!(judge(body, "a").is_listed, None);
        }
    }
}
