//! Which times are free: arithmetic on opening hours and what is already booked.
//!
//! Starts are named on the business's own clock, without a zone; how long something takes, and whether two things
//! overlap, is reckoned in UTC, so that the night in which the clock is changed is right to the minute. A moment that
//! daylight saving skips does not exist and is refused as closed; one that happens twice is the first of the two. The
//! database has the last word on what is booked; this is what is offered until then.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike, Utc};
use statecharts::prompt::Refusal;
use statecharts::proposal::Slot;

use crate::business::{Business, Opening, Service, Staff};

/// A stretch in which somebody cannot take an appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Busy {
    /// The id of the staff.
    pub staff: String,
    /// The first busy minute.
    pub from: DateTime<Utc>,
    /// The first minute after, with what is needed to get ready for the next.
    pub to: DateTime<Utc>,
}

/// What the calendar says to a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// A single time was wanted, and somebody is free then.
    pub wanted_is_free: bool,
    /// Why the wanted time cannot be had; for a stretch, why nothing in it can.
    pub refusal: Option<Refusal>,
    /// Free times nearest to what was wanted, in order.
    pub nearest: Vec<Slot>,
}

/// The furthest ahead that a business may book and that is ever looked: two years.
pub const HORIZON_DAYS_MAX: u32 = 730;

/// How a moment is written.
const FORMAT: &str = "%Y-%m-%dT%H:%M";

/// A moment as the charts and the database name it, seconds dropped.
pub fn slot(at: NaiveDateTime) -> Slot {
    Slot(at.format(FORMAT).to_string())
}

/// The moment a slot names; none when it names none.
pub fn moment(slot: &Slot) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(&slot.0, FORMAT).ok()
}

/// When a moment of the business's clock is, if its zone has it; the first time when it comes twice.
pub fn instant(business: &Business, at: NaiveDateTime) -> Option<DateTime<Utc>> {
    business.time_zone.from_local_datetime(&at).earliest().map(|at| at.with_timezone(&Utc))
}

/// Answers a wish for a service between two starts, `from == to` for a single time.
pub fn find(
    business: &Business,
    service: &Service,
    from: NaiveDateTime,
    to: NaiveDateTime,
    now: NaiveDateTime,
    busy: &[Busy],
    most: usize,
) -> Found {
    let nearest = nearest(business, service, from, to, now, busy, most);
    if from == to {
        let refusal = free_staff(business, service, from, now, busy).err();
        return Found { wanted_is_free: refusal.is_none(), refusal, nearest };
    }
    let inside = nearest.iter().filter_map(moment).any(|at| (from..=to).contains(&at));
    Found {
        wanted_is_free: false,
        refusal: if inside { None } else { Some(refusal_of_stretch(business, from, to, now)) },
        nearest,
    }
}

/// Everybody who could take a service at a moment, in the order of the file; or why nobody can.
pub fn free_staff<'b>(
    business: &'b Business,
    service: &Service,
    at: NaiveDateTime,
    now: NaiveDateTime,
    busy: &[Busy],
) -> Result<Vec<&'b Staff>, Refusal> {
    if instant_or_after(business, at) < earliest(business, now) {
        return Err(Refusal::Past);
    }
    if at.date() > last_day(business, now) {
        return Err(Refusal::TooFar);
    }
    if !is_open(business, service, at) {
        return Err(Refusal::Closed);
    }
    if !is_on_grid(business, at) {
        return Err(Refusal::OffGrid);
    }
    let free = staff_free_at(business, service, at, busy);
    if free.is_empty() { Err(Refusal::Taken) } else { Ok(free) }
}

/// Free starts nearest to a stretch, in order, `most` at most.
///
/// Where the stretch has free starts, only those are given: spread from its first to its last when it is a week or
/// shorter, so that a day is offered as morning, noon and evening; its first ones when it is longer, which is what
/// "the earliest you have" asks for. Where it has none, the starts with the smallest distance from its ends are given,
/// on either side.
pub fn nearest(
    business: &Business,
    service: &Service,
    from: NaiveDateTime,
    to: NaiveDateTime,
    now: NaiveDateTime,
    busy: &[Busy],
    most: usize,
) -> Vec<Slot> {
    const SPREAD_DAYS: i64 = 8;
    let free_on = |day: NaiveDate| free_starts(business, service, day, now, busy);
    let (first, last) = (local(business, earliest(business, now)).date(), last_day(business, now));
    let days = || first.max(from.date()).iter_days().take_while(|day| *day <= last.min(to.date()));
    let inside = days().flat_map(free_on).filter(|at| (from..=to).contains(at));
    let chosen: Vec<NaiveDateTime> = if (to - from).num_days() < SPREAD_DAYS {
        spread(&inside.collect::<Vec<_>>(), most)
    } else {
        inside.take(most).collect()
    };
    let chosen = if chosen.is_empty() { around(from, to, first, last, most, free_on) } else { chosen };
    chosen.into_iter().map(slot).collect()
}

/// Free starts outside a stretch, nearest to its ends. Looks day by day, and stops when no other day can be nearer.
fn around(
    from: NaiveDateTime,
    to: NaiveDateTime,
    first: NaiveDate,
    last: NaiveDate,
    most: usize,
    free_on: impl Fn(NaiveDate) -> Vec<NaiveDateTime>,
) -> Vec<NaiveDateTime> {
    let distance = |at: &NaiveDateTime| if *at < from { (from - *at, 1) } else { (*at - to, 0) };
    let forward = from.date().max(first).min(last);
    let mut found: Vec<NaiveDateTime> = Vec::new();
    let span = (last - first).num_days().max(0) as u64 + (to.date() - from.date()).num_days().max(0) as u64;
    for away in 0..=span {
        let days = [forward.checked_add_days(Days::new(away)), forward.checked_sub_days(Days::new(away))];
        for day in days.into_iter().flatten().filter(|day| (first..=last).contains(day)) {
            found.extend(free_on(day));
        }
        found.sort_by_key(distance);
        found.dedup();
        found.truncate(most);
        let sure = TimeDelta::days(away as i64) - (to - from).min(TimeDelta::days(away as i64));
        if found.len() == most && found.iter().all(|at| distance(at).0 <= sure) {
            break;
        }
    }
    found.sort();
    found
}

/// As many of the times as are wanted, evenly from the first to the last.
fn spread(times: &[NaiveDateTime], most: usize) -> Vec<NaiveDateTime> {
    if times.len() <= most || most < 2 {
        return times.iter().copied().take(most).collect();
    }
    (0..most).map(|nth| times[nth * (times.len() - 1) / (most - 1)]).collect()
}

/// Every free start of a day.
fn free_starts(
    business: &Business,
    service: &Service,
    day: NaiveDate,
    now: NaiveDateTime,
    busy: &[Busy],
) -> Vec<NaiveDateTime> {
    let begin = day.and_time(NaiveTime::MIN);
    let (first, last) = (instant_or_after(business, begin), instant_or_after(business, begin + TimeDelta::days(2)));
    let busy: Vec<Busy> = busy.iter().filter(|busy| busy.from < last && busy.to > first).cloned().collect();
    (0..24 * 60)
        .map(|min| begin + TimeDelta::minutes(min))
        .filter(|at| is_on_grid(business, *at) && free_staff(business, service, *at, now, &busy).is_ok())
        .collect()
}

/// The first moment that may be booked.
fn earliest(business: &Business, now: NaiveDateTime) -> DateTime<Utc> {
    instant_or_after(business, now) + TimeDelta::minutes(business.booking.lead_min.into())
}

/// The last day that may be booked.
pub(crate) fn last_day(business: &Business, now: NaiveDateTime) -> NaiveDate {
    let ahead = business.booking.horizon_days.min(HORIZON_DAYS_MAX);
    now.date().checked_add_days(Days::new(ahead.into())).unwrap_or(NaiveDate::MAX)
}

/// Why nothing can be had in a stretch.
fn refusal_of_stretch(business: &Business, from: NaiveDateTime, to: NaiveDateTime, now: NaiveDateTime) -> Refusal {
    if instant_or_after(business, to) < earliest(business, now) {
        return Refusal::Past;
    }
    if from.date() > last_day(business, now) {
        return Refusal::TooFar;
    }
    let days = from.date().iter_days().take_while(|day| *day <= to.date()).take(366);
    let open = days.flat_map(|day| business.openings_on(day).iter().map(move |opening| (day, opening)));
    let any =
        open.into_iter().any(|(day, opening)| day.and_time(opening.from) <= to && day.and_time(opening.to) > from);
    if any { Refusal::Taken } else { Refusal::Closed }
}

/// Whether a service that begins now ends inside the same opening, at a moment that the zone's clock shows.
fn is_open(business: &Business, service: &Service, at: NaiveDateTime) -> bool {
    fits(business, service, at, business.openings_on(at.date()))
}

fn fits(business: &Business, service: &Service, at: NaiveDateTime, openings: &[Opening]) -> bool {
    let Some(start) = instant(business, at) else { return false };
    let end = start + TimeDelta::minutes(service.minutes.into());
    let on_day = |time: NaiveTime| instant_or_after(business, at.date().and_time(time));
    openings.iter().any(|opening| on_day(opening.from) <= start && end <= on_day(opening.to))
}

/// When a moment of the business's clock is; for one that daylight saving skips, when the clock is put forward.
fn instant_or_after(business: &Business, at: NaiveDateTime) -> DateTime<Utc> {
    // No zone has ever skipped more than a day.
    const SKIPPED_MIN_MAX: i64 = 24 * 60;
    (0..=SKIPPED_MIN_MAX)
        .find_map(|min| instant(business, at + TimeDelta::minutes(min)))
        .unwrap_or_else(|| at.and_utc())
}

/// A moment on the business's clock.
pub fn local(business: &Business, at: DateTime<Utc>) -> NaiveDateTime {
    at.with_timezone(&business.time_zone).naive_local()
}

/// Whether appointments begin on this minute: multiples of the grid after the hour, or, for a grid longer than an
/// hour, after midnight.
fn is_on_grid(business: &Business, at: NaiveDateTime) -> bool {
    let grid = business.booking.grid_min.max(1);
    let min = if grid > 60 { at.hour() * 60 + at.minute() } else { at.minute() };
    min.is_multiple_of(grid) && at.second() == 0
}

fn staff_free_at<'b>(business: &'b Business, service: &Service, at: NaiveDateTime, busy: &[Busy]) -> Vec<&'b Staff> {
    let Some(start) = instant(business, at) else { return Vec::new() };
    let end = start + TimeDelta::minutes((service.minutes + service.buffer_min).into());
    let does = |staff: &&Staff| staff.services.is_empty() || staff.services.contains(&service.id);
    let works = |staff: &&Staff| fits(business, service, at, &business.at_work_on(staff, at.date()));
    let free = |staff: &&Staff| !busy.iter().any(|busy| busy.staff == staff.id && busy.from < end && start < busy.to);
    business.staff.iter().filter(does).filter(free).filter(works).collect()
}

#[cfg(test)]
mod tests;
