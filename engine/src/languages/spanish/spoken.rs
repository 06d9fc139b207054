//! Dates, times and lists the way a person says them in Spanish: on the clock of twelve hours, with the part of the day.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Weekday};

use super::super::{Voice, by_day, groups_said, in_groups};
use super::numbers::{SMALL, TENS};
use super::{Spanish, prompts};

const MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

impl Voice for Spanish {
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

    /// "mañana a las tres de la tarde", "el martes veinticuatro de noviembre a las tres de la tarde".
    fn time(&self, at: NaiveDateTime, now: NaiveDateTime) -> String {
        format!("{} a {}", on_day(at.date(), None, now.date()), clock(at.time()))
    }

    /// "mañana a las nueve de la mañana o a las diez de la mañana, o el miércoles veinticinco de noviembre a las dos de la
    /// tarde".
    fn times(&self, times: &[NaiveDateTime], now: NaiveDateTime) -> String {
        let mut before = None;
        let groups: Vec<String> = by_day(times)
            .into_iter()
            .map(|(day, clocks)| {
                let day_said = on_day(day, before.replace(day), now.date());
                let clocks: Vec<String> = clocks.into_iter().map(|at| format!("a {}", clock(at))).collect();
                format!("{day_said} {}", self.either(&clocks))
            })
            .collect();
        match &groups[..] {
            [first, second] => format!("{first}, o {second}"),
            _ => self.either(&groups),
        }
    }

    /// "a las ocho de la mañana o a las ocho de la noche".
    fn halves(&self, times: &[NaiveDateTime]) -> String {
        let said: Vec<String> = times.iter().map(|at| format!("a {}", clock(at.time()))).collect();
        if said.is_empty() { "por la mañana o por la tarde".to_owned() } else { said.join(" o ") }
    }

    /// "a la hora en punto y a la media".
    fn grid(&self, grid_min: u32) -> String {
        match grid_min {
            60 => "a la hora en punto".to_owned(),
            30 => "a la hora en punto y a la media".to_owned(),
            15 => "cada cuarto de hora".to_owned(),
            120 => "cada dos horas".to_owned(),
            0 | 1 => "a cualquier minuto".to_owned(),
            minutes => format!("cada {} minutos a partir de la hora en punto", of_minutes(minutes)),
        }
    }

    /// "a", "a o b", "a, b o c". Before another "o" it is "u".
    fn either(&self, choices: &[String]) -> String {
        joined(choices, "o", "u", &["o", "ho", "ó"])
    }

    /// "a", "a y b", "a, b y c". Before another "i" it is "e".
    fn all(&self, parts: &[String]) -> String {
        joined(parts, "y", "e", &["i", "hi", "í"])
    }

    /// "dos uno dos, cinco cinco cinco, cero uno nueve nueve".
    fn phone(&self, number: &str) -> String {
        let digits: [&str; 10] = std::array::from_fn(|digit| SMALL[digit]);
        let (plus, groups) = in_groups(number);
        format!("{}{}", if plus { "más " } else { "" }, groups_said(&groups, digits))
    }

    /// "treinta minutos", "una hora", "una hora y media", "dos horas y quince minutos".
    fn length(&self, minutes: u32) -> String {
        let hours = match minutes / 60 {
            0 => None,
            1 => Some("una hora".to_owned()),
            hours => Some(format!("{} horas", of_hours(hours))),
        };
        let rest = match (minutes % 60, &hours) {
            (0, _) => None,
            (30, Some(_)) => Some("media".to_owned()),
            (1, _) => Some("un minuto".to_owned()),
            (rest, _) => Some(format!("{} minutos", of_minutes(rest))),
        };
        let parts: Vec<String> = hours.into_iter().chain(rest).collect();
        if parts.is_empty() { "nada".to_owned() } else { parts.join(" y ") }
    }

    /// Which article a word has cannot be told from it; the business writes it.
    fn service(&self, name: &str) -> String {
        name.to_owned()
    }

    /// "hoy", "mañana", "el viernes".
    fn day(&self, day: NaiveDate, today: NaiveDate) -> String {
        match (day - today).num_days() {
            0 => "hoy".to_owned(),
            1 => "mañana".to_owned(),
            _ => format!("el {}", weekday(day.weekday())),
        }
    }

    /// "de lunes a viernes", or each by its name where they do not follow one another.
    fn weekdays(&self, days: &[Weekday]) -> String {
        let follow = days.windows(2).all(|pair| pair[0].succ() == pair[1]);
        match days {
            [first, .., last] if follow && days.len() > 2 => format!("de {} a {}", weekday(*first), weekday(*last)),
            _ => self.all(&days.iter().map(|day| format!("los {}", plural(*day))).collect::<Vec<_>>()),
        }
    }

    /// "de las nueve de la mañana a las doce del mediodía".
    fn opening(&self, from: NaiveTime, to: NaiveTime) -> String {
        format!("de {} a {}", clock(from), clock(to))
    }

    /// "mar 24 nov, 3:00 p. m."
    fn written(&self, at: NaiveDateTime) -> String {
        let letters = |word: &str| word.chars().take(3).collect::<String>();
        let (day, month) = (letters(weekday(at.weekday())), letters(month(at.date())));
        let half = if at.hour() < 12 { "a. m." } else { "p. m." };
        format!("{day} {} {month}, {}:{:02} {half}", at.day(), at.hour12().1, at.minute())
    }
}

fn joined(parts: &[String], usual: &str, before_its_like: &str, like: &[&str]) -> String {
    let [most @ .., last] = parts else { return String::new() };
    if most.is_empty() {
        return last.clone();
    }
    let is_like = like.iter().any(|sound| last.starts_with(sound)) && !last.starts_with("hie");
    format!("{} {} {last}", most.join(", "), if is_like { before_its_like } else { usual })
}

/// "hoy", "mañana", "el martes veinticuatro de noviembre". After another day of the same month, "el miércoles
/// veinticinco"; more than ten months ahead, with the year.
fn on_day(day: NaiveDate, before: Option<NaiveDate>, today: NaiveDate) -> String {
    const NEEDS_YEAR_DAYS: u64 = 300;
    if day <= today + Days::new(1) && day >= today {
        return Spanish.day(day, today);
    }
    let weekday = weekday(day.weekday());
    let number = if day.day() == 1 { "primero".to_owned() } else { cardinal(day.day()) };
    let same_month = |before: &NaiveDate| {
        (before.year(), before.month()) == (day.year(), day.month()) && *before > today + Days::new(1)
    };
    if before.as_ref().is_some_and(same_month) {
        return format!("el {weekday} {number}");
    }
    let year =
        if day > today + Days::new(NEEDS_YEAR_DAYS) { format!(" de {}", year(day.year())) } else { String::new() };
    format!("el {weekday} {number} de {}{year}", month(day))
}

/// "la una de la tarde", "las nueve y media de la mañana", "las doce del mediodía", "medianoche".
fn clock(at: NaiveTime) -> String {
    let part = match (at.hour(), at.minute()) {
        (0, 0) => return "medianoche".to_owned(),
        (12, 0) => "del mediodía",
        (0..6, _) => "de la madrugada",
        (6..12, _) => "de la mañana",
        (12..20, _) => "de la tarde",
        _ => "de la noche",
    };
    let hour = match at.hour12().1 {
        1 => "la una".to_owned(),
        hour => format!("las {}", cardinal(hour)),
    };
    let minutes = match at.minute() {
        0 => String::new(),
        15 => " y cuarto".to_owned(),
        30 => " y media".to_owned(),
        minute => format!(" y {}", cardinal(minute)),
    };
    format!("{hour}{minutes} {part}")
}

fn month(day: NaiveDate) -> &'static str {
    MONTHS[day.month0() as usize]
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "lunes",
        Weekday::Tue => "martes",
        Weekday::Wed => "miércoles",
        Weekday::Thu => "jueves",
        Weekday::Fri => "viernes",
        Weekday::Sat => "sábado",
        Weekday::Sun => "domingo",
    }
}

fn plural(day: Weekday) -> String {
    let name = weekday(day);
    if name.ends_with('s') { name.to_owned() } else { format!("{name}s") }
}

/// A number below a hundred in words; larger ones in digits.
fn cardinal(value: u32) -> String {
    match value {
        0..30 => SMALL[value as usize].to_owned(),
        30..100 if value.is_multiple_of(10) => TENS[value as usize / 10 - 3].to_owned(),
        30..100 => format!("{} y {}", TENS[value as usize / 10 - 3], SMALL[value as usize % 10]),
        _ => value.to_string(),
    }
}

/// Before a masculine noun "uno" loses its end: "veintiún minutos".
fn of_minutes(value: u32) -> String {
    let said = cardinal(value);
    match said.strip_suffix("uno") {
        Some("veinti") => "veintiún".to_owned(),
        Some(stem) => format!("{stem}un"),
        None => said,
    }
}

/// Before a feminine noun it is "una": "veintiuna horas".
fn of_hours(value: u32) -> String {
    let said = cardinal(value);
    said.strip_suffix("uno").map(|stem| format!("{stem}una")).unwrap_or(said)
}

/// "dos mil veintisiete".
fn year(year: i32) -> String {
    match year {
        2000 => "dos mil".to_owned(),
        2001..2100 => format!("dos mil {}", cardinal(year.unsigned_abs() % 100)),
        _ => year.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").expect("a moment")
    }

    #[test]
    fn times_are_said_as_people_say_them() {
        let now = at("2026-11-23T10:00");
        for (when, wanted) in [
            ("2026-11-23T15:00", "hoy a las tres de la tarde"),
            ("2026-11-24T09:30", "mañana a las nueve y media de la mañana"),
            ("2026-11-27T13:15", "el viernes veintisiete de noviembre a la una y cuarto de la tarde"),
            ("2026-12-01T12:00", "el martes primero de diciembre a las doce del mediodía"),
            ("2026-12-01T20:45", "el martes primero de diciembre a las ocho y cuarenta y cinco de la noche"),
            (
                "2027-10-01T08:05",
                "el viernes primero de octubre de dos mil veintisiete a las ocho y cinco de la mañana",
            ),
        ] {
            assert_eq!(Spanish.time(at(when), now), wanted);
        }
        assert_eq!(
            Spanish.times(&[at("2026-11-25T09:00"), at("2026-11-25T10:00"), at("2026-11-26T14:00")], now),
            "el miércoles veinticinco de noviembre a las nueve de la mañana o a las diez de la mañana, o el jueves \
             veintiséis a las dos de la tarde"
        );
        assert_eq!(Spanish.written(at("2026-11-24T15:00")), "mar 24 nov, 3:00 p. m.");
    }

    #[test]
    fn lists_lengths_and_numbers_follow_their_sounds() {
        let list = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            Spanish.either(&list(&["un corte", "un arreglo de barba", "otra cosa"])),
            "un corte, un arreglo de barba u otra cosa"
        );
        assert_eq!(Spanish.all(&list(&["hilo", "hierro"])), "hilo y hierro");
        assert_eq!(Spanish.all(&list(&["corte", "iluminación"])), "corte e iluminación");
        assert_eq!(
            [30, 60, 90, 135, 21].map(|minutes| Spanish.length(minutes)).join("; "),
            "treinta minutos; una hora; una hora y media; dos horas y quince minutos; veintiún minutos"
        );
        assert_eq!(Spanish.phone("+12125550199"), "dos uno dos, cinco cinco cinco, cero uno nueve nueve");
        assert_eq!(Spanish.weekdays(&[Weekday::Tue, Weekday::Wed, Weekday::Thu]), "de martes a jueves");
        assert_eq!(Spanish.weekdays(&[Weekday::Tue, Weekday::Sat]), "los martes y los sábados");
    }
}
