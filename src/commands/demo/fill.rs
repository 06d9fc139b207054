//! A believable week: calls of the real engine in virtual time, written down as any call is. They have no recording, for
//! nobody spoke, so who was heard for how long is what the rows say; and no model answered, so the rules carried them.

use anyhow::Context;
use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, NaiveDateTime, TimeZone, Utc, Weekday};
use engine::business::{Business, Opening};
use engine::io::{Input, Output, QueryId, Reservation};
use engine::record::{Row, Speaker};
use engine::redaction::RowRedactor;
use indicatif::{ProgressBar, ProgressStyle};
use sandbox::stepped::random::{self, Dice, Plan};
use sandbox::stepped::{Log, Logged};
use statecharts::proposal::Slot;
use uuid::Uuid;

use super::DIALLED;
use crate::analytics::Tally;
use crate::app;
use crate::commands::show::say;
use crate::config::{self, Settings};
use crate::store::{CallStart, Reserved, Store};

/// Open days that are filled, up to today.
const DAYS: usize = 7;

/// Calls between two waits for the store, so that its queue stays short: a call leaves fewer than a hundred rows.
const CALLS_AHEAD: u32 = 50;

/// Writes so many calls of the last open days down. Every time others.
pub(super) async fn fill(calls: u32, settings: &Settings, store: &Store) -> anyhow::Result<()> {
    let business = config::load_businesses(&settings.desk.business_file)?.swap_remove(0);
    let mut dice = Dice::of_seed(rand::random());
    let mut moments = moments(calls, &business, &mut dice).context("the business is never open, so nobody calls")?;
    moments.sort_unstable();
    let bar = ProgressBar::new(calls.into());
    bar.set_style(
        ProgressStyle::with_template("{bar:40} {pos}/{len} calls, {eta} left").expect("the template is right"),
    );
    let (mut taken, mut booked) = (Vec::new(), 0);
    for (n, at) in (1..).zip(moments) {
        let plan = Plan::everyday(Dice::of_seed(rand::random()), at.timestamp_millis());
        let log = random::log(&plan, &business, &taken);
        booked += u32::from(write(&log, &business, settings, store, &mut taken, at).await?);
        if n % CALLS_AHEAD == 0 {
            store.flush().await;
        }
        bar.inc(1);
    }
    store.flush().await;
    bar.finish_and_clear();
    say(&format!("{calls} simulated calls are on record, {booked} of them with an appointment."));
    Ok(())
}

/// Writes one call down, and says whether an appointment was made in it.
async fn write(
    log: &Log,
    business: &Business,
    settings: &Settings,
    store: &Store,
    taken: &mut Vec<(Slot, i64)>,
    at: DateTime<Utc>,
) -> anyhow::Result<bool> {
    let call_id = Uuid::new_v4();
    let from = log.iter().find_map(|(_, logged)| match logged {
        Logged::Input(Input::Answered(answered)) => Some(answered.from.clone()),
        _ => None,
    });
    let from = from.unwrap_or_default();
    let mut redactor = RowRedactor::new(app::redactor(settings));
    let mut tally = Tally::new(&from, None);
    let sid = call_id.simple();
    store.begin(CallStart {
        call_id,
        call_sid: format!("CA{sid}"),
        stream_sid: format!("MZ{sid}"),
        from,
        to: DIALLED.to_owned(),
        business: business.name.clone(),
        started_at_ms: at.timestamp_millis(),
        sandbox: true,
        outbound: false,
        agent: None,
    });
    let mut has_booked = false;
    for (moment, logged) in log {
        match logged {
            Logged::Input(Input::VoiceStarted) => tally.voice_started(*moment),
            Logged::Input(Input::VoiceEnded { voiced_ms }) => tally.voice_ended(*voiced_ms),
            Logged::Output(Output::Record(row)) => {
                count(&mut tally, row);
                store.record(call_id, redactor.row(row.clone()));
            }
            Logged::Input(Input::SlotReserved { query, .. }) => {
                let Some((key, reservation)) = ordered(log, *query) else { continue };
                let key = format!("{call_id}/{key}");
                let made = store.reserve(business, call_id, &key, reservation, at.timestamp_millis()).await?;
                has_booked |= matches!(made, Reserved::Appointment(_));
                let service = business.services.iter().find(|service| service.id == reservation.service);
                taken.push((reservation.slot.clone(), service.map_or(30, |service| service.minutes.into())));
            }
            _ => {}
        }
    }
    let duration_ms = log.last().map_or(0, |(moment, _)| moment.as_ms());
    store.figured(call_id, tally.last_figures(duration_ms, at.timestamp_millis() + duration_ms as i64));
    store.cost(call_id, tally.costs(duration_ms, &app::prices(settings)));
    store.described(call_id, tally.metadata());
    Ok(has_booked)
}

fn count(tally: &mut Tally, row: &Row) {
    if let Row::Said { speaker: Speaker::Assistant, heard, from, to, .. } = row {
        tally.assistant_heard(*from, *to);
        tally.spoken(heard, true);
    }
    tally.row(row);
}

fn ordered(log: &Log, wanted: QueryId) -> Option<(&str, &Reservation)> {
    log.iter().find_map(|(_, logged)| match logged {
        Logged::Output(Output::ReserveSlot { query, key, reservation }) if *query == wanted => {
            Some((&**key, reservation))
        }
        _ => None,
    })
}

/// When the calls come: on the last open days, while it is open, and never later than now.
fn moments(calls: u32, business: &Business, dice: &mut Dice) -> Option<Vec<DateTime<Utc>>> {
    let now = DateTime::from_timestamp_millis(crate::clock::Clock.wall_ms())?;
    let today = now.with_timezone(&business.time_zone).date_naive();
    let days = (0..60).filter_map(|back| today.checked_sub_days(Days::new(back)));
    let stretches = days.flat_map(|day| openings(business, day.weekday()).iter().map(move |opening| (day, *opening)));
    let stretches: Vec<_> =
        stretches.filter_map(|(day, opening)| open(day, opening, business, now)).take(DAYS).collect();
    let pick = |dice: &mut Dice| {
        let (from, to) = dice.pick(&stretches);
        from + Duration::seconds(dice.below((to - from).num_seconds().max(1) as u64) as i64)
    };
    (!stretches.is_empty()).then(|| (0..calls).map(|_| pick(dice)).collect())
}

/// A stretch of a day in which it was open, as far as it is over; a call takes a few minutes.
fn open(
    day: NaiveDate,
    opening: Opening,
    business: &Business,
    now: DateTime<Utc>,
) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let at = |local: NaiveDateTime| Some(business.time_zone.from_local_datetime(&local).earliest()?.to_utc());
    let (from, to) = (at(day.and_time(opening.from))?, at(day.and_time(opening.to))?.min(now - Duration::minutes(10)));
    (from < to).then_some((from, to))
}

fn openings(business: &Business, day: Weekday) -> &[Opening] {
    let hours = &business.hours;
    match day {
        Weekday::Mon => &hours.mon,
        Weekday::Tue => &hours.tue,
        Weekday::Wed => &hours.wed,
        Weekday::Thu => &hours.thu,
        Weekday::Fri => &hours.fri,
        Weekday::Sat => &hours.sat,
        Weekday::Sun => &hours.sun,
    }
}
