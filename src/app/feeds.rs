//! Calendars that calendar programs subscribe to, one for each of the staff.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use engine::business::Business;
use engine::calendar::HORIZON_DAYS_MAX;

use crate::app::House;
use crate::calendars::{Entry, Token, feed};
use crate::config::{BusinessError, Settings, load_businesses};
use crate::store::query::{DaySpan, Scope};

/// How far back a calendar shows what was.
const PAST: TimeDelta = TimeDelta::days(30);

/// A calendar's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedAddress {
    /// The business's name.
    pub business: String,
    /// Whose calendar.
    pub staff: String,
    /// Where it is, below the server's own address.
    pub path: String,
}

/// The address of every calendar; none where `CALENDAR_SECRET` is not set.
///
/// # Errors
/// When a business file cannot be used.
pub fn feed_addresses(settings: &Settings) -> Result<Option<Vec<FeedAddress>>, BusinessError> {
    let Some(secret) = &settings.desk.calendar_secret else { return Ok(None) };
    let all = load_businesses(&settings.desk.business_file)?;
    let addresses = all.iter().flat_map(|business| {
        business.staff.iter().map(|staff| FeedAddress {
            business: business.name.clone(),
            staff: staff.name.clone(),
            path: format!("/calendar/{}.ics", Token::of(secret.expose(), &business.name, &staff.id)),
        })
    });
    Ok(Some(addresses.collect()))
}

impl House {
    /// The calendar of a token; none where it is nobody's.
    pub(super) async fn feed(&self, given: &str) -> Option<String> {
        let secret = self.calendar_secret.as_deref()?;
        let all = self.businesses.all();
        let whose = |business: &Arc<Business>| {
            let theirs = business.staff.iter().find(|staff| Token::of(secret, &business.name, &staff.id).is(given));
            theirs.map(|staff| (Arc::clone(business), staff.clone()))
        };
        let (business, staff) = all.iter().find_map(whose)?;
        let now = DateTime::from_timestamp_millis(self.clock.wall_ms()).unwrap_or_default();
        let span = DaySpan {
            scope: Scope::Business(business.name.clone()),
            business: None,
            from: now - PAST,
            to: now + TimeDelta::days(HORIZON_DAYS_MAX.into()),
        };
        let appointments = self.store.records().appointments_between(&span).await;
        let appointments =
            appointments.inspect_err(|error| tracing::warn!(%error, "a calendar cannot be read")).ok()?;
        let theirs = appointments.into_iter().filter(|one| one.staff == staff.id && one.status == "booked");
        let entries: Vec<Entry> = theirs
            .map(|one| Entry {
                title: format!(
                    "{}: {}",
                    business.service(&one.service).map_or(&*one.service, |known| &known.name),
                    one.name
                ),
                id: one.id,
                from: one.start_utc,
                to: one.end_utc,
                detail: [one.phone, one.details.in_words()]
                    .into_iter()
                    .filter(|line| !line.is_empty())
                    .collect::<Vec<_>>()
                    .join("\n"),
            })
            .collect();
        Some(feed(&format!("{}, {}", staff.name, business.name), &entries, now))
    }
}
