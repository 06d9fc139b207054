//! Every problem names the thing and the remedy.

use super::super::Hours;
use super::*;
use crate::business::{DetailQuestion, Kind};
use crate::languages::Language;

fn business() -> Business {
    let json = serde_json::json!({
        "name": "Harbor Street Barbers", "time_zone": "America/New_York",
        "hours": {"tue": ["09:00-12:00", "12:00-18:00"], "sat": ["10:00-16:00"]},
        "services": [
            {"id": "haircut", "name": "a haircut", "also": ["cut"], "minutes": 30},
            {"id": "beard_trim", "name": "beard trim", "minutes": 30},
            {"id": "oil", "name": "oil treatment", "minutes": 30},
        ],
        "staff": [{"id": "sam", "name": "Sam"}],
        "answers": [{"ask": ["where"], "say": "We're at twelve St. Mark's Place."}],
        "prompts": {"confirm": "{service} at {business} {time}, {name}?"},
    });
    serde_json::from_value(json).expect("a business")
}

/// What is wrong with the business once something is changed in it, as `at -> why`.
fn with(change: impl FnOnce(&mut Business)) -> String {
    let mut business = business();
    change(&mut business);
    let problems = check(&business).into_iter().map(|problem| format!("{} -> {}", problem.at, problem.why));
    problems.collect::<Vec<_>>().join("\n")
}

fn prompt(name: &str, text: &str) -> String {
    with(|business| {
        business.prompts.insert(name.to_owned(), text.to_owned());
    })
}

fn hours(day: &[&str]) -> Vec<Opening> {
    day.iter().map(|text| Opening::try_from((*text).to_owned()).expect("an opening")).collect()
}

#[test]
fn a_sound_business_has_no_problems() {
    assert_eq!(check(&business()), []);
}

#[test]
fn each_problem_of_a_business_names_the_thing_and_the_remedy() {
    for (problem, wanted) in [
        (with(|b| b.name = " ".to_owned()), "name=\" \" -> the business has no name"),
        (with(|b| b.country = "usa".to_owned()), "country= -> the country \"usa\" is no code of ISO 3166"),
        (with(|b| b.notice = Some(" ".to_owned())), "notice= -> the notice is empty"),
        (with(|b| b.notice = Some("{business} records.".to_owned())), "notice= -> the notice has braces"),
        (with(|b| b.notice = Some("word ".repeat(61))), "the notice has 305 letters"),
        (with(|b| b.transfer_to = Some("555-1234".to_owned())), "transfer_to \"555-1234\" cannot be dialled"),
        (with(|b| b.transfer_to = Some("+0555123000".to_owned())), "\"+0555123000\" cannot be dialled"),
        (with(|b| b.booking.grid_min = 0), "grid_min= -> grid_min is 0"),
        (with(|b| b.booking.grid_min = 721), "grid_min= -> grid_min is 721"),
        (with(|b| b.booking.horizon_days = 0), "horizon_days= -> horizon_days is 0"),
        (with(|b| b.booking.horizon_days = 731), "horizon_days= -> horizon_days is 731"),
        (with(|b| b.booking.lead_min = 90_000), "lead_min of 90000 minutes is beyond horizon_days of 60"),
        (with(|b| b.hours = Default::default()), "[hours] -> the business is never open"),
        (with(|b| b.hours.mon = hours(&["09:00-12:30", "12:00-20:00"])), "12:00-20:00 begins before 09:00-12:30 ends"),
        (with(|b| b.hours.mon = hours(&["13:00-20:00", "09:00-12:00"])), "write the openings of a day in order"),
        (with(|b| b.afterwards.webhook = Some("example.com".to_owned())), "the webhook \"example.com\" is no address"),
        (with(|b| b.afterwards.from = Some("555".to_owned())), "from= -> from \"555\" cannot be dialled"),
        (with(|b| b.afterwards.confirm = true), "[afterwards] -> nobody can be texted"),
        (
            with(|b| drop(b.afterwards.busy_from.insert("kim".to_owned(), "https://x".to_owned()))),
            "busy_from names \"kim\", who is not among the staff",
        ),
        (with(|b| b.answers[0].ask.clear()), "an answer without words in ask is never given"),
        (with(|b| b.answers[0].say.clear()), "say=\"\" -> the answer to \"where\" says nothing"),
    ] {
        assert!(problem.contains(wanted), "{wanted:?} is not in {problem:?}");
    }
}

#[test]
fn each_problem_of_services_and_staff_names_the_thing_and_the_remedy() {
    for (problem, wanted) in [
        (with(|b| b.services.clear()), "services= -> there is nothing to book"),
        (
            with(|b| b.services[1].id = "haircut".to_owned()),
            "id=\"haircut\" -> service id \"haircut\" stands there 2 times",
        ),
        (with(|b| b.services[1].id = "Beard".to_owned()), "service id \"Beard\" is not made of a-z"),
        (with(|b| b.services[0].name.clear()), "id=\"haircut\" -> service \"haircut\" has no name"),
        (with(|b| b.services[0].minutes = 0), "service \"haircut\" takes 0 minutes"),
        (with(|b| b.services[0].minutes = 900), "takes 900 minutes, longer than any opening"),
        (
            with(|b| b.services[1].also = vec!["Cut".to_owned()]),
            "\"cut\" -> \"cut\" means the services \"haircut\" and \"beard_trim\"",
        ),
        (with(|b| b.services[0].buffer_min = 2_000), "service \"haircut\" has a buffer_min of 2000 minutes"),
        (
            with(|b| b.staff[0].hours = Some(Hours { mon: hours(&["09:00-12:00"]), ..Hours::default() })),
            "id=\"sam\" -> \"sam\" is never at work while the business is open",
        ),
        (with(|b| b.staff.clear()), "staff= -> there is no staff"),
        (with(|b| b.staff.push(b.staff[0].clone())), "id=\"sam\" -> staff id \"sam\" stands there 2 times"),
        (with(|b| b.staff[0].id = "Sam".to_owned()), "staff id \"Sam\" is not made of a-z"),
        (with(|b| b.staff[0].services = vec!["haircut".to_owned()]), "nobody does the service \"oil\""),
        (
            with(|b| b.staff[0].services = vec!["hair".to_owned()]),
            "\"hair\" -> \"sam\" does \"hair\", which does not exist: the services are haircut, beard_trim, oil",
        ),
    ] {
        assert!(problem.contains(wanted), "{wanted:?} is not in {problem:?}");
    }
}

#[test]
fn each_problem_of_another_language_names_it_and_the_remedy() {
    let spanish = |json: serde_json::Value| {
        with(|b| drop(b.languages.insert(Language::Spanish, serde_json::from_value(json).expect("words"))))
    };
    let named = |name: &str| serde_json::json!({"name": name});
    let whole =
        serde_json::json!({"haircut": named("un corte"), "beard_trim": named("la barba"), "oil": named("aceite")});
    assert_eq!(spanish(serde_json::json!({ "services": whole })), "");
    for (problem, wanted) in [
        (
            spanish(serde_json::json!({})),
            "[languages.es -> service \"haircut\" has no Spanish name: add services.haircut = { name = \"…\" }",
        ),
        (
            spanish(serde_json::json!({"services": {"hair": named("un corte")}})),
            "hair= -> [languages.es] names a service \"hair\", which does not exist",
        ),
        (
            spanish(serde_json::json!({"services": {"haircut": named(" ")}})),
            "haircut= -> service \"haircut\" has an empty Spanish name",
        ),
        (spanish(serde_json::json!({"prompts": {"greting": "Hola."}})), "did you mean \"greeting\"?"),
        (spanish(serde_json::json!({"answers": [{"ask": [], "say": "Hola."}]})), "an answer without words in ask"),
        (
            with(|b| drop(b.languages.insert(Language::English, Default::default()))),
            "English is the language of the file already: remove [languages.en]",
        ),
    ] {
        assert!(problem.contains(wanted), "{wanted:?} is not in {problem:?}");
    }
}

#[test]
fn each_problem_of_a_prompt_names_it_and_the_remedy() {
    for (problem, wanted) in [
        (prompt("gretting", "Hi."), "gretting= -> there is no prompt \"gretting\": did you mean \"greeting\"?"),
        (prompt("xyz", "Hi."), "the prompts are greeting, greeting_closed"),
        (
            prompt("greeting", "Hi {nmae}."),
            "the placeholder {nmae}, which means nothing there: use {business}, {services}",
        ),
        (prompt("ask_name", "Who is {name}?"), "the placeholder {name}, which means nothing there"),
        (prompt("ask_name", "  "), "ask_name= -> the prompt \"ask_name\" is empty"),
        (prompt("goodbye", "Bye from {business."), "the prompt \"goodbye\" has a brace without its partner"),
    ] {
        assert!(problem.contains(wanted), "{wanted:?} is not in {problem:?}");
    }
}

fn hair() -> DetailQuestion {
    let json = serde_json::json!({
        "id": "hair", "name": "hair", "ask": "Short or long?", "answer": "choice", "choices": ["short", "long"]
    });
    serde_json::from_value(json).expect("a question")
}

#[test]
fn each_problem_of_what_else_is_asked_names_the_thing_and_the_remedy() {
    let with_detail = |change: &dyn Fn(&mut DetailQuestion)| {
        with(|business| {
            let mut question = hair();
            change(&mut question);
            business.details.push(question);
        })
    };
    assert_eq!(with_detail(&|_| {}), "");
    for (problem, wanted) in [
        (with_detail(&|q| q.id = "My Hair".to_owned()), "detail id \"My Hair\" is not made of a-z"),
        (with_detail(&|q| q.ask = " ".to_owned()), "id=\"hair\" -> detail \"hair\" needs a name"),
        (with_detail(&|q| q.choices.clear()), "answer = \"choice\" and choices = [...] go together"),
        (with_detail(&|q| q.answer = Kind::Words), "answer = \"choice\" and choices = [...] go together"),
        (with_detail(&|q| q.choices.push("Short".to_owned())), "has an empty choice, or one twice"),
        (with_detail(&|q| q.services.push("wash".to_owned())), "\"wash\" -> detail \"hair\" is asked for \"wash\""),
    ] {
        assert!(problem.contains(wanted), "{wanted:?} in {problem:?}");
    }
    let spanish = |details: serde_json::Value| {
        with(|business| {
            business.details.push(hair());
            let services = serde_json::json!({"haircut": {"name": "un corte"}, "beard_trim": {"name": "la barba"},
                                              "oil": {"name": "un aceite"}});
            let words = serde_json::json!({"services": services, "details": details});
            business.languages.insert(Language::Spanish, serde_json::from_value(words).expect("words"));
        })
    };
    let words = serde_json::json!({"name": "cabello", "ask": "¿Corto o largo?", "choices": ["corto", "largo"]});
    assert_eq!(spanish(serde_json::json!({"hair": words})), "");
    let one = serde_json::json!({"name": "cabello", "ask": "¿Corto o largo?", "choices": ["corto"]});
    for (problem, wanted) in [
        (spanish(serde_json::json!({})), "detail \"hair\" has no Spanish words: add details.hair = {"),
        (spanish(serde_json::json!({"hair": one})), "hair= -> detail \"hair\" has 2 choices and 1 in Spanish"),
        (spanish(serde_json::json!({"hair": words, "beard": words})), "names a detail \"beard\", which does not exist"),
    ] {
        assert!(problem.contains(wanted), "{wanted:?} in {problem:?}");
    }
}
