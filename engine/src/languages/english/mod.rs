//! English. The rules are written in its words, so it has no list of them.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Weekday};

use super::Voice;

mod prompts;
mod spoken;

pub(super) struct English;

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
        &[", for {name}", " for {name}", ", {name}", "{name}, ", " {name}", "{name}"]
    }

    fn time(&self, at: NaiveDateTime, now: NaiveDateTime) -> String {
        spoken::time(at, now)
    }

    fn times(&self, times: &[NaiveDateTime], now: NaiveDateTime) -> String {
        spoken::times(times, now)
    }

    fn halves(&self, times: &[NaiveDateTime]) -> String {
        spoken::halves(times)
    }

    fn grid(&self, grid_min: u32) -> String {
        spoken::grid(grid_min)
    }

    fn day(&self, day: NaiveDate, today: NaiveDate) -> String {
        spoken::day(day, today)
    }

    fn weekdays(&self, days: &[Weekday]) -> String {
        spoken::weekdays(days)
    }

    fn opening(&self, from: NaiveTime, to: NaiveTime) -> String {
        spoken::opening(from, to)
    }

    fn length(&self, minutes: u32) -> String {
        spoken::length(minutes)
    }

    fn phone(&self, number: &str) -> String {
        spoken::phone(number)
    }

    fn either(&self, choices: &[String]) -> String {
        spoken::either(choices)
    }

    fn all(&self, parts: &[String]) -> String {
        spoken::all(parts)
    }

    fn service(&self, name: &str) -> String {
        spoken::service(name)
    }

    fn written(&self, at: NaiveDateTime) -> String {
        spoken::written(at)
    }
}
