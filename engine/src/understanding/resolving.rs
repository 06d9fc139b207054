//! What a wish means on the business's own clock: which half of the day, which day where none was named, which of the
//! times that were offered.
//!
//! Everything is a date and a time without a zone. A moment that daylight saving skips can be said and is passed on as
//! said; the [calendar](crate::calendar) refuses it as closed. A moment that happens twice means the first of the two.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use statecharts::proposal::{Slot, When};

use super::Situation;
use super::picks::Asked;
use super::times::{Clock, LAST_MIN, MORNING, Part};
use super::when::Wish;
use crate::calendar::{last_day, moment, slot};

impl Wish {
    /// The one meaning of it all, if there is one.
    pub(super) fn resolve(mut self, situation: &Situation) -> Option<When> {
        self.days = self
            .days
            .map(|(from, to)| if from == NaiveDate::MIN { (situation.now.date().min(to), to) } else { (from, to) });
        self.half_asked(situation)
            .or_else(|| self.offered(situation))
            .or_else(|| self.resolve_anew(situation))
            .map(|when| as_offered(when, situation))
    }

    /// The answer to "in the morning, or in the afternoon?"
    fn half_asked(&self, situation: &Situation) -> Option<When> {
        let (morning, afternoon) = situation.half.as_ref()?;
        let (first, second) = (moment(morning)?, moment(afternoon)?);
        if self.days.is_some_and(|(from, to)| first.date() < from || first.date() > to) {
            return None;
        }
        if let Some(clock) = self.at {
            let clock = self.part.map_or(clock, |part| clock.inside(part));
            let (one, other) = clock.readings_min();
            let matches = |at: NaiveDateTime| minute_of(at) == one || minute_of(at) == other;
            return match (matches(first), matches(second)) {
                (true, true) => None,
                (true, false) => Some(When::At(morning.clone())),
                (false, true) => Some(When::At(afternoon.clone())),
                (false, false) => None,
            };
        }
        match (self.part, self.asked) {
            (Some(part), _) if part.to_min <= MORNING.to_min => Some(When::At(morning.clone())),
            (Some(_), _) => Some(When::At(afternoon.clone())),
            (None, Some(Asked::Nth(0) | Asked::Soonest | Asked::Earlier)) => Some(When::At(morning.clone())),
            (None, Some(Asked::Nth(_) | Asked::Last | Asked::Later)) => Some(When::At(afternoon.clone())),
            _ => None,
        }
    }

    /// A choice among the offered times, by its place, or by the one thing that was said about it.
    fn offered(&self, situation: &Situation) -> Option<When> {
        let offered: Vec<NaiveDateTime> = situation.offered.iter().filter_map(moment).collect();
        if offered.is_empty() || self.from.is_some() || self.to.is_some() || self.ahead_min.is_some() {
            return None;
        }
        if self.days.is_none() && self.at.is_none() && self.part.is_none() {
            return match self.asked? {
                Asked::Nth(index) => Some(When::Offered(index)),
                Asked::Last => Some(When::Offered(offered.len() - 1)),
                Asked::Soonest | Asked::Any => Some(When::Offered(0)),
                Asked::Later | Asked::Earlier | Asked::Choice => None,
            };
        }
        let fits = |at: &NaiveDateTime| {
            let day = self.days.is_none_or(|(from, to)| (from..=to).contains(&at.date()));
            let part = self.part.is_none_or(|part| (part.from_min..=part.to_min).contains(&minute_of(*at)));
            let clock = self.at.is_none_or(|clock| {
                let (one, other) = self.part.map_or(clock, |part| clock.inside(part)).readings_min();
                [one, other].contains(&minute_of(*at))
            });
            day && clock && (part || self.at.is_some())
        };
        let only = the_only(&offered, fits).or_else(|| the_only(&offered, |at| self.says_hour_of(*at)))?;
        // A day alone chooses only among several days: "Tuesday" after three times on Tuesday chooses none of them, and
        // after one time on Tuesday it may ask for another.
        let chooses =
            self.at.is_some() || self.part.is_some() || offered.iter().any(|at| at.date() != offered[0].date());
        chooses.then_some(When::Offered(only))
    }

    /// A bare "nine" among nine thirty, ten thirty and two means nine thirty.
    fn says_hour_of(&self, at: NaiveDateTime) -> bool {
        let bare = self.days.is_none() && self.part.is_none();
        let hour = self.at.filter(|clock| bare && !clock.marked).map(|clock| clock.hour % 12);
        hour == Some(at.hour() % 12)
    }

    /// A time that was not among those offered.
    fn resolve_anew(&self, situation: &Situation) -> Option<When> {
        if let Some(minutes) = self.ahead_min {
            let from = situation.now + TimeDelta::minutes(minutes.into());
            return Some(within(from, from + TimeDelta::minutes(60)));
        }
        if let Some(clock) = self.at {
            let clock = self.part.map_or(clock, |part| clock.inside(part));
            return Some(at(clock, self.day_for_clock(clock, situation), situation));
        }
        let stretch = self.stretch();
        let asked_for_day = self.days.is_some() || stretch.is_some();
        match self.asked {
            Some(asked @ (Asked::Later | Asked::Earlier)) if !asked_for_day => Some(beside_offered(asked, situation)),
            Some(Asked::Last) if !asked_for_day => situation.day_in_mind.map(|day| late_on(day, situation)),
            Some(Asked::Last) => self.days.map(|(_, to)| late_on(to, situation)),
            Some(Asked::Any | Asked::Choice) if !asked_for_day && situation.day_in_mind.is_some() => {
                situation.day_in_mind.map(|day| whole(day, day, situation))
            }
            Some(Asked::Soonest) if stretch.is_none() && self.days.is_some() => {
                let (from, to) = self.days?;
                let open = |day: NaiveDate| !situation.business.openings_on(day).is_empty();
                Some(early_on(first_day(from, to, situation, open).unwrap_or(from), situation))
            }
            Some(_) if !asked_for_day => {
                Some(whole(situation.now.date(), last_day(situation.business, situation.now), situation))
            }
            _ => self.on_days(stretch, situation),
        }
    }

    /// The minutes of the day that bounds and parts leave, if they say anything.
    fn stretch(&self) -> Option<Stretch> {
        (self.from.is_some() || self.to.is_some() || self.part.is_some()).then_some(Stretch {
            part: self.part,
            from: self.from,
            to: self.to,
        })
    }

    /// Whole days, or a stretch of one of them.
    fn on_days(&self, stretch: Option<Stretch>, situation: &Situation) -> Option<When> {
        let Some(stretch) = stretch else {
            let (from, to) = self.days?;
            return Some(whole(from, to, situation));
        };
        let day = match self.days {
            Some((from, to)) => {
                first_day(from, to, situation, |day| stretch.is_open_on(day, situation)).unwrap_or(from)
            }
            None => default_day(situation, |day| stretch.is_open_on(day, situation)),
        };
        let (from_min, to_min) = stretch.minutes_on(day, situation);
        Some(clipped(minute_on(day, from_min), minute_on(day, to_min), situation))
    }

    fn day_for_clock(&self, clock: Clock, situation: &Situation) -> NaiveDate {
        let (morning, afternoon) = clock.readings_min();
        let open = |day: NaiveDate| {
            [morning, afternoon]
                .into_iter()
                .any(|min| is_open(day, min, situation) && minute_on(day, min) > situation.now)
        };
        match self.days {
            Some((from, to)) if from == to => from,
            Some((from, to)) => first_day(from, to, situation, open).unwrap_or(from),
            None => default_day(situation, open),
        }
    }
}

/// The place of the only time that fits.
fn the_only(times: &[NaiveDateTime], fits: impl Fn(&NaiveDateTime) -> bool) -> Option<usize> {
    let mut fitting = (0..times.len()).filter(|index| fits(&times[*index]));
    fitting.next().filter(|_| fitting.next().is_none())
}

/// Some minutes of a day, with hours whose half may still be open.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    part: Option<Part>,
    from: Option<Clock>,
    to: Option<Clock>,
}

impl Stretch {
    /// The first and last minute on a day.
    fn minutes_on(self, day: NaiveDate, situation: &Situation) -> (u32, u32) {
        let half = |clock: Clock| self.part.map_or(clock, |part| clock.inside(part));
        let part = self.part.unwrap_or(Part { from_min: 0, to_min: LAST_MIN });
        let from = self.from.map(|clock| likely_min(half(clock), day, situation));
        let to = self.to.map(|clock| match from {
            // "From ten to two" ends at the first two o'clock after ten.
            Some(from) => {
                let (morning, afternoon) = half(clock).readings_min();
                if morning > from { morning } else { afternoon }
            }
            None => likely_min(half(clock), day, situation),
        });
        // "Between two and four PM": the first hour takes the half that the second one has.
        let from = match (self.from, from, to) {
            (Some(clock), Some(min), Some(end))
                if self.to.is_some_and(|to| to.readings_min().0 == to.readings_min().1) =>
            {
                let (morning, afternoon) = clock.readings_min();
                Some(if afternoon <= end { afternoon } else { morning.min(min) })
            }
            (_, from, _) => from,
        };
        let from = from.unwrap_or(if to.is_some_and(|to| to < part.from_min) { 0 } else { part.from_min });
        (from, to.unwrap_or(if from > part.to_min { LAST_MIN } else { part.to_min }).max(from))
    }

    fn is_open_on(self, day: NaiveDate, situation: &Situation) -> bool {
        let (from, to) = self.minutes_on(day, situation);
        let openings = situation.business.openings_on(day);
        let ahead = minute_on(day, to) > situation.now;
        ahead && openings.iter().any(|opening| minute(opening.from) <= to && minute(opening.to) > from)
    }
}

/// A clock time on a day: in the half that lies in opening hours, asked back when both do.
fn at(clock: Clock, day: NaiveDate, situation: &Situation) -> When {
    let (morning, afternoon) = clock.readings_min();
    let ahead = |min: u32| minute_on(day, min) > situation.now;
    if morning != afternoon
        && is_open(day, morning, situation)
        && is_open(day, afternoon, situation)
        && ahead(morning) == ahead(afternoon)
    {
        return When::EitherHalf { morning: slot(minute_on(day, morning)), afternoon: slot(minute_on(day, afternoon)) };
    }
    When::At(slot(minute_on(day, likely_min(clock, day, situation))))
}

/// The likelier half of a clock time: the one in opening hours and ahead, else the one between seven and seven.
fn likely_min(clock: Clock, day: NaiveDate, situation: &Situation) -> u32 {
    const SEVEN: u32 = 7 * 60;
    let (morning, afternoon) = clock.readings_min();
    let ahead = |min: u32| minute_on(day, min) > situation.now;
    match (is_open(day, morning, situation), is_open(day, afternoon, situation)) {
        (true, true) if !ahead(morning) && ahead(afternoon) => afternoon,
        (true, true) if afternoon < SEVEN + 12 * 60 && morning < SEVEN => afternoon,
        (true, _) => morning,
        (false, true) => afternoon,
        (false, false) if morning >= SEVEN => morning,
        (false, false) => afternoon,
    }
}

/// Whether the business is open at a minute of a day, and, when the service is known, long enough for it. A business
/// that is never open long enough is asked about its doors alone.
fn is_open(day: NaiveDate, min: u32, situation: &Situation) -> bool {
    let openings = situation.business.openings_on(day);
    let minutes =
        situation.service.and_then(|id| situation.business.service(id)).map_or(1, |service| service.minutes.max(1));
    let fits = |from: u32, length: u32| {
        openings.iter().any(|open| minute(open.from) <= from && from + length <= minute(open.to))
    };
    let ever = openings.iter().any(|open| minute(open.from) + minutes <= minute(open.to));
    fits(min, if ever { minutes } else { 1 })
}

/// The day meant when none is named: the one last talked about, else the next one that will do.
fn default_day(situation: &Situation, will_do: impl Fn(NaiveDate) -> bool) -> NaiveDate {
    let today = situation.now.date();
    let offered = || situation.offered.first().and_then(moment).map(|at| at.date());
    let known = situation.day_in_mind.or_else(offered);
    known
        .or_else(|| (0..=7).map(|ahead| today + Days::new(ahead)).find(|day| will_do(*day)))
        .unwrap_or_else(|| next(today))
}

/// The first day of a stretch that will do.
fn first_day(
    from: NaiveDate,
    to: NaiveDate,
    situation: &Situation,
    will_do: impl Fn(NaiveDate) -> bool,
) -> Option<NaiveDate> {
    from.max(situation.now.date()).iter_days().take_while(|day| *day <= to).take(62).find(|day| will_do(*day))
}

/// A whole day, or several, without what has gone by.
fn whole(from: NaiveDate, to: NaiveDate, situation: &Situation) -> When {
    clipped(minute_on(from, 0), minute_on(to, LAST_MIN), situation)
}

/// A stretch without what has gone by. One that has gone by whole stays as it is, so that the calendar can say so.
fn clipped(from: NaiveDateTime, to: NaiveDateTime, situation: &Situation) -> When {
    within(if to > situation.now { from.max(situation.now) } else { from }, to)
}

fn within(from: NaiveDateTime, to: NaiveDateTime) -> When {
    When::Within { from: slot(from), to: slot(to) }
}

/// The last two hours before closing.
fn late_on(day: NaiveDate, situation: &Situation) -> When {
    let closing = situation.business.openings_on(day).iter().map(|open| minute(open.to)).max().unwrap_or(LAST_MIN);
    clipped(minute_on(day, closing.saturating_sub(120)), minute_on(day, closing), situation)
}

/// The first two hours after opening.
fn early_on(day: NaiveDate, situation: &Situation) -> When {
    let openings = situation.business.openings_on(day);
    let opening = openings.iter().map(|open| minute(open.from)).min();
    opening.map_or_else(
        || whole(day, day, situation),
        |opening| clipped(minute_on(day, opening), minute_on(day, opening + 120), situation),
    )
}

/// "Anything later?", and "earlier?": on the day of the offered times, beyond the last or before the first of them.
/// Where none stand, on the day in mind, or whenever there is something.
fn beside_offered(asked: Asked, situation: &Situation) -> When {
    let offered: Vec<NaiveDateTime> = situation.offered.iter().filter_map(moment).collect();
    let minute = TimeDelta::minutes(1);
    match (asked, offered.first(), offered.last()) {
        (Asked::Later, _, Some(last)) => within(*last + minute, minute_on(last.date(), LAST_MIN)),
        (_, Some(first), _) => {
            let today = first.date() == situation.now.date();
            let from = if today { situation.now.min(*first - minute) } else { minute_on(first.date(), 0) };
            within(from, *first - minute)
        }
        _ => match situation.day_in_mind {
            Some(day) => whole(day, day, situation),
            None => whole(situation.now.date(), last_day(situation.business, situation.now), situation),
        },
    }
}

/// A time that is one of those offered is told as such, so that nobody looks for it again.
fn as_offered(when: When, situation: &Situation) -> When {
    let place = |wanted: &Slot| situation.offered.iter().position(|slot| slot == wanted);
    match &when {
        When::At(at) => place(at).map_or(when, When::Offered),
        When::EitherHalf { morning, afternoon } => match (place(morning), place(afternoon)) {
            (Some(index), None) | (None, Some(index)) => When::Offered(index),
            _ => when,
        },
        _ => when,
    }
}

fn next(day: NaiveDate) -> NaiveDate {
    day + Days::new(1)
}

fn minute_on(day: NaiveDate, min: u32) -> NaiveDateTime {
    day.and_time(NaiveTime::MIN) + TimeDelta::minutes(min.into())
}

fn minute_of(at: NaiveDateTime) -> u32 {
    minute(at.time())
}

fn minute(time: NaiveTime) -> u32 {
    time.hour() * 60 + time.minute()
}
