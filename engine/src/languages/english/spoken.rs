//! Dates, times and lists the way a person says them in English. Numbers are written as words, because voices read
//! "9:30 AM" and "11/24" in many ways and "nine thirty AM" in one.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Weekday};

use super::super::{Voice, by_day, groups_said, in_groups};
use super::{English, prompts};
use crate::numbers::{cardinal, ordinal};

impl Voice for English {
    fn texts(&self) -> &'static [(&'static str, &'static str)] {
        prompts::TEXTS
    }

    fn times_expected(&self) -> &'static [&'static str] {
        prompts::TIMES
    }

    fn answers_expected(&self) -> &'static [&'static str] {
        prompts::YES_NO
    }

    fn around_name(&self) -> &'static [&'static str] {
        prompts::AROUND_NAME
    }

    /// A day and a time: "tomorrow at three PM", "on Tuesday, November twenty-fourth, at three PM".
    fn time(&self, at: NaiveDateTime, now: NaiveDateTime) -> String {
        let day = on_day(at.date(), None, now.date());
        // A day with commas in it is closed by one.
        let comma = if day.contains(',') { "," } else { "" };
        format!("{day}{comma} at {}", clock(at.time()))
    }

    /// Times to choose from, each day said once: "nine AM or ten AM tomorrow, or two PM on Wednesday, November twenty-fifth".
    fn times(&self, times: &[NaiveDateTime], now: NaiveDateTime) -> String {
        let mut before = None;
        let groups: Vec<String> = by_day(times)
            .into_iter()
            .map(|(day, clocks)| {
                let day_said = on_day(day, before.replace(day), now.date());
                let clocks: Vec<String> = clocks.into_iter().map(clock).collect();
                format!("{} {day_said}", self.either(&clocks))
            })
            .collect();
        match &groups[..] {
            [first, second] => format!("{first}, or {second}"),
            _ => self.either(&groups),
        }
    }

    /// Both halves of the day: "eight in the morning or eight in the evening".
    fn halves(&self, times: &[NaiveDateTime]) -> String {
        let said: Vec<String> = times.iter().map(|at| in_half(at.time())).collect();
        if said.is_empty() { "in the morning or in the afternoon".to_owned() } else { said.join(" or ") }
    }

    /// When appointments begin: "on the hour and half past".
    fn grid(&self, grid_min: u32) -> String {
        match grid_min {
            60 => "on the hour".to_owned(),
            30 => "on the hour and half past".to_owned(),
            15 => "every quarter of an hour".to_owned(),
            120 => "every two hours".to_owned(),
            0 | 1 => "at any minute".to_owned(),
            minutes if minutes < 60 => format!("every {} minutes from the hour", cardinal(minutes)),
            minutes => format!("every {minutes} minutes"),
        }
    }

    /// A choice: "a", "a or b", "a, b, or c".
    fn either(&self, choices: &[String]) -> String {
        match choices {
            [] => String::new(),
            [only] => only.clone(),
            [first, second] => format!("{first} or {second}"),
            [most @ .., last] => format!("{}, or {last}", most.join(", ")),
        }
    }

    /// All of several: "a", "a and b", "a, b, and c".
    fn all(&self, parts: &[String]) -> String {
        match parts {
            [] => String::new(),
            [only] => only.clone(),
            [first, second] => format!("{first} and {second}"),
            [most @ .., last] => format!("{}, and {last}", most.join(", ")),
        }
    }

    /// "two one two, five five five, oh one nine nine".
    fn phone(&self, number: &str) -> String {
        const DIGITS: [&str; 10] = ["oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
        let (plus, groups) = in_groups(number);
        format!("{}{}", if plus { "plus " } else { "" }, groups_said(&groups, DIGITS))
    }

    /// How long something takes: "thirty minutes", "an hour", "an hour and a half", "two hours and fifteen minutes".
    fn length(&self, minutes: u32) -> String {
        let hours = match minutes / 60 {
            0 => None,
            1 => Some("an hour".to_owned()),
            hours => Some(format!("{} hours", cardinal(hours))),
        };
        let rest = match (minutes % 60, &hours) {
            (0, _) => None,
            (30, Some(_)) if minutes < 120 => Some("a half".to_owned()),
            (1, _) => Some("one minute".to_owned()),
            (rest, _) => Some(format!("{} minutes", cardinal(rest))),
        };
        let parts: Vec<String> = hours.into_iter().chain(rest).collect();
        if parts.is_empty() { "no time".to_owned() } else { parts.join(" and ") }
    }

    /// A service with its article: the business's own, else one that suits the word.
    fn service(&self, name: &str) -> String {
        let first = name.split_whitespace().next().unwrap_or_default().to_lowercase();
        let has_article = ["a", "an", "the", "some", "your", "our", "one"].contains(&first.as_str());
        if has_article || name.ends_with('s') || first.starts_with(|c: char| c.is_ascii_digit()) {
            return name.to_owned();
        }
        format!("{} {name}", article(name))
    }

    /// "today", "tomorrow", "on Friday".
    fn day(&self, day: NaiveDate, today: NaiveDate) -> String {
        match (day - today).num_days() {
            0 => "today".to_owned(),
            1 => "tomorrow".to_owned(),
            _ => format!("on {}", weekday(day.weekday())),
        }
    }

    /// "Monday to Friday", or each by its name where they do not follow one another.
    fn weekdays(&self, days: &[Weekday]) -> String {
        let follow = days.windows(2).all(|pair| pair[0].succ() == pair[1]);
        match days {
            [first, .., last] if follow && days.len() > 2 => format!("{} to {}", weekday(*first), weekday(*last)),
            _ => self.all(&days.iter().map(|day| weekday(*day).to_owned()).collect::<Vec<_>>()),
        }
    }

    /// "from nine AM to noon".
    fn opening(&self, from: NaiveTime, to: NaiveTime) -> String {
        format!("from {} to {}", clock(from), clock(to))
    }

    /// "Tue, Nov 24 at 3:00 PM".
    fn written(&self, at: NaiveDateTime) -> String {
        at.format("%a, %b %-d at %-I:%M %p").to_string()
    }
}

/// "An" before a vowel that sounds like one.
fn article(noun: &str) -> &'static str {
    let noun = noun.to_lowercase();
    let silent_h = ["hour", "honest", "honor", "honour", "heir"].iter().any(|start| noun.starts_with(start));
    let like_you = ["uni", "use", "usu", "eu", "one", "once", "u-"].iter().any(|start| noun.starts_with(start));
    let unlike_you = ["unin", "unim"].iter().any(|start| noun.starts_with(start));
    let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
    if silent_h || (vowel && (!like_you || unlike_you)) { "an" } else { "a" }
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    }
}

/// "today", "tomorrow", "on Tuesday, November twenty-fourth". After another day of the same month, "on Wednesday the
/// twenty-fifth"; more than ten months ahead, with the year.
fn on_day(day: NaiveDate, before: Option<NaiveDate>, today: NaiveDate) -> String {
    const NEEDS_YEAR_DAYS: u64 = 300;
    if day == today {
        return "today".to_owned();
    }
    if Some(day) == today.succ_opt() {
        return "tomorrow".to_owned();
    }
    let weekday = day.format("%A");
    let same_month = |before: &NaiveDate| {
        (before.year(), before.month()) == (day.year(), day.month()) && *before > today + Days::new(1)
    };
    if before.as_ref().is_some_and(same_month) {
        return format!("on {weekday} the {}", ordinal(day.day()));
    }
    let year = if day > today + Days::new(NEEDS_YEAR_DAYS) { format!(", {}", year(day.year())) } else { String::new() };
    format!("on {weekday}, {} {}{year}", day.format("%B"), ordinal(day.day()))
}

/// "noon", "three PM", "nine thirty AM", "two oh five PM".
fn clock(at: NaiveTime) -> String {
    match (at.hour(), at.minute()) {
        (0, 0) => "midnight".to_owned(),
        (12, 0) => "noon".to_owned(),
        (hour, _) => format!("{} {}", hour_and_minute(at), if hour < 12 { "AM" } else { "PM" }),
    }
}

/// "eight in the morning".
fn in_half(at: NaiveTime) -> String {
    match (at.hour(), at.minute()) {
        (0, 0) => "midnight".to_owned(),
        (12, 0) => "noon".to_owned(),
        (0..12, _) => format!("{} in the morning", hour_and_minute(at)),
        (12..17, _) => format!("{} in the afternoon", hour_and_minute(at)),
        _ => format!("{} in the evening", hour_and_minute(at)),
    }
}

fn hour_and_minute(at: NaiveTime) -> String {
    let hour = cardinal((at.hour() + 11) % 12 + 1);
    match at.minute() {
        0 => hour,
        minute @ 1..=9 => format!("{hour} oh {}", cardinal(minute)),
        minute => format!("{hour} {}", cardinal(minute)),
    }
}

/// "twenty twenty-seven".
fn year(year: i32) -> String {
    let year = year.unsigned_abs();
    match year % 100 {
        0..10 => year.to_string(),
        rest => format!("{} {}", cardinal(year / 100), cardinal(rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_noun_has_the_article_of_its_sound() {
        for (noun, wanted) in
            [("haircut", "a"), ("oil change", "an"), ("hour of massage", "an"), ("uniform fitting", "a")]
        {
            assert_eq!(article(noun), wanted, "{noun}");
        }
    }
}
