//! `/appointments`: a week of them, day by day.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::IntoResponse;
use chrono::{Days, NaiveDate, TimeZone};
use maud::{Markup, html};

use super::viewer::{NoPage, Viewer};
use super::{layout, now, words};
use crate::store::AppointmentRecord;
use crate::store::query::DaySpan;
use crate::web::Front;
use crate::web::api::appointments::shown;
use crate::web::api::params::Params;
use crate::web::api::refusal::Refusal;

/// Days on the page.
const DAYS: u64 = 7;

/// `GET /appointments`, from today or from the day `from`.
pub(super) async fn show(
    State(front): State<Arc<Front>>,
    Viewer(visitor): Viewer,
    RawQuery(query): RawQuery,
) -> Result<impl IntoResponse, NoPage> {
    let zone = front.time_zone;
    let mut params = Params::of(query.as_deref());
    let day = params.parsed("from", "write a day like 2026-11-24", |text| text.parse::<NaiveDate>().ok());
    params.finish()?;
    let first = day.unwrap_or_else(|| now(&front).with_timezone(&zone).date_naive());
    let at = |days: i64| {
        let day = first
            .checked_add_signed(chrono::Duration::days(days))
            .filter(|day| (1971..9998).contains(&chrono::Datelike::year(day)));
        day.ok_or_else(|| Refusal::wrong("from", "write a day like 2026-11-24"))
    };
    let moment = |day: NaiveDate| {
        zone.from_local_datetime(&day.and_hms_opt(0, 0, 0).unwrap_or_default())
            .earliest()
            .map_or_else(|| day.and_hms_opt(0, 0, 0).unwrap_or_default().and_utc(), |at| at.to_utc())
    };
    let span =
        DaySpan { scope: visitor.scope.clone(), business: None, from: moment(at(0)?), to: moment(at(DAYS as i64)?) };
    let found = front.store.records().appointments_between(&span).await?;
    let found: Vec<_> = found.into_iter().map(|appointment| shown(appointment, &visitor)).collect();
    let (before, after) = (at(-(DAYS as i64))?, at(DAYS as i64)?);
    let body = html! {
        h1 { "Appointments" }
        p.lead { (first.format("%-d %B")) " and the six days after it, by the business’s clock" }
        nav.pages aria-label="Weeks" {
            a.button href={ "/appointments?from=" (before) } { "← Week before" }
            a.button href={ "/appointments?from=" (after) } { "Week after →" }
        }
        p {}
        @for n in 0..DAYS {
            @if let Some(date) = first.checked_add_days(Days::new(n)) { (day_of(date, &found)) }
        }
    };
    Ok(layout::page("Appointments", "/appointments", Some(&visitor), None, body))
}

fn day_of(date: NaiveDate, all: &[AppointmentRecord]) -> Markup {
    let begins = date.format("%Y-%m-%d").to_string();
    let mut of_day: Vec<&AppointmentRecord> = all.iter().filter(|one| one.start_at.starts_with(&begins)).collect();
    of_day.sort_by(|one, other| one.start_at.cmp(&other.start_at));
    html! {
        section.card.day {
            h2 { (date.format("%A, %-d %B")) }
            @if of_day.is_empty() { p.none { "Nothing booked." } } @else {
                table.rows {
                    thead { tr { th scope="col" { "At" } th scope="col" { "What" } th scope="col" { "With" } th scope="col" { "For" } th scope="col" { "Number" } th scope="col" { "Call" } } }
                    tbody { @for one in of_day {
                        tr {
                            td.t { (one.start_at.get(11..16).unwrap_or_default()) }
                            td { (words::plain(&one.service)) @if one.status != "booked" { " " span.tag.bad { (one.status) } } @else if one.confirmed_at.is_some() { " " span.tag { "confirmed" } } }
                            td { (one.staff) } td { (one.name) @if !one.details.0.is_empty() { br; small { (one.details.in_words()) } } } td.t { (one.phone) }
                            td { @if let Some(call) = &one.call_id { a href={ "/calls/" (call) } { "listen" } } }
                        }
                    } }
                }
            }
        }
    }
}
