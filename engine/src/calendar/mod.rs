//! Which times are free: arithmetic on opening hours and what is already booked.
//!
//! All moments are the business's own clock, without a zone. A moment that daylight saving skips does not exist and is
//! refused as closed; one that happens twice is the first of the two. The database has the last word on what is
//! booked; this is what is offered until then.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike};
use statecharts::prompt::Refusal;
use statecharts::proposal::Slot;

use crate::business::{Business, Opening, Service, Staff};

/// A stretch in which somebody cannot take an appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Busy {
    /// The id of the staff.
    pub staff: String,
    /// The first busy minute.
    pub from: NaiveDateTime,
    /// The first minute after.
    pub to: NaiveDateTime,
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
    if at < earliest(business, now) {
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
    let (first, last) = (earliest(business, now).date(), last_day(business, now));
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
    let (begin, end) = (day.and_time(NaiveTime::MIN), day.and_time(NaiveTime::MIN) + TimeDelta::days(2));
    let busy: Vec<Busy> = busy.iter().filter(|busy| busy.from < end && busy.to > begin).cloned().collect();
    (0..24 * 60)
        .map(|min| begin + TimeDelta::minutes(min))
        .filter(|at| is_on_grid(business, *at) && free_staff(business, service, *at, now, &busy).is_ok())
        .collect()
}

/// The first moment that may be booked.
fn earliest(business: &Business, now: NaiveDateTime) -> NaiveDateTime {
    now + TimeDelta::minutes(business.booking.lead_min.into())
}

/// The last day that may be booked.
pub(crate) fn last_day(business: &Business, now: NaiveDateTime) -> NaiveDate {
    let ahead = business.booking.horizon_days.min(HORIZON_DAYS_MAX);
    now.date().checked_add_days(Days::new(ahead.into())).unwrap_or(NaiveDate::MAX)
}

/// Why nothing can be had in a stretch.
fn refusal_of_stretch(business: &Business, from: NaiveDateTime, to: NaiveDateTime, now: NaiveDateTime) -> Refusal {
    if to < earliest(business, now) {
        return Refusal::Past;
    }
    if from.date() > last_day(business, now) {
        return Refusal::TooFar;
    }
    let days = from.date().iter_days().take_while(|day| *day <= to.date()).take(366);
    let open = days.flat_map(|day| business.hours.of(day.weekday()).iter().map(move |opening| (day, opening)));
    let any =
        open.into_iter().any(|(day, opening)| day.and_time(opening.from) <= to && day.and_time(opening.to) > from);
    if any { Refusal::Taken } else { Refusal::Closed }
}

/// Whether a service that begins now ends inside the same opening, at a moment that the zone's clock shows.
fn is_open(business: &Business, service: &Service, at: NaiveDateTime) -> bool {
    let exists = business.time_zone.from_local_datetime(&at).earliest().is_some();
    let end = at + TimeDelta::minutes(service.minutes.into());
    let fits = |opening: &Opening| at.time() >= opening.from && end <= at.date().and_time(opening.to);
    exists && business.hours.of(at.weekday()).iter().any(fits)
}

/// Whether appointments begin on this minute: multiples of the grid after the hour, or, for a grid longer than an
/// hour, after midnight.
fn is_on_grid(business: &Business, at: NaiveDateTime) -> bool {
    let grid = business.booking.grid_min.max(1);
    let min = if grid > 60 { at.hour() * 60 + at.minute() } else { at.minute() };
    min.is_multiple_of(grid) && at.second() == 0
}

fn staff_free_at<'b>(business: &'b Business, service: &Service, at: NaiveDateTime, busy: &[Busy]) -> Vec<&'b Staff> {
    let end = at + TimeDelta::minutes(service.minutes.into());
    let does = |staff: &&Staff| staff.services.is_empty() || staff.services.contains(&service.id);
    let free = |staff: &&Staff| !busy.iter().any(|busy| busy.staff == staff.id && busy.from < end && at < busy.to);
    business.staff.iter().filter(does).filter(free).collect()
}

#[cfg(test)]
mod tests;
