//! Tables of phrases and their meanings. Read them as the description of what is understood.

use super::*;
use crate::calendar::moment;

/// The example business: what these tables are about.
fn barber() -> Business {
    let hours = |text: &str| vec![crate::business::Opening::try_from(text.to_owned()).expect("fixed")];
    let json = serde_json::json!({
        "name": "Harbor Street Barbers", "time_zone": "America/New_York",
        "hours": {},
        "services": [
            {"id": "haircut", "name": "a haircut", "also": ["hair cut", "cut", "trim"], "minutes": 30},
            {"id": "beard_trim", "name": "a beard trim", "also": ["beard", "shave"], "minutes": 30},
            {"id": "coloring", "name": "a coloring", "also": ["color", "colour", "dye", "highlights"], "minutes": 90},
        ],
        "staff": [{"id": "sam", "name": "Sam"}],
        "answers": [
            {"ask": ["hours", "open", "close", "closing"], "say": "We're open Tuesday to Saturday."},
            {"ask": ["where", "address", "located"], "say": "We're at twelve Harbor Street."},
            {"ask": ["park", "parking"], "say": "You can park for free."},
            {"ask": ["price", "prices", "cost", "how much"], "say": "A haircut is thirty five dollars."},
            {"ask": ["pay", "card", "cash"], "say": "We take cards and cash."},
        ],
    });
    let mut business: Business = serde_json::from_value(json).expect("a business");
    let weekday = hours("09:00-18:00");
    (business.hours.tue, business.hours.wed, business.hours.fri) = (weekday.clone(), weekday.clone(), weekday);
    (business.hours.thu, business.hours.sat) = (hours("09:00-20:00"), hours("10:00-16:00"));
    business
}

/// The scene of a table's `@` line.
struct Scene {
    now: NaiveDateTime,
    expects: Expect,
    offered: Vec<Slot>,
    half: Option<(Slot, Slot)>,
    day: Option<NaiveDate>,
    service: Option<String>,
    hours: Option<String>,
}

impl Scene {
    fn read(line: &str) -> Self {
        let setting = |name: &str| {
            line.split_whitespace().find_map(|part| part.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
        };
        let slots = |text: String| text.split(',').map(|slot| Slot(slot.to_owned())).collect::<Vec<_>>();
        Self {
            now: moment(&Slot(setting("now").expect("a scene has a now"))).expect("now is a moment"),
            expects: setting("expects").map_or(Expect::Anything, |name| expect_named(&name)),
            offered: setting("offered").map(slots).unwrap_or_default(),
            half: setting("half").map(slots).map(|both| (both[0].clone(), both[1].clone())),
            day: setting("day").map(|day| day.parse().expect("a day")),
            service: setting("service"),
            hours: setting("hours"),
        }
    }

    fn business(&self) -> Business {
        let mut business = barber();
        if let Some(hours) = &self.hours {
            let opening = vec![crate::business::Opening::try_from(hours.clone()).expect("hours")];
            let week = &mut business.hours;
            for day in [
                &mut week.mon,
                &mut week.tue,
                &mut week.wed,
                &mut week.thu,
                &mut week.fri,
                &mut week.sat,
                &mut week.sun,
            ] {
                *day = opening.clone();
            }
        }
        business
    }

    fn situation<'a>(&'a self, business: &'a Business) -> Situation<'a> {
        Situation {
            business,
            now: self.now,
            expects: self.expects,
            offered: &self.offered,
            half: self.half.clone(),
            day_in_mind: self.day,
            service: self.service.as_deref(),
        }
    }
}

fn expect_named(name: &str) -> Expect {
    match name {
        "anything" => Expect::Anything,
        "service" => Expect::Service,
        "time" => Expect::Time,
        "name" => Expect::Name,
        "phone" => Expect::Phone,
        "yes-no" => Expect::YesNo,
        "change" => Expect::Change,
        other => panic!("no such expectation: {other}"),
    }
}

/// Runs every line of a table, and shows all that differ at once.
fn check_table(table: &str, meaning: impl Fn(&str, &Situation) -> String) -> usize {
    let mut scene = None;
    let mut wrong = String::new();
    let mut count = 0;
    for line in table.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        if let Some(settings) = line.strip_prefix('@') {
            scene = Some(Scene::read(settings));
            continue;
        }
        let scene = scene.as_ref().expect("a table begins with a scene");
        let (phrase, wanted) = line.split_once('|').expect("phrase | meaning");
        let business = scene.business();
        let got = meaning(phrase.trim(), &scene.situation(&business));
        count += 1;
        if got != wanted.trim() {
            wrong.push_str(&format!("\n{:<50} | {}\n{:>50} | {got}", phrase.trim(), wanted.trim(), "but it is"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    count
}

fn day(at: NaiveDateTime) -> String {
    at.format(if at.format("%Y").to_string() == "2026" { "%a %b %-d" } else { "%a %b %-d %Y" }).to_string()
}

fn show_when(when: &When) -> String {
    let at = |slot: &Slot| moment(slot).expect("slots are moments");
    match when {
        When::At(slot) => format!("{} {}", day(at(slot)), at(slot).format("%H:%M")),
        When::EitherHalf { morning, afternoon } => {
            format!("{} {} or {}", day(at(morning)), at(morning).format("%H:%M"), at(afternoon).format("%H:%M"))
        }
        When::Offered(index) => format!("offered {index}"),
        When::Within { from, to } => {
            let (from, to) = (at(from), at(to));
            let begins = from.format("%H:%M").to_string() == "00:00";
            let ends = to.format("%H:%M").to_string() == "23:59";
            match (from.date() == to.date(), begins && ends) {
                (true, true) => day(from),
                (false, true) => format!("{} to {}", day(from), day(to)),
                (true, false) => format!("{} {} to {}", day(from), from.format("%H:%M"), to.format("%H:%M")),
                (false, false) => {
                    format!("{} {} to {} {}", day(from), from.format("%H:%M"), day(to), to.format("%H:%M"))
                }
            }
        }
    }
}

#[test]
fn what_callers_say_about_time_means_what_the_table_says() {
    let count = check_table(include_str!("when.table"), |phrase, situation| match when(phrase, situation) {
        Reading::Nothing => "nothing".to_owned(),
        Reading::Unclear => "unclear".to_owned(),
        Reading::Found(when) => show_when(&when),
    });
    assert!(count >= 120, "the table has shrunk to {count} phrases");
}
