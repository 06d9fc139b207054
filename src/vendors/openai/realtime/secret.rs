//! Keys for pages that talk to the model by themselves: short-lived, and good for a session only.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Config;
use crate::vendors::{cause, excerpt, http_client};
use engine::io::Fault;

/// A key for a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// The key, `ek_…`. Not to be logged.
    pub value: String,
    /// When it expires, in seconds since 1970.
    pub expires_at: i64,
}

/// Has the service make a key that is good for so many seconds, 10 to 7,200.
///
/// # Errors
/// Why there is none.
pub async fn give_secret(config: &Config, instructions: &str, seconds: u32) -> Result<Given, Fault> {
    let http = http_client("OpenAI", &config.base_url, config.connect)?;
    let body = json!({
        "expires_after": {"anchor": "created_at", "seconds": seconds},
        "session": {
            "type": "realtime",
            "model": config.model,
            "instructions": instructions,
            "audio": {"output": {"voice": config.voice}},
        },
    });
    let url = format!("{}/realtime/client_secrets", config.base_url.trim_end_matches('/'));
    let request = http.post(url).bearer_auth(config.key.trim()).timeout(config.first).json(&body);
    let answer = request.send().await.map_err(|error| Fault::Retry(format!("no key for a page: {}", cause(&error))))?;
    let status = answer.status();
    let text = answer.text().await.map_err(|error| Fault::Retry(format!("no key for a page: {}", cause(&error))))?;
    if !status.is_success() {
        let text = format!("no key for a page: {status}: {}", excerpt(&text, &config.key));
        return Err(if status.as_u16() >= 500 || status.as_u16() == 429 {
            Fault::Retry(text)
        } else {
            Fault::GiveUp(text)
        });
    }
    serde_json::from_str(&text).map_err(|error| Fault::OurMistake(format!("a key for a page cannot be read: {error}")))
}
