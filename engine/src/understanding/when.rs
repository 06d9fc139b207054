//! When the caller wants to come: days, times and choices put together into one meaning.
//!
//! Everything is the business's own clock, as a date and a time without a zone. A moment that daylight saving skips
//! can be said and is passed on as said; the [calendar](crate::calendar) refuses it as closed. A moment that happens
//! twice means the first of the two.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use statecharts::proposal::{Slot, When};

use super::dates::{Today, days};
use super::mentions::{Mention, What, mentions};
use super::picks::Asked;
use super::times::{Clock, LAST_MIN, MORNING, Part};
use super::words::Word;
use super::{Expect, Reading, Situation};
use crate::calendar::{last_day, moment, slot};

/// What the words say about time, put together.
#[derive(Debug, Default)]
struct Wish {
    days: Option<(NaiveDate, NaiveDate)>,
    part: Option<Part>,
    at: Option<Clock>,
    from: Option<Clock>,
    to: Option<Clock>,
    asked: Option<Asked>,
    ahead_min: Option<u32>,
}

/// Reads all that the words say about time.
pub(super) fn reading(words: &[Word], situation: &Situation) -> Reading {
    let today = Today {
        date: situation.now.date(),
        country: &situation.business.country,
        horizon_days: situation.business.booking.horizon_days,
    };
    let found = mentions(words, situation, &|words, at| days(words, at, &today));
    if found.iter().any(|mention| mention.what == What::Nonsense) {
        return Reading::Unclear;
    }
    if found.is_empty() {
        return if situation.expects == Expect::Time && sounds_like_time(words) {
            Reading::Unclear
        } else {
            Reading::Nothing
        };
    }
    Wish::of(&found, words).resolve(situation).map_or(Reading::Unclear, Reading::Found)
}

/// Words that are about time, though nothing came of them.
fn sounds_like_time(words: &[Word]) -> bool {
    const ABOUT_TIME: [&str; 13] = [
        "oclock", "am", "pm", "morning", "week", "weeks", "month", "months", "hours", "minutes", "past", "quarter",
        "half",
    ];
    words.iter().enumerate().any(|(at, word)| {
        let verb = word.text == "am" && at > 0 && words[at - 1].text == "i";
        let greeting = word.text == "morning" && at > 0 && words[at - 1].text == "good";
        !verb && !greeting && (ABOUT_TIME.contains(&word.text.as_str()) || word.text.contains(':'))
    })
}

impl Wish {
    /// Adds the mentions up, left to right. A later one of the same kind takes the place of an earlier one, which is
    /// how people correct themselves, unless "or", "and" or "to" joins the two.
    fn of(found: &[Mention], words: &[Word]) -> Self {
        let mut wish = Self::default();
        for (index, mention) in found.iter().enumerate() {
            let previous = index.checked_sub(1).map(|index| &found[index]);
            let joint = previous.map_or(Joint::None, |previous| Joint::between(previous, mention, words));
            match mention.what {
                What::Days(from, to) => wish.add_days((from, to), joint, previous, mention, words),
                What::Clock(clock) => wish.add_clock(clock, joint, previous, mention, words),
                What::Part(part) => match (wish.part, joint) {
                    (Some(first), Joint::Or | Joint::To) if part.from_min >= first.from_min => {
                        wish.part = Some(Part { from_min: first.from_min, to_min: part.to_min });
                    }
                    _ => wish.part = Some(part),
                },
                What::Ahead(minutes) => wish.ahead_min = Some(minutes),
                What::Asked(asked) => wish.asked = Some(asked),
                What::Nonsense => {}
            }
        }
        wish
    }

    fn add_days(
        &mut self,
        (from, to): (NaiveDate, NaiveDate),
        joint: Joint,
        previous: Option<&Mention>,
        mention: &Mention,
        words: &[Word],
    ) {
        const A_WEEK: i64 = 8;
        let first = match (self.days, previous.map(|previous| previous.what)) {
            (Some(days), Some(What::Days(..))) => Some(days),
            _ => None,
        };
        let moved = super::words::has(words, &["change", "move", "switch", "reschedule", "moved", "changed"]);
        self.days = Some(match (first, joint) {
            (Some((start, end)), Joint::Or) if from > end => {
                // "Tuesday or Friday" leaves Wednesday out; of two days apart the first is looked at first.
                if (from - end).num_days() == 1 { (start, to) } else { (start, end) }
            }
            (Some((start, _)), Joint::To) if to > start && (to - start).num_days() <= A_WEEK && !moved => (start, to),
            _ => match mention.bound(words) {
                Bound::Before => (NaiveDate::MIN, from.pred_opt().unwrap_or(from)),
                Bound::By => (NaiveDate::MIN, to),
                Bound::After => (next(to), next(to) + TimeDelta::days(6)),
                Bound::From | Bound::None => (from, to),
            },
        });
    }

    fn add_clock(&mut self, clock: Clock, joint: Joint, previous: Option<&Mention>, mention: &Mention, words: &[Word]) {
        if let (Some(What::Clock(first)), Joint::Or | Joint::To) = (previous.map(|previous| previous.what), joint) {
            (self.at, self.from, self.to) = (None, Some(first), Some(clock));
            return;
        }
        match mention.bound(words) {
            Bound::After | Bound::From => (self.at, self.from) = (None, Some(clock)),
            Bound::Before => (self.at, self.to) = (None, Some(clock.minute_before())),
            Bound::By => (self.at, self.to) = (None, Some(clock)),
            Bound::None => (self.at, self.from, self.to) = (Some(clock), None, None),
        }
    }

    /// The one meaning of it all, if there is one.
    fn resolve(mut self, situation: &Situation) -> Option<When> {
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
            let clock = self.part.map_or(clock, |part| clock.within(part));
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
                Asked::Later | Asked::Earlier => None,
            };
        }
        let fits = |at: &NaiveDateTime| {
            let day = self.days.is_none_or(|(from, to)| (from..=to).contains(&at.date()));
            let part = self.part.is_none_or(|part| (part.from_min..=part.to_min).contains(&minute_of(*at)));
            let clock = self.at.is_none_or(|clock| {
                let (one, other) = self.part.map_or(clock, |part| clock.within(part)).readings_min();
                [one, other].contains(&minute_of(*at))
            });
            day && clock && (part || self.at.is_some())
        };
        let mut fitting = (0..offered.len()).filter(|index| fits(&offered[*index]));
        let only = fitting.next().filter(|_| fitting.next().is_none())?;
        // A day alone chooses only among several days: "Tuesday" after three times on Tuesday chooses none of them, and
        // after one time on Tuesday it may ask for another.
        let chooses =
            self.at.is_some() || self.part.is_some() || offered.iter().any(|at| at.date() != offered[0].date());
        chooses.then_some(When::Offered(only))
    }

    /// A time that was not among those offered.
    fn resolve_anew(&self, situation: &Situation) -> Option<When> {
        if let Some(minutes) = self.ahead_min {
            let from = situation.now + TimeDelta::minutes(minutes.into());
            return Some(within(from, from + TimeDelta::minutes(60)));
        }
        if let Some(clock) = self.at {
            let clock = self.part.map_or(clock, |part| clock.within(part));
            return Some(at(clock, self.day_for_clock(clock, situation), situation));
        }
        let stretch = self.stretch();
        let asked_for_day = self.days.is_some() || stretch.is_some();
        match self.asked {
            Some(Asked::Later) => later_than_offered(situation, stretch, self.days),
            Some(Asked::Earlier) => earlier_than_offered(situation, stretch, self.days),
            Some(Asked::Last) if !asked_for_day => situation.day_in_mind.map(|day| late_on(day, situation)),
            Some(Asked::Last) => self.days.map(|(_, to)| late_on(to, situation)),
            Some(Asked::Any) if !asked_for_day && situation.day_in_mind.is_some() => {
                situation.day_in_mind.map(|day| whole(day, day, situation))
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

/// How two mentions of the same kind hang together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joint {
    None,
    Or,
    To,
}

impl Joint {
    fn between(first: &Mention, second: &Mention, words: &[Word]) -> Self {
        let gap: Vec<&str> = words[first.to..second.from.max(first.to)].iter().map(|word| word.text.as_str()).collect();
        let gap: Vec<&str> = gap
            .into_iter()
            .filter(|word| !["the", "on", "at", "maybe", "around", "about", "in"].contains(word))
            .collect();
        let between = super::words::before(words, first.from) == "between";
        match gap[..] {
            ["or"] | ["or", "else"] | ["or", "even"] | ["or", "possibly"] => Self::Or,
            ["to" | "through" | "thru" | "till" | "until"] => Self::To,
            ["and"] if between => Self::To,
            ["and"]
                if matches!(
                    (first.what, second.what),
                    (What::Days(..), What::Days(..)) | (What::Part(_), What::Part(_))
                ) =>
            {
                Self::Or
            }
            [] if words.get(second.from).is_some_and(|word| word.hyphened) => Self::To,
            _ => Self::None,
        }
    }
}

/// What the words around a mention make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    None,
    From,
    After,
    Before,
    By,
}

impl Mention {
    fn bound(&self, words: &[Word]) -> Bound {
        let is_clock = matches!(self.what, What::Clock(_));
        let lead = (1..=3).rev().find_map(|count| {
            let start = self.from.checked_sub(count)?;
            let lead: Vec<&str> = words[start..self.from].iter().map(|word| word.text.as_str()).collect();
            Some(match lead.join(" ").as_str() {
                "not before" | "no earlier than" | "not until" | "earliest at" | "starting at" | "starting from" => {
                    Bound::From
                }
                "not after" | "no later than" | "by" | "up to" | "latest at" | "until" | "till" => Bound::By,
                "after" | "later than" | "past" | "any time past" => Bound::After,
                "from" | "since" | "starting" | "starting on" => Bound::From,
                "before" | "earlier than" | "sooner than" | "prior to" => Bound::Before,
                "instead of after" => return None,
                _ => return None,
            })
        });
        if let Some(bound) = lead {
            return bound;
        }
        let follow = |phrases: &[&str]| super::words::starts_any(words, self.to, phrases).is_some();
        if is_clock
            && follow(&[
                "or later",
                "or after",
                "and later",
                "onwards",
                "onward",
                "and after",
                "or any time after",
                "or anytime after",
            ])
        {
            Bound::From
        } else if is_clock && follow(&["or earlier", "or before", "or sooner", "at the latest", "the latest"]) {
            Bound::By
        } else if follow(&["or later", "onwards", "onward", "or after", "at the earliest"]) {
            Bound::From
        } else {
            Bound::None
        }
    }
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
        let half = |clock: Clock| self.part.map_or(clock, |part| clock.within(part));
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
        let openings = situation.business.hours.of(day.weekday());
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
    let openings = situation.business.hours.of(day.weekday());
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
    let closing =
        situation.business.hours.of(day.weekday()).iter().map(|open| minute(open.to)).max().unwrap_or(LAST_MIN);
    clipped(minute_on(day, closing.saturating_sub(120)), minute_on(day, closing), situation)
}

fn later_than_offered(
    situation: &Situation,
    stretch: Option<Stretch>,
    days: Option<(NaiveDate, NaiveDate)>,
) -> Option<When> {
    let last = situation.offered.last().and_then(moment)?;
    if stretch.is_some() || days.is_some() {
        return Wish { days, part: stretch.and_then(|stretch| stretch.part), ..Wish::default() }
            .resolve_anew(situation);
    }
    Some(within(last + TimeDelta::minutes(1), minute_on(last.date(), LAST_MIN)))
}

fn earlier_than_offered(
    situation: &Situation,
    stretch: Option<Stretch>,
    days: Option<(NaiveDate, NaiveDate)>,
) -> Option<When> {
    let first = situation.offered.first().and_then(moment)?;
    if stretch.is_some() || days.is_some() {
        return Wish { days, part: stretch.and_then(|stretch| stretch.part), ..Wish::default() }
            .resolve_anew(situation);
    }
    let from = situation.now.min(first - TimeDelta::minutes(1));
    let from = if from.date() == first.date() { from } else { minute_on(first.date(), 0) };
    Some(within(from, first - TimeDelta::minutes(1)))
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
    use chrono::Timelike;
    time.hour() * 60 + time.minute()
}
