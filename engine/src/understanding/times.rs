//! Times of day as people name them, read where they stand in a sentence.

use super::numbers::{cardinal, tens, unit};
use super::words::{Pause, Word, before, listed, starts, starts_any, text};

/// A time on the clock, as far as it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    /// 0 to 23; 1 to 12 while the half of the day is open.
    pub(super) hour: u32,
    /// 0 to 59.
    pub(super) minute: u32,
    /// Whether the hour is final, or may lie in either half of the day.
    pub(super) half: Half,
    /// Said with something that only a time has (":30", "PM", "o'clock"), and so no count of anything.
    pub(super) marked: bool,
}

/// What is known of the half of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    /// Nothing: "three".
    Open,
    /// The hour counts from midnight: "3 PM" is 15.
    Known,
}

/// A part of a day, from the first to the last start that it means, in minutes since midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// The first minute.
    pub(super) from_min: u32,
    /// The last minute.
    pub(super) to_min: u32,
}

/// The last minute of a day.
pub(super) const LAST_MIN: u32 = 24 * 60 - 1;

/// What a stretch of words says about the time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// A time on the clock.
    Clock(Clock),
    /// A part of the day.
    Part(Part),
    /// So many minutes from now: "in two hours".
    Ahead(u32),
    /// A time that no clock shows: "twenty five o'clock".
    Nonsense,
}

impl Clock {
    /// Minutes since midnight in the first and second half of the day; the same for a known half.
    pub(super) fn readings_min(self) -> (u32, u32) {
        let min = self.hour * 60 + self.minute;
        match self.half {
            Half::Known => (min, min),
            Half::Open => {
                let morning = (self.hour % 12) * 60 + self.minute;
                (morning, morning + 12 * 60)
            }
        }
    }

    /// The same time in the half of the day that lies inside a part of it; as it is when neither half does.
    pub(super) fn inside(self, part: Part) -> Self {
        let (morning, afternoon) = self.readings_min();
        let fits = |min: u32| (part.from_min..=part.to_min).contains(&min);
        if fits(morning) || fits(afternoon) { self.within(part) } else { self }
    }

    /// The last minute before: 11:59 before noon.
    pub(super) fn minute_before(self) -> Self {
        match (self.hour, self.minute) {
            (hour, minute @ 1..) => Self { hour, minute: minute - 1, ..self },
            (0, 0) => self,
            (1, 0) if self.half == Half::Open => Self { hour: 12, minute: 59, ..self },
            (hour, 0) => Self { hour: hour - 1, minute: 59, ..self },
        }
    }

    /// The same time in the half of the day that a part of the day lies in: "nine" with "in the evening".
    pub(super) fn within(self, part: Part) -> Self {
        let (morning, afternoon) = self.readings_min();
        let inside = |min: u32| (part.from_min..=part.to_min).contains(&min);
        let midnight = self.hour == 12 && part.from_min >= EVENING.from_min;
        let min = match (inside(morning), inside(afternoon)) {
            (true, _) => morning,
            (false, true) => afternoon,
            (false, false) if part.from_min < MORNING.to_min || midnight => morning,
            (false, false) => afternoon,
        };
        match self.half {
            Half::Known => self,
            Half::Open => Self { hour: min / 60, minute: min % 60, half: Half::Known, marked: true },
        }
    }
}

/// From six until noon.
pub(super) const MORNING: Part = Part { from_min: 6 * 60, to_min: 12 * 60 - 1 };
/// From noon until six.
pub(super) const AFTERNOON: Part = Part { from_min: 12 * 60, to_min: 18 * 60 - 1 };
/// From five.
const EVENING: Part = Part { from_min: 17 * 60, to_min: LAST_MIN };
/// The same stretch as an evening: nobody books a haircut at two in the morning.
const NIGHT: Part = EVENING;

/// What is told from the word at `at` on, and how many words that takes.
pub(super) fn told(words: &[Word], at: usize) -> Option<(Told, usize)> {
    if let Some(found) = ahead(words, at) {
        return Some(found);
    }
    match (clock(words, at), part(words, at)) {
        (Some((told, length)), Some((_, longer))) if length >= longer => Some((told, length)),
        (_, Some((part, length))) => Some((Told::Part(part), length)),
        (clock, None) => clock,
    }
}

/// "in two hours", "in half an hour", "twenty minutes from now".
fn ahead(words: &[Word], at: usize) -> Option<(Told, usize)> {
    let lead = starts_any(words, at, ["in", "in about", "in like", "in just", "within", "within the next"]);
    let mut next = at + lead.unwrap_or(0);
    let count = if let Some(length) = starts_any(words, next, ["half an", "half a"]) {
        next += length;
        0
    } else if let Some(length) = starts_any(words, next, ["a couple of", "a couple", "couple of", "a few"]) {
        next += length;
        2
    } else if let Some(length) = starts_any(words, next, ["an", "a", "the next"]) {
        next += length;
        1
    } else {
        let (count, length) = cardinal(words, next)?;
        next += length;
        count
    };
    let minutes = match text(words, next) {
        "hour" | "hours" if count == 0 => 30,
        "hour" | "hours" if count <= 48 => count * 60,
        // "I'll be with you in a minute" wishes for nothing.
        "minute" | "minutes" | "mins" if (5..=600).contains(&count) => count,
        _ => return None,
    };
    next += 1;
    let from_now = starts_any(words, next, ["from now"]);
    (lead.is_some() || from_now.is_some()).then_some((Told::Ahead(minutes), next + from_now.unwrap_or(0) - at))
}

/// A time on the clock, with whatever fixes its half.
fn clock(words: &[Word], at: usize) -> Option<(Told, usize)> {
    if let Some(length) = starts_any(words, at, ["noon", "midday", "twelve noon", "12 noon", "12:00 noon", "high noon"])
    {
        return Some((known(12, 0), length));
    }
    if let Some(length) = starts_any(words, at, ["midnight", "twelve midnight", "12 midnight"]) {
        return Some((known(0, 0), length));
    }
    let (hour, minute, length, marked) =
        past_or_to(words, at).or_else(|| written(words, at)).or_else(|| said(words, at))?;
    let (half, more) = suffix(words, at + length);
    let length = length + more;
    if hour > 24 || minute > 59 || (hour == 24 && minute > 0) {
        return (marked || more > 0).then_some((Told::Nonsense, length));
    }
    let is_open = (1..=12).contains(&hour);
    let clock = Clock {
        hour: hour % 24,
        minute,
        half: if is_open { Half::Open } else { Half::Known },
        marked: marked || more > 0,
    };
    let clock = if is_open { Clock { hour, ..clock } } else { clock };
    Some(match half {
        Some(part) => (Told::Clock(clock.within(part)), length),
        None => (Told::Clock(clock), length),
    })
}

fn known(hour: u32, minute: u32) -> Told {
    Told::Clock(Clock { hour, minute, half: Half::Known, marked: true })
}

type Read = (u32, u32, usize, bool);

/// "half past five", "quarter to four", "ten past nine", "half five" as the British say it.
fn past_or_to(words: &[Word], at: usize) -> Option<Read> {
    let a = usize::from(text(words, at) == "a");
    let mut next = at + a;
    let minutes = match text(words, next) {
        "half" => 30,
        "quarter" => 15,
        _ => {
            let (minutes, length) = cardinal(words, next).filter(|(minutes, _)| (1..30).contains(minutes))?;
            next += length - 1;
            minutes
        }
    };
    next += 1;
    let said_minutes = ["minutes", "minute"].contains(&text(words, next));
    next += usize::from(said_minutes);
    // "Two to four" and "ten to twelve" are stretches; "ten to four" is a time unless "from" stands before it.
    let round = minutes % 5 == 0 || said_minutes;
    let hour_after = hour_alone(words, next + 1).map_or(0, |(hour, _)| hour);
    let led = ["at", "around", "about"].contains(&before(words, at));
    let rises = text(words, next) == "to" && !led && !said_minutes && minutes <= 12 && hour_after > minutes;
    let a_stretch = ["from", "between"].contains(&before(words, at)) || !round || rises;
    let forward = ["past", "after"].contains(&text(words, next));
    let back = ["to", "till", "until", "of", "before"].contains(&text(words, next));
    if (forward || back) && !a_stretch {
        let (hour, length) = hour_alone(words, next + 1)?;
        let length = next + 1 + length - at;
        let earlier = if hour == 1 { 12 } else { hour - 1 };
        return Some(if forward { (hour, minutes, length, true) } else { (earlier, 60 - minutes, length, true) });
    }
    let british = text(words, at) == "half" && !said_minutes;
    let (hour, length) = hour_alone(words, next).filter(|_| british)?;
    Some((hour, 30, 1 + length, true))
}

/// An hour from one to twelve, or noon, with nothing behind it that belongs to it.
fn hour_alone(words: &[Word], at: usize) -> Option<(u32, usize)> {
    if ["noon", "midday"].contains(&text(words, at)) {
        return Some((12, 1));
    }
    cardinal(words, at).filter(|(hour, _)| (1..=12).contains(hour))
}

/// "3:30", "15:00", "3.30".
fn written(words: &[Word], at: usize) -> Option<Read> {
    let (hour, minute) = text(words, at).split_once([':', '.'])?;
    let digits = |part: &str, most: usize| (1..=most).contains(&part.len()).then(|| part.parse().ok()).flatten();
    Some((digits(hour, 2)?, digits(minute, 2).filter(|_| minute.len() == 2)?, 1, true))
}

/// "three", "three thirty", "three oh five", "fifteen hundred", "1030".
fn said(words: &[Word], at: usize) -> Option<Read> {
    let (hour, length) = cardinal(words, at)?;
    let next = at + length;
    if text(words, at).len() >= 3 && text(words, at).starts_with(|c: char| c.is_ascii_digit()) {
        let marked = !suffix(words, next).1.eq(&0);
        let licensed = marked || ["at", "around", "about", "by", "after", "before"].contains(&before(words, at));
        return licensed.then_some((hour / 100, hour % 100, length, marked));
    }
    if words.get(next - 1).is_some_and(|word| word.pause >= Pause::Comma) {
        return Some((hour, 0, length, false));
    }
    if text(words, next) == "hundred" {
        let hours = usize::from(text(words, next + 1) == "hours");
        return (1..24).contains(&hour).then_some((hour, 0, length + 1 + hours, true));
    }
    let zero = ["oh", "o", "zero"].contains(&text(words, next));
    if let Some(minute) = unit(text(words, next + 1)).filter(|minute| zero && (1..=9).contains(minute)) {
        return Some((hour, minute, length + 2, true));
    }
    // "The ten thirty one" points at ten thirty.
    let pointing = before(words, at) == "the" && text(words, next + 1) == "one" && tens(text(words, next)).is_some();
    if let Some(minute) = tens(text(words, next)).filter(|_| pointing) {
        return Some((hour, minute, length + 1, true));
    }
    match cardinal(words, next).filter(|(minute, _)| (10..60).contains(minute)) {
        // "Twenty thirty" is half past eight in the evening, "twenty five" a number.
        Some((minute, more)) if hour < 24 && (hour < 20 || tens(text(words, at)).is_some()) => {
            Some((hour, minute, length + more, true))
        }
        _ => Some((hour, 0, length, false)),
    }
}

/// What fixes the half of the day behind an hour, and how many words that takes. "O'clock" takes words and fixes nothing.
fn suffix(words: &[Word], at: usize) -> (Option<Part>, usize) {
    let ended = at > 0 && words.get(at - 1).is_some_and(|word| word.pause >= Pause::Stop);
    if ended {
        return (None, 0);
    }
    let mut next = at;
    if let Some(length) = starts_any(words, next, ["oclock", "o clock", "sharp", "ish"]) {
        next += length;
    }
    const HALVES: [(&str, Part); 4] = [
        ("am, a m, in the morning, in the a m, this morning", MORNING),
        ("pm, p m, p, in the afternoon, this afternoon", AFTERNOON),
        ("in the evening, this evening", EVENING),
        ("at night, tonight", NIGHT),
    ];
    for (phrases, part) in HALVES {
        if let Some(length) = starts_any(words, next, listed(phrases)) {
            // "Tonight" and "this morning" name the day, too, and are left for its rule.
            let names_day = ["this", "tonight"].contains(&text(words, next));
            return (Some(part), next - at + if names_day { 0 } else { length });
        }
    }
    (None, next - at)
}

/// A part of the day. A greeting ("good morning") is none.
fn part(words: &[Word], at: usize) -> Option<(Part, usize)> {
    let greeting = text(words, at) == "good" || before(words, at) == "good";
    let verb =
        text(words, at) == "am" && (["i", "what", "where"].contains(&before(words, at)) || text(words, at + 1) == "i");
    if greeting || verb {
        return None;
    }
    let between = |from_min, to_min| Part { from_min, to_min };
    let parts: [(&str, Part); 16] = [
        ("first thing in the morning, first thing, early morning, early in the morning", between(6 * 60, 10 * 60)),
        ("before work, before school", between(6 * 60, 9 * 60)),
        ("mid morning", between(9 * 60, 11 * 60)),
        ("late morning, late in the morning, later in the morning", between(10 * 60, 12 * 60 - 1)),
        ("in the morning, morning, mornings, in the am, am, before lunch", MORNING),
        ("lunchtime, lunch time, over lunch, at lunch, lunch, lunch break", between(11 * 60 + 30, 13 * 60 + 30)),
        ("early afternoon, early in the afternoon", between(12 * 60, 14 * 60 + 30)),
        ("after lunch", between(13 * 60, 16 * 60)),
        ("mid afternoon", between(13 * 60 + 30, 15 * 60 + 30)),
        ("late afternoon, late in the afternoon, later in the afternoon", between(15 * 60, 18 * 60 - 1)),
        ("in the afternoon, afternoon, afternoons, in the pm, pm", AFTERNOON),
        ("after school", between(15 * 60, LAST_MIN)),
        ("after work", EVENING),
        ("in the evening, evening, evenings, early evening, late evening", EVENING),
        ("at night, night, nights, tonight", NIGHT),
        ("end of the day, end of day, late in the day, later in the day, last thing", between(15 * 60 + 30, LAST_MIN)),
    ];
    parts
        .iter()
        .filter_map(|(phrases, part)| Some((*part, starts_any(words, at, listed(phrases))?)))
        .max_by_key(|found| found.1)
}

/// Whether what follows a bare number is counted by it: "three people", "one haircut".
pub(super) fn counts_something(words: &[Word], at: usize) -> bool {
    const COUNTED: [&str; 30] = [
        "people",
        "persons",
        "person",
        "of",
        "kids",
        "children",
        "adults",
        "guys",
        "boys",
        "girls",
        "days",
        "day",
        "weeks",
        "week",
        "months",
        "month",
        "years",
        "year",
        "hours",
        "hour",
        "minutes",
        "minute",
        "dollars",
        "bucks",
        "percent",
        "more",
        "things",
        "thing",
        "questions",
        "times",
    ];
    let follows = at > 0 && words.get(at - 1).is_some_and(|word| word.pause == Pause::None);
    follows && COUNTED.contains(&text(words, at)) && starts(words, at, "of next").is_none()
}
