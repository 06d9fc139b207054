//! When the caller wants to come: what a turn says about days, times and choices, put together into one wish.

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::dates::{Today, days};
use super::mentions::{Mention, What, mentions};
use super::picks::Asked;
use super::times::{Clock, Part};
use super::words::{Word, before, has, listed, preceded, starts_any};
use super::{Expect, Reading, Situation};

/// What the words say about time, put together.
#[derive(Debug, Default)]
pub(super) struct Wish {
    /// The first and the last day that would do. [`NaiveDate::MIN`] stands for today: "before Friday".
    pub(super) days: Option<(NaiveDate, NaiveDate)>,
    /// A part of the day.
    pub(super) part: Option<Part>,
    /// A time on the clock.
    pub(super) at: Option<Clock>,
    /// The earliest time on the clock that would do.
    pub(super) from: Option<Clock>,
    /// The latest.
    pub(super) to: Option<Clock>,
    /// What was asked for without naming a time.
    pub(super) asked: Option<Asked>,
    /// So many minutes from now.
    pub(super) ahead_min: Option<u32>,
    /// Another day took the first one's place: a time that follows takes the place of the first one's, too.
    day_replaced: bool,
}

/// Reads all that the words say about time.
pub(super) fn reading(words: &[Word], situation: &Situation) -> Reading {
    let today = Today {
        date: situation.now.date(),
        country: &situation.business.country,
        horizon_days: situation.business.booking.horizon_days,
        in_mind: situation.day_in_mind,
    };
    let found = mentions(words, situation, &|words, at| days(words, at, &today));
    if found.iter().any(|mention| mention.what == What::Nonsense) {
        return Reading::Unclear;
    }
    let found = first_choice(&found, words);
    if found.is_empty() {
        return if situation.expects == Expect::Time && sounds_like_time(words) {
            Reading::Unclear
        } else {
            Reading::Nothing
        };
    }
    Wish::of(found, words).resolve(situation).map_or(Reading::Unclear, Reading::Found)
}

/// The first of two whole wishes: "Friday at three, or Saturday morning". One time is looked for at a time, and the
/// calendar offers others by itself.
fn first_choice<'m>(found: &'m [Mention], words: &[Word]) -> &'m [Mention] {
    let begins_another = |index: &usize| {
        let (before, mention) = (&found[index - 1], &found[*index]);
        let gap = &words[before.to..mention.from.max(before.to)];
        let or = gap.iter().any(|word| word.text == "or");
        let days = matches!(mention.what, What::Days(..));
        let whole = !matches!(before.what, What::Days(..))
            && found[..*index].iter().any(|one| matches!(one.what, What::Days(..)));
        or && days && whole
    };
    (1..found.len()).find(begins_another).map_or(found, |index| &found[..index])
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
            if matches!(mention.what, What::Clock(_) | What::Part(_)) && std::mem::take(&mut wish.day_replaced) {
                (wish.part, wish.at, wish.from, wish.to) = (None, None, None, None);
            }
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
        if let Some(date) = self.days.and_then(|days| weekday_within(days, (from, to))) {
            self.days = Some((date, date));
            return;
        }
        self.day_replaced = self.days.is_some() && joint == Joint::None;
        let moved = has(words, ["change", "move", "switch", "reschedule", "moved", "changed"]);
        self.days = Some(match (first, joint) {
            (Some((start, end)), Joint::Or) if from > end => {
                // "Tuesday or Friday" leaves Wednesday out; of two days apart the first is looked at first.
                if (from - end).num_days() == 1 { (start, to) } else { (start, end) }
            }
            (Some((start, _)), Joint::To) if to > start && (to - start).num_days() <= A_WEEK && !moved => (start, to),
            _ => match mention.bound(words) {
                Bound::Before => (NaiveDate::MIN, from.pred_opt().unwrap_or(from)),
                Bound::By => (NaiveDate::MIN, to),
                Bound::After => (to + TimeDelta::days(1), to + TimeDelta::days(7)),
                Bound::From | Bound::None => (from, to),
            },
        });
    }

    fn add_clock(&mut self, clock: Clock, joint: Joint, previous: Option<&Mention>, mention: &Mention, words: &[Word]) {
        if let (Some(What::Clock(first)), Joint::Or | Joint::To) = (previous.map(|previous| previous.what), joint) {
            // "I work nine to five" leaves what comes after.
            let at_work = previous.is_some_and(|previous| {
                preceded(words, previous.from, ["work", "work from", "working", "at work", "at work from"]).is_some()
            });
            (self.at, self.from, self.to) =
                if at_work { (None, Some(clock), None) } else { (None, Some(first), Some(clock)) };
            return;
        }
        match mention.bound(words) {
            Bound::After | Bound::From => (self.at, self.from) = (None, Some(clock)),
            Bound::Before => (self.at, self.to) = (None, Some(clock.minute_before())),
            Bound::By => (self.at, self.to) = (None, Some(clock)),
            Bound::None => (self.at, self.from, self.to) = (Some(clock), None, None),
        }
    }
}

/// "Next week, maybe Thursday" and "any Friday in December": the first day of that name in the stretch, whichever of the
/// two was said first. A stretch of days and one day that lies outside of it.
fn weekday_within(one: (NaiveDate, NaiveDate), other: (NaiveDate, NaiveDate)) -> Option<NaiveDate> {
    let (stretch, day) = match (one.0 == one.1, other.0 == other.1) {
        (false, true) => (one, other.0),
        (true, false) => (other, one.0),
        _ => return None,
    };
    const A_WEEK: i64 = 7;
    let outside = day < stretch.0 || day > stretch.1;
    let known = stretch.0 > NaiveDate::MIN;
    let named_by_weekday = (day - stretch.0).num_days().abs() <= 2 * A_WEEK;
    (outside && known && named_by_weekday)
        .then(|| stretch.0.iter_days().take_while(|date| *date <= stretch.1).take(31))
        .and_then(|mut dates| dates.find(|date| date.weekday() == day.weekday()))
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
        let between = before(words, first.from) == "between";
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
        const BEFORE: [(Bound, &str); 5] = [
            // "I work until five": free from then on.
            (
                Bound::From,
                "not before, no earlier than, not until, earliest at, starting at, starting from, from, since, starting, starting on, \
                 work until, work till, busy until, busy till, not free until, not available until, off at, off work at, finish at, \
                 finish work at, done at, out at, out of work at",
            ),
            (Bound::By, "not after, no later than, by, up to, latest at, until, till"),
            (Bound::After, "after, later than, past"),
            (Bound::Before, "before, earlier than, sooner than, prior to"),
            (Bound::None, "instead of after"),
        ];
        let lead =
            BEFORE.iter().filter_map(|(bound, phrases)| Some((preceded(words, self.from, listed(phrases))?, *bound)));
        if let Some((_, bound)) = lead.max_by_key(|(length, _)| *length) {
            return bound;
        }
        let follow = |phrases: &str| starts_any(words, self.to, listed(phrases)).is_some();
        if is_clock
            && follow("or later, or after, and later, onwards, onward, and after, or any time after, or anytime after")
        {
            Bound::From
        } else if is_clock && follow("or earlier, or before, or sooner, at the latest, the latest") {
            Bound::By
        } else if follow("or later, onwards, onward, or after, at the earliest") {
            Bound::From
        } else {
            Bound::None
        }
    }
}
