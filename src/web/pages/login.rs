//! `/login`: a key opens a session.

use axum::extract::RawQuery;
use axum::response::IntoResponse;
use maud::html;

use super::layout;

/// `GET /login`.
pub(in crate::web) async fn show(RawQuery(query): RawQuery) -> impl IntoResponse {
    let given = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes());
        pairs.find(|(given, _)| given == name).map(|(_, value)| value.into_owned())
    };
    let body = html! {
        form.card.login method="post" action="/login" {
            h1 { "Log in" }
            p.lead { "With a key of " code { "ANALYST_KEYS" } ", or a token." }
            @if given("failed").is_some() { p.tag.bad role="alert" { "That key is not known." } }
            input type="hidden" name="next" value=(given("next").unwrap_or_default());
            p { label { "Key" input type="password" name="key" autocomplete="current-password" required autofocus; } }
            button.main { "Log in" }
        }
    };
    layout::page("Log in", "", None, None, body)
}
