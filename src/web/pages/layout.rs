//! What every page has around it.

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::response::{Html, IntoResponse};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::assets::{Asset, STYLE};
use crate::web::access::Visitor;

/// Nothing but our own files, whatever a caller said.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; media-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const PAGES: [(&str, &str); 5] = [
    ("/", "Overview"),
    ("/calls", "Calls"),
    ("/live", "Live"),
    ("/appointments", "Appointments"),
    ("/messages", "Messages"),
];

/// A desk bell.
const BELL: &str = r#"<svg viewBox="0 0 20 20" aria-hidden="true"><path fill="currentColor" d="M9 3h2v2.1a6.5 6.5 0 0 1 5.5 6.4V13h-13v-1.5A6.5 6.5 0 0 1 9 5.1zM2 14.5h16V17H2z"/></svg>"#;

/// A whole page: its title, the place in the menu that it belongs to, who looks, its script, and what it shows.
pub(super) fn page(
    title: &str,
    place: &str,
    visitor: Option<&Visitor>,
    script: Option<&Asset>,
    body: Markup,
) -> impl IntoResponse + use<> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Frontdesk" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href=(STYLE.path);
                @if let Some(script) = script { script type="module" src=(script.path) {} }
            }
            body {
                a.skip href="#main" { "Skip to the page" }
                header.bar { div {
                    a.brand href="/" { (PreEscaped(BELL)) "Frontdesk" }
                    nav aria-label="Pages" {
                        @for (path, name) in PAGES {
                            a href=(path) aria-current=[(path == place).then_some("page")] { (name) }
                        }
                    }
                    @if let Some(visitor) = visitor { (who(visitor)) }
                } }
                main #main tabindex="-1" { (body) }
                footer {
                    span { "Frontdesk " (env!("CARGO_PKG_VERSION")) }
                    a href="/health" { "health" } a href="/metrics.json" { "metrics" } a href="/api/openapi.json" { "API" }
                }
            }
        }
    };
    let headers = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "private, no-store"),
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, Html(page.into_string()))
}

fn who(visitor: &Visitor) -> Markup {
    html! {
        div.who {
            span { (visitor.name) ", " (visitor.role.name()) }
            @if visitor.name != "local" { form method="post" action="/logout" { button { "Log out" } } }
        }
    }
}
