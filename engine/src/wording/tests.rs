//! What is said, word for word.

use super::*;
use crate::languages::Language;

fn business() -> Business {
    let json = serde_json::json!({
        "name": "Harbor Street Barbers", "time_zone": "America/New_York",
        "hours": {"tue": ["09:00-18:00"], "sat": ["10:00-16:00"]},
        "services": [
            {"id": "haircut", "name": "a haircut", "also": ["cut"], "minutes": 30},
            {"id": "beard_trim", "name": "beard trim", "minutes": 30},
            {"id": "oil", "name": "oil treatment", "minutes": 30},
        ],
        "staff": [{"id": "sam", "name": "Sam"}],
        "answers": [{"ask": ["where"], "say": "We're at twelve St. Mark's Place. It's next to the ferry."}],
    });
    serde_json::from_value(json).expect("a business")
}

/// Saturday morning.
fn now() -> NaiveDateTime {
    moment(&slot("2026-11-21T10:00")).expect("a moment")
}

fn slot(text: &str) -> Slot {
    Slot(text.to_owned())
}

fn said(prompt: &Prompt) -> String {
    phrases(prompt, &business(), now()).join(" / ")
}

fn offered(refusal: Option<Refusal>, times: &[&str]) -> String {
    said(&Prompt::Offer { refusal, times: times.iter().map(|text| slot(text)).collect() })
}

fn confirm(at: &str, name: &str) -> Prompt {
    Prompt::Confirm {
        service: "haircut".to_owned(),
        slot: slot(at),
        name: name.to_owned(),
        instead_of: None,
        phone: None,
        details: Vec::new(),
    }
}

#[test]
fn a_refused_time_is_followed_by_others_with_the_day_said_once() {
    assert_eq!(
        offered(Some(Refusal::Taken), &["2026-11-24T09:30", "2026-11-24T10:00", "2026-11-24T14:00"]),
        "I'm sorry, that time is taken. / I have nine thirty AM, ten AM, or two PM on Tuesday, November twenty-fourth. / \
         Which suits you best?"
    );
    assert_eq!(
        offered(Some(Refusal::OffGrid), &["2026-11-22T09:00", "2026-11-22T12:00"]),
        "Our appointments start on the hour and half past. / I have nine AM or noon tomorrow. / Which suits you best?"
    );
}

#[test]
fn times_on_several_days_are_grouped_by_day() {
    assert_eq!(
        offered(None, &["2026-11-21T15:00", "2026-11-22T09:00", "2026-11-22T10:00"]),
        "I have three PM today, or nine AM or ten AM tomorrow. / Which suits you best?"
    );
    assert_eq!(
        offered(None, &["2026-11-24T09:00", "2026-11-25T14:05", "2026-12-01T12:30"]),
        "I have nine AM on Tuesday, November twenty-fourth, two oh five PM on Wednesday the twenty-fifth, or twelve \
         thirty PM on Tuesday, December first. / Which suits you best?"
    );
}

#[test]
fn one_time_is_asked_about_alone_and_none_is_said_to_be_none() {
    assert_eq!(offered(None, &["2026-11-22T09:00"]), "I have nine AM tomorrow. / Does that suit you?");
    assert_eq!(
        offered(Some(Refusal::Closed), &[]),
        "I'm sorry, there's nothing free then. / Which other day would suit you?"
    );
}

#[test]
fn an_appointment_is_read_back_with_day_time_and_name() {
    assert_eq!(
        said(&confirm("2026-11-24T15:00", "Ada Lovelace")),
        "That's a haircut on Tuesday, November twenty-fourth, at three PM, for Ada Lovelace. / Shall I book it?"
    );
    assert_eq!(said(&confirm("2026-11-22T12:00", "")), "That's a haircut tomorrow at noon. / Shall I book it?");
    let booked = Prompt::Booked {
        service: "oil".to_owned(),
        slot: slot("2026-11-21T16:45"),
        name: "Ada".to_owned(),
        instead_of: None,
    };
    assert_eq!(
        said(&booked),
        "You're all set, Ada. / I've booked an oil treatment today at four forty-five PM. / We look forward to seeing you."
    );
}

#[test]
fn the_number_that_calls_is_offered_and_one_that_was_said_is_read_back() {
    let reached_on = |number: Number| {
        let mut prompt = confirm("2026-11-22T12:00", "Ada");
        if let Prompt::Confirm { phone, .. } = &mut prompt {
            *phone = Some(number);
        }
        prompt
    };
    assert_eq!(
        said(&reached_on(Number::Calling)),
        "That's a haircut tomorrow at noon, for Ada. / I'll use the number you're calling from. / Shall I book it?"
    );
    let dictated = reached_on(Number::Said("+15552014477".to_owned()));
    assert_eq!(
        said(&dictated),
        "That's a haircut tomorrow at noon, for Ada. / Your number is five five five, two oh one, four four seven \
         seven. / Shall I book it?"
    );
    let mut business = business();
    business.recording.pause_in.push(State::Contact);
    assert_eq!(phrases(&dictated, &business, now()).len(), 2, "what is not recorded is not read out");
    assert_eq!(phrases(&reached_on(Number::Calling), &business, now()).len(), 3);
}

#[test]
fn own_words_greet_at_night_too_unless_there_are_others_for_it() {
    let night = moment(&slot("2026-11-21T04:00")).expect("a moment");
    let mut business = business();
    business.prompts.insert("greeting".to_owned(), "Ahoy!".to_owned());
    assert_eq!(phrases(&Prompt::Greeting, &business, night), ["Ahoy!"]);
    business.prompts.insert("greeting_closed".to_owned(), "We're asleep.".to_owned());
    assert_eq!(phrases(&Prompt::Greeting, &business, night), ["We're asleep."]);
    assert_eq!(phrases(&Prompt::Greeting, &business, now()), ["Ahoy!"]);
}

#[test]
fn a_title_at_the_end_keeps_one_dot_and_one_sentence() {
    assert_eq!(
        said(&confirm("2026-11-22T12:00", "Mr. Smith")),
        "That's a haircut tomorrow at noon, for Mr. Smith. / Shall I book it?"
    );
}

#[test]
fn the_half_of_the_day_is_asked_for_in_words() {
    let half = |morning, afternoon| said(&Prompt::AskHalf { morning: slot(morning), afternoon: slot(afternoon) });
    assert_eq!(half("2026-11-24T08:00", "2026-11-24T20:00"), "Is that eight in the morning or eight in the evening?");
    assert_eq!(
        half("2026-11-24T03:30", "2026-11-24T15:30"),
        "Is that three thirty in the morning or three thirty in the afternoon?"
    );
}

#[test]
fn services_are_named_with_their_articles_as_a_choice() {
    assert_eq!(said(&Prompt::AskService), "What can we do for you: a haircut, a beard trim, or an oil treatment?");
    let mut business = business();
    business.services.truncate(1);
    assert_eq!(phrases(&Prompt::AskService, &business, now()), ["Would you like to book a haircut?"]);
}

#[test]
fn a_business_speaks_in_its_own_words() {
    let mut business = business();
    business.prompts.insert("greeting".to_owned(), "Ahoy, this is {business}! What'll it be?".to_owned());
    business.prompts.insert("confirm".to_owned(), "{service} {time}. OK, {name}?".to_owned());
    assert_eq!(
        phrases(&Prompt::Greeting, &business, now()),
        ["Ahoy, this is Harbor Street Barbers!", "What'll it be?"]
    );
    assert_eq!(
        phrases(&confirm("2026-11-22T12:00", "Ada"), &business, now()),
        ["A haircut tomorrow at noon.", "OK, Ada?"]
    );
}

#[test]
fn standard_phrases_are_all_that_prompts_say_without_facts() {
    let mut business = business();
    business.notice = Some("This call may be recorded.".to_owned());
    let standard = standard_phrases(&business);
    for prompt in [
        Prompt::Notice,
        Prompt::Greeting,
        Prompt::AskService,
        Prompt::CalendarDown,
        Prompt::Goodbye,
        Prompt::TroubleHearing,
    ] {
        for phrase in phrases(&prompt, &business, now()) {
            assert!(standard.contains(&phrase), "{phrase:?} is missing");
        }
    }
    assert!(standard.contains(&"Shall I book it?".to_owned()));
    assert!(standard.contains(&"We're at twelve St. Mark's Place.".to_owned()));
    let mut without_doubles = standard.clone();
    without_doubles.sort();
    without_doubles.dedup();
    assert_eq!(without_doubles.len(), standard.len());
    assert!(standard.iter().all(|phrase| !phrase.contains(['{', '}'])), "{standard:?}");
}

#[test]
fn every_template_fills_every_placeholder_it_has() {
    for template in templates::ALL {
        let mut allowed = templates::EVERYWHERE.to_vec();
        allowed.extend(template.facts);
        for part in Language::English.text(template.name).split('{').skip(1) {
            let (name, _) = part.split_once('}').expect("a closing brace");
            assert!(allowed.contains(&name), "{}: {name}", template.name);
        }
    }
}

#[test]
fn questions_are_answered_from_the_file_where_nobody_wrote_an_answer() {
    let mut business = business();
    business.services[0].price = Some("35 dollars".to_owned());
    business.services[2].minutes = 90;
    for (question, wanted) in [
        ("Where are you?", "We're at twelve St. Mark's Place. / It's next to the ferry."),
        ("How long does a haircut take?", "A haircut takes thirty minutes."),
        ("how long is an oil treatment", "An oil treatment takes an hour and a half."),
        (
            "How long will it take?",
            "A haircut takes thirty minutes, a beard trim takes thirty minutes, and an oil treatment takes an hour and a half.",
        ),
        ("How much is it?", "A haircut is 35 dollars."),
        ("How much is a beard trim?", ""),
        ("What services do you offer?", "You can book a haircut, a beard trim, or an oil treatment."),
        ("What are your hours?", "We're open Tuesday from nine AM to six PM, and Saturday from ten AM to four PM."),
        ("Are you open on Tuesday?", "We're open from nine AM to six PM on Tuesday."),
        ("Are you open now?", "We're open from ten AM to four PM today."),
        ("How late are you open tomorrow?", "We're closed tomorrow."),
        ("Is this Harbor Street Barbers?", "This is Harbor Street Barbers."),
        ("Who am I speaking with?", "This is Harbor Street Barbers."),
        ("Are you a robot?", "I'm the automated assistant of Harbor Street Barbers."),
        ("How are you?", "I'm very well, thank you."),
        ("Do you have a bathroom?", ""),
    ] {
        let answer = answer(question, &business, now()).unwrap_or_default().join(" / ");
        assert_eq!(answer, wanted, "{question}");
    }
}

#[test]
fn hours_of_a_week_are_said_by_runs_of_days() {
    let mut business = business();
    let usual = business.hours.tue.clone();
    business.hours = Default::default();
    let hours = &mut business.hours;
    for day in [&mut hours.mon, &mut hours.tue, &mut hours.wed, &mut hours.thu, &mut hours.fri] {
        *day = usual.clone();
    }
    business.hours.fri[0].to = chrono::NaiveTime::from_hms_opt(12, 0, 0).expect("noon");
    assert_eq!(
        answer("when are you open", &business, now()),
        Some(vec!["We're open Monday to Thursday from nine AM to six PM, and Friday from nine AM to noon.".to_owned()])
    );
}

#[test]
fn what_else_was_asked_for_is_read_back_before_the_question() {
    let mut business = business();
    let question = |json| serde_json::from_value(json).expect("a question");
    business.details = vec![
        question(
            serde_json::json!({"id": "hair", "name": "hair", "ask": "Is your hair short or long?", "answer": "choice",
                                    "choices": ["short", "long"]}),
        ),
        question(serde_json::json!({"id": "first", "name": "first visit", "ask": "Is it your first visit?",
                                    "answer": "yes_or_no"})),
    ];
    let told = |id: &str, answer: &str| Detail { id: id.to_owned(), answer: answer.to_owned() };
    let mut prompt = confirm("2026-11-22T12:00", "Ada");
    if let Prompt::Confirm { details, .. } = &mut prompt {
        *details = vec![told("hair", "long"), told("first", "yes")];
    }
    let said = |business: &Business| phrases(&prompt, business, now()).join(" / ");
    assert_eq!(
        said(&business),
        "That's a haircut tomorrow at noon, for Ada. / Hair: long. / First visit: yes. / Shall I book it?"
    );
    let mut at_length = prompt.clone();
    if let Prompt::Confirm { details, .. } = &mut at_length {
        details[0].answer = "it was long until my sister cut it on Sunday".to_owned();
    }
    assert_eq!(phrases(&at_length, &business, now()).len(), 3, "what is told at length is not told back");
    assert_eq!(
        phrases(&Prompt::AskDetail { id: "hair".to_owned() }, &business, now()),
        ["Is your hair short or long?"]
    );
    assert!(standard_phrases(&business).contains(&"Is it your first visit?".to_owned()), "spoken ahead");
    business.recording.pause_in.push(State::Details);
    assert_eq!(said(&business), "That's a haircut tomorrow at noon, for Ada. / Shall I book it?");

    business.recording.pause_in.clear();
    let spanish = serde_json::json!({"details": {
        "hair": {"name": "cabello", "ask": "¿Corto o largo?", "choices": ["corto", "largo"]},
        "first": {"name": "primera visita", "ask": "¿Es su primera visita?"}
    }});
    business.languages.insert(Language::Spanish, serde_json::from_value(spanish).expect("words"));
    let spanish = said(&business.speaking(Language::Spanish).expect("it speaks Spanish"));
    assert!(spanish.contains(" / Cabello: largo. / Primera visita: sí. / "), "{spanish}");
}
