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
        "languages": {"es": {
            "services": {
                "haircut": {"name": "un corte de pelo", "also": ["corte", "pelo", "cortarme el pelo"]},
                "beard_trim": {"name": "un arreglo de barba", "also": ["barba", "arreglarme la barba", "afeitado"]},
                "coloring": {"name": "un tinte", "also": ["color", "mechas"]},
            },
            "answers": [
                {"ask": ["horario", "abierto", "cerrado"], "say": "Abrimos de martes a sábado."},
                {"ask": ["dónde", "dirección"], "say": "Estamos en el doce de Harbor Street."},
                {"ask": ["estacionamiento"], "say": "Puede estacionar gratis."},
                {"ask": ["precio", "cuánto"], "say": "Un corte cuesta treinta y cinco dólares."},
                {"ask": ["pagar", "tarjeta"], "say": "Aceptamos tarjetas y efectivo."},
            ],
        }},
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
    language: Language,
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
            language: setting("language").and_then(|code| Language::of_code(&code)).unwrap_or_default(),
        }
    }

    fn business(&self) -> Business {
        let mut business = barber().speaking(self.language).expect("the barber speaks all languages");
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
            half_name: None,
            detail: None,
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
        "cancelling" => Expect::Cancelling,
        "appointment" => Expect::Appointment,
        "message" => Expect::Message,
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
    let count = check_table(include_str!("tables/when.table"), |phrase, situation| {
        match when::reading(&words::read(phrase, situation.business.language), situation) {
            Reading::Nothing => "nothing".to_owned(),
            Reading::Unclear => "unclear".to_owned(),
            Reading::Found(when) => show_when(&when),
        }
    });
    assert!(count >= 120, "the table has shrunk to {count} phrases");
}

#[test]
fn what_spanish_speakers_say_about_time_means_what_the_table_says() {
    let count = check_table(include_str!("tables/spanish/when.table"), |phrase, situation| {
        match when::reading(&words::read(phrase, situation.business.language), situation) {
            Reading::Nothing => "nothing".to_owned(),
            Reading::Unclear => "unclear".to_owned(),
            Reading::Found(when) => show_when(&when),
        }
    });
    assert!(count >= 150, "the table has shrunk to {count} phrases");
}

fn wire_name(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).expect("an enum").as_str().expect("a name").to_owned()
}

fn show_proposal(proposal: &Proposal) -> String {
    let mut parts = vec![wire_name(&proposal.intent)];
    let mut fact = |name: &str, value: Option<String>| parts.extend(value.map(|value| format!("{name}={value}")));
    fact("service", proposal.service.clone());
    fact("when", proposal.when.as_ref().map(|when| format!("[{}]", show_when(when))));
    fact("name", proposal.name.as_ref().map(|name| format!("[{name}]")));
    fact("phone", proposal.phone.clone());
    fact("phone-end", proposal.phone_end.clone());
    fact("about", proposal.about.map(|about| wire_name(&about)));
    parts.extend(proposal.unknown_service.then(|| "unknown-service".to_owned()));
    parts.extend(proposal.unclear_when.then(|| "unclear-time".to_owned()));
    parts.join(" ")
}

#[test]
fn whole_turns_mean_what_the_table_says() {
    let count = check_table(include_str!("tables/turns.table"), |phrase, situation| {
        show_proposal(&understand(phrase, situation))
    });
    assert!(count >= 150, "the table has shrunk to {count} turns");
}

#[test]
fn whole_turns_in_spanish_mean_what_the_table_says() {
    let count = check_table(include_str!("tables/spanish/turns.table"), |phrase, situation| {
        show_proposal(&understand(phrase, situation))
    });
    assert!(count >= 120, "the table has shrunk to {count} turns");
}

#[test]
fn a_caller_is_followed_into_their_language() {
    let turned_by = |text: &str, scene: &str| {
        let scene = Scene::read(scene);
        let business = scene.business();
        turned(text, &scene.situation(&business)).map(|turned| (turned.language.code(), turned.only_asked))
    };
    let (english, spanish) = ("now=2026-11-23T10:00 expects=anything", "now=2026-11-23T10:00 expects=time language=es");
    for (text, wanted) in [
        ("Español.", Some(("es", true))),
        ("Spanish, please.", Some(("es", true))),
        ("Do you speak Spanish?", Some(("es", true))),
        ("¿Habla español?", Some(("es", true))),
        ("No hablo inglés.", Some(("es", true))),
        ("Hola, quisiera una cita para mañana.", Some(("es", false))),
        ("quiero un corte de pelo", Some(("es", false))),
        ("Buenos días.", Some(("es", false))),
        ("Hola", None),
        ("I'd like a haircut tomorrow at three.", None),
        ("Hi, I'm José Martínez.", None),
        ("He was there once, for the sale.", None),
        ("No, me too.", None),
        ("no", None),
    ] {
        assert_eq!(turned_by(text, english), wanted, "{text:?}");
    }
    for (text, wanted) in [
        ("English, please.", Some(("en", true))),
        ("¿Habla inglés?", Some(("en", true))),
        ("Can I come on Friday morning?", Some(("en", false))),
        ("mañana a las tres", None),
        ("Sí, por favor.", None),
        ("No.", None),
    ] {
        assert_eq!(turned_by(text, spanish), wanted, "{text:?}");
    }
    assert_eq!(turned_by("Julio Domingo", "now=2026-11-23T10:00 expects=name"), None);
}

#[test]
fn a_caller_is_done_or_not_as_the_table_says() {
    let count = check_table(include_str!("tables/shapes.table"), |phrase, situation| {
        format!("{:?}", shape(phrase, situation)).to_lowercase()
    });
    assert!(count >= 80, "the table has shrunk to {count} phrases");
}

#[test]
fn a_politeness_adds_nothing() {
    for text in ["please", "Thanks.", "thank you so much", "um", "yes please", "okay thank you", ""] {
        assert!(is_aside(text, Language::English), "{text:?}");
    }
    for text in ["on Friday", "no", "but not on Tuesday", "and a beard trim", "two six seven one"] {
        assert!(!is_aside(text, Language::English), "{text:?}");
    }
}

#[test]
fn names_are_heard_and_written_as_the_table_says() {
    let mut wrong = String::new();
    for line in include_str!("tables/names.table").lines().filter(|line| !line.starts_with('#')) {
        let (phrase, wanted) = line.split_once('|').expect("phrase | name");
        let got = name(phrase.trim(), Language::English).unwrap_or_default();
        if got != wanted.trim() {
            wrong.push_str(&format!("\n{} | {} | but it is {got}", phrase.trim(), wanted.trim()));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn sentences_that_introduce_nobody_give_no_name() {
    let business = barber();
    for line in include_str!("tables/no-names.table").lines().filter(|line| !line.starts_with('#')) {
        for text in [line.to_owned(), line.to_lowercase(), format!("{line}.")] {
            for expects in [Expect::Anything, Expect::Time, Expect::YesNo] {
                let scene = Scene { expects, ..Scene::read("now=2026-11-23T10:00") };
                assert_eq!(understand(&text, &scene.situation(&business)).name, None, "{text:?}");
            }
        }
    }
}

#[test]
fn dictated_numbers_are_dialable_as_the_table_says() {
    let mut wrong = String::new();
    for line in include_str!("tables/phones.table").lines().filter(|line| !line.starts_with('#')) {
        let parts: Vec<&str> = line.split('|').map(str::trim).collect();
        let got = phone(parts[1], parts[0], Language::English).unwrap_or_default();
        if got != parts[2] {
            wrong.push_str(&format!("\n{line}\n    but it is {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn services_are_found_by_id_name_and_other_words() {
    let business = barber();
    let found = |id: &str| ServiceReading::Found(id.to_owned());
    for (text, wanted) in [
        ("beard_trim", found("beard_trim")),
        ("a beard trim", found("beard_trim")),
        ("beard trims", found("beard_trim")),
        ("trim", found("haircut")),
        ("hair cut", found("haircut")),
        ("haircuts", found("haircut")),
        ("Colouring, I mean color", found("coloring")),
        ("not a haircut, a shave", found("beard_trim")),
        ("manicure", ServiceReading::Unknown),
        ("", ServiceReading::None),
        ("an appointment", ServiceReading::None),
        ("tomorrow", ServiceReading::None),
    ] {
        assert_eq!(service(text, &business), wanted, "{text:?}");
    }
}

#[test]
fn questions_are_answered_by_the_words_in_them() {
    let business = barber();
    for (text, wanted) in [
        ("What are your hours?", Some("We're open Tuesday to Saturday.")),
        ("Where do I park?", Some("We're at twelve Harbor Street.")),
        ("How much is it?", Some("A haircut is thirty five dollars.")),
        ("how much", Some("A haircut is thirty five dollars.")),
        ("Do you take cards", Some("We take cards and cash.")),
        ("Is there much to see?", None),
        ("Do you have a bathroom?", None),
    ] {
        assert_eq!(answer(text, &business), wanted, "{text:?}");
    }
}

#[test]
fn no_words_whatever_make_the_rules_panic() {
    let business = barber();
    let vocabulary = include_str!("tables/when.table")
        .split_whitespace()
        .chain(include_str!("tables/turns.table").split_whitespace());
    let vocabulary: Vec<&str> = vocabulary
        .chain(["-", "'", "''", "$", "+", "#", ".", "?", "é", "99999999999", "0:99", "1/2/3/4", "’s", "n't"])
        .collect();
    let mut seed = 1_u64;
    let mut random = move |below: usize| {
        // Knuth's MMIX constants: any spread of words will do.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    for _ in 0..150 {
        let text = (0..1 + random(9)).map(|_| vocabulary[random(vocabulary.len())]).collect::<Vec<_>>().join(" ");
        let mut scene = Scene::read("now=2026-11-23T10:00 offered=2026-11-24T09:30,2026-11-24T14:00");
        scene.expects = [Expect::Anything, Expect::Time, Expect::Name, Expect::Phone, Expect::YesNo][random(5)];
        understand(&text, &scene.situation(&business));
        let _ = (name(&text, Language::English), phone(&text, "GB", Language::English), answer(&text, &business));
        let _ = (shape(&text, &scene.situation(&business)), is_aside(&text, Language::English));
    }
}
