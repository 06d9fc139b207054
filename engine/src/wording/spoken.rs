//! Dates, times and lists the way a person says them.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, Timelike};

/// A day and a time: "tomorrow at three PM", "on Tuesday, November twenty-fourth, at three PM".
pub(super) fn time(at: NaiveDateTime, now: NaiveDateTime) -> String {
    let day = on_day(at.date(), None, now.date());
    // A day with commas in it is closed by one.
    let comma = if day.contains(',') { "," } else { "" };
    format!("{day}{comma} at {}", clock(at))
}

/// Times to choose from, each day said once: "nine AM or ten AM tomorrow, or two PM on Wednesday, November twenty-fifth".
pub(super) fn times(times: &[NaiveDateTime], now: NaiveDateTime) -> String {
    let mut days: Vec<(NaiveDate, Vec<String>)> = Vec::new();
    for at in times {
        match days.last_mut().filter(|(day, _)| *day == at.date()) {
            Some((_, clocks)) => clocks.push(clock(*at)),
            None => days.push((at.date(), vec![clock(*at)])),
        }
    }
    let mut before = None;
    let groups: Vec<String> = days
        .iter()
        .map(|(day, clocks)| {
            let day_said = on_day(*day, before, now.date());
            before = Some(*day);
            format!("{} {day_said}", either(clocks))
        })
        .collect();
    match &groups[..] {
        [first, second] => format!("{first}, or {second}"),
        _ => either(&groups),
    }
}

/// Both halves of the day: "eight in the morning or eight in the evening".
pub(super) fn halves(morning: Option<NaiveDateTime>, afternoon: Option<NaiveDateTime>) -> String {
    let said: Vec<String> = [morning, afternoon].into_iter().flatten().map(in_half).collect();
    if said.is_empty() { "in the morning or in the afternoon".to_owned() } else { said.join(" or ") }
}

/// When appointments begin: "on the hour and half past".
pub(super) fn grid(grid_min: u32) -> String {
    match grid_min {
        60 => "on the hour".to_owned(),
        30 => "on the hour and half past".to_owned(),
        15 => "every quarter of an hour".to_owned(),
        120 => "every two hours".to_owned(),
        0 | 1 => "at any minute".to_owned(),
        minutes if minutes < 60 => format!("every {} minutes from the hour", number(minutes)),
        minutes => format!("every {minutes} minutes"),
    }
}

/// A choice: "a", "a or b", "a, b, or c".
pub(super) fn either(choices: &[String]) -> String {
    match choices {
        [] => String::new(),
        [only] => only.clone(),
        [first, second] => format!("{first} or {second}"),
        [most @ .., last] => format!("{}, or {last}", most.join(", ")),
    }
}

/// All of several: "a", "a and b", "a, b, and c".
pub(super) fn all(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first, second] => format!("{first} and {second}"),
        [most @ .., last] => format!("{}, and {last}", most.join(", ")),
    }
}

/// How long something takes: "thirty minutes", "an hour", "an hour and a half", "two hours and fifteen minutes".
pub(super) fn length(minutes: u32) -> String {
    let hours = match minutes / 60 {
        0 => None,
        1 => Some("an hour".to_owned()),
        hours => Some(format!("{} hours", number(hours))),
    };
    let rest = match (minutes % 60, &hours) {
        (0, _) => None,
        (30, Some(_)) if minutes < 120 => Some("a half".to_owned()),
        (1, _) => Some("one minute".to_owned()),
        (rest, _) => Some(format!("{} minutes", number(rest))),
    };
    let parts: Vec<String> = hours.into_iter().chain(rest).collect();
    if parts.is_empty() { "no time".to_owned() } else { parts.join(" and ") }
}

/// "An" before a vowel that sounds like one.
pub(super) fn article(noun: &str) -> &'static str {
    let noun = noun.to_lowercase();
    let silent_h = ["hour", "honest", "honor", "honour", "heir"].iter().any(|start| noun.starts_with(start));
    let like_you = ["uni", "use", "usu", "eu", "one", "once", "u-"].iter().any(|start| noun.starts_with(start));
    let unlike_you = ["unin", "unim"].iter().any(|start| noun.starts_with(start));
    let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
    if silent_h || (vowel && (!like_you || unlike_you)) { "an" } else { "a" }
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
pub(super) fn clock(at: impl Timelike + Copy) -> String {
    match (at.hour(), at.minute()) {
        (0, 0) => "midnight".to_owned(),
        (12, 0) => "noon".to_owned(),
        (hour, _) => format!("{} {}", hour_and_minute(at), if hour < 12 { "AM" } else { "PM" }),
    }
}

/// "eight in the morning".
fn in_half(at: NaiveDateTime) -> String {
    match (at.hour(), at.minute()) {
        (0, 0) => "midnight".to_owned(),
        (12, 0) => "noon".to_owned(),
        (0..12, _) => format!("{} in the morning", hour_and_minute(at)),
        (12..17, _) => format!("{} in the afternoon", hour_and_minute(at)),
        _ => format!("{} in the evening", hour_and_minute(at)),
    }
}

fn hour_and_minute(at: impl Timelike) -> String {
    let hour = number((at.hour() + 11) % 12 + 1);
    match at.minute() {
        0 => hour,
        minute @ 1..=9 => format!("{hour} oh {}", number(minute)),
        minute => format!("{hour} {}", number(minute)),
    }
}

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];

/// A number below a hundred in words; larger ones in digits.
fn number(value: u32) -> String {
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    match value {
        0..20 => SMALL[value as usize].to_owned(),
        20..100 if value.is_multiple_of(10) => TENS[value as usize / 10 - 2].to_owned(),
        20..100 => format!("{}-{}", TENS[value as usize / 10 - 2], SMALL[value as usize % 10]),
        _ => value.to_string(),
    }
}

/// A day of the month as a place in an order: "twenty-fourth".
fn ordinal(day: u32) -> String {
    let irregular = |value: u32| {
        Some(match value {
            1 => "first",
            2 => "second",
            3 => "third",
            5 => "fifth",
            8 => "eighth",
            9 => "ninth",
            12 => "twelfth",
            20 => "twentieth",
            30 => "thirtieth",
            _ => return None,
        })
    };
    if let Some(word) = irregular(day) {
        return word.to_owned();
    }
    match day {
        21..=29 => format!("twenty-{}", ordinal(day - 20)),
        31.. => format!("thirty-{}", ordinal(day - 30)),
        _ => format!("{}th", number(day)),
    }
}

/// "twenty twenty-seven".
fn year(year: i32) -> String {
    let year = year.unsigned_abs();
    match year % 100 {
        0..10 => year.to_string(),
        rest => format!("{} {}", number(year / 100), number(rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_a_month_has_its_word() {
        let words: Vec<String> = (1..=31).map(ordinal).collect();
        assert_eq!(words[..5].join(" "), "first second third fourth fifth");
        assert_eq!([11, 12, 13, 20].map(ordinal).join(" "), "eleventh twelfth thirteenth twentieth");
        assert_eq!(
            [21, 22, 24, 28, 30, 31].map(ordinal).join(" "),
            "twenty-first twenty-second twenty-fourth twenty-eighth thirtieth thirty-first"
        );
    }

    #[test]
    fn a_noun_has_the_article_of_its_sound() {
        for (noun, wanted) in
            [("haircut", "a"), ("oil change", "an"), ("hour of massage", "an"), ("uniform fitting", "a")]
        {
            assert_eq!(article(noun), wanted, "{noun}");
        }
    }
}
