//! The front page: what this is, how it is, and where to look next.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::{Html, IntoResponse};

use super::twiml::Escaped;
use super::{Front, Health};

const PAGE: &str = include_str!("page.html");

/// `GET /`.
pub(super) async fn show(State(front): State<Arc<Front>>) -> impl IntoResponse {
    let url = front.public_url.as_deref().unwrap_or("https://your-tunnel.ngrok.app");
    let page = render(&front.desk.health(), url);
    ([(CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'")], Html(page))
}

fn render(health: &Health, url: &str) -> String {
    let vendors = match &health.sandbox[..] {
        [] => "All vendors are real.".to_owned(),
        stood_in => {
            format!("The sandbox stands in for {}: no keys needed, nobody is really called.", stood_in.join(", "))
        }
    };
    let parts = [
        ("{status}", health.status().to_owned()),
        ("{version}", health.version.to_owned()),
        ("{active}", health.calls_active.to_string()),
        ("{max}", health.calls_max.to_string()),
        ("{vendors}", vendors),
        ("{url}", url.trim_end_matches('/').to_owned()),
    ];
    parts.iter().fold(PAGE.to_owned(), |page, (name, value)| page.replace(name, &Escaped(value).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_on_the_page_is_filled_and_escaped() {
        let health =
            Health { sandbox: vec!["deepgram", "openai"], calls_active: 3, calls_max: 200, ..Health::default() };
        let page = render(&health, "https://x/<script>");
        assert!(page.contains("3 of 200") && page.contains("deepgram, openai"));
        assert!(page.contains("https://x/&lt;script&gt;/voice") && !page.contains("<script>"));
        for place in ["{status}", "{version}", "{active}", "{max}", "{vendors}", "{url}"] {
            assert!(!page.contains(place), "{place}");
        }
    }
}
