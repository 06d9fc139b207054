//! The shapes that answers must have: strict, so that the vendor holds the model to them. A turn's is in the order in which
//! the call can use it: what the caller wants, then the facts, then what to say.
//!
//! Written as structs and not as a JSON value because a value's members would be sorted by name, and the answer comes
//! in the schema's order. Rules of the strict mode: guide "Structured model outputs", read 2026-11.

use serde::Serialize;
use statecharts::proposal::Intent;

/// Every intent, by its wire name.
const INTENTS: [Intent; 13] = [
    Intent::Book,
    Intent::Provide,
    Intent::Change,
    Intent::Confirm,
    Intent::Deny,
    Intent::Question,
    Intent::Find,
    Intent::Move,
    Intent::Cancel,
    Intent::Message,
    Intent::Person,
    Intent::Goodbye,
    Intent::Other,
];

/// The member `response_format` of a request.
#[derive(Serialize)]
pub(super) struct ResponseFormat<P> {
    #[serde(rename = "type")]
    kind: &'static str,
    json_schema: Named<P>,
}

#[derive(Serialize)]
struct Named<P> {
    name: &'static str,
    strict: bool,
    schema: Object<P>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<P> {
    #[serde(rename = "type")]
    kind: &'static str,
    properties: P,
    required: &'static [&'static str],
    additional_properties: bool,
}

#[derive(Serialize)]
pub(super) struct Turn {
    intent: OneOf<[Intent; 13]>,
    service: Text,
    when_text: Text,
    name: Text,
    phone: Text,
    reply: Text,
}

#[derive(Serialize)]
pub(super) struct Summary {
    summary: Plain,
    sentiment: OneOf<[&'static str; 3]>,
    score: Plain,
}

#[derive(Serialize)]
struct OneOf<N> {
    #[serde(rename = "type")]
    kind: &'static str,
    description: &'static str,
    #[serde(rename = "enum")]
    names: N,
}

#[derive(Serialize)]
struct Plain {
    #[serde(rename = "type")]
    kind: &'static str,
    description: &'static str,
}

#[derive(Serialize)]
struct Text {
    #[serde(rename = "type")]
    kind: [&'static str; 2],
    description: &'static str,
}

/// The schema of a turn.
pub(super) fn turn() -> ResponseFormat<Turn> {
    let text = |description| Text { kind: ["string", "null"], description };
    let properties = Turn {
        intent: OneOf { kind: "string", description: "What the caller wants with this turn.", names: INTENTS },
        service: text("The id of the service the caller named in this turn, else null."),
        when_text: text("The caller's own words for the day and the time, unchanged, else null."),
        name: text("The caller's name as it should be written, else null."),
        phone: text("The caller's phone number, digits only, with a leading + if it was said, else null."),
        reply: text("One or two short sentences to say, for questions and small talk only, else null."),
    };
    strict("turn", properties, &["intent", "service", "when_text", "name", "phone", "reply"])
}

/// The schema of what is said about a whole call.
pub(super) fn summary() -> ResponseFormat<Summary> {
    let properties = Summary {
        summary: Plain { kind: "string", description: "Two sentences: what the caller wanted, and what came of it." },
        sentiment: OneOf {
            kind: "string",
            description: "How the caller felt about the call.",
            names: ["positive", "neutral", "negative"],
        },
        score: Plain { kind: "number", description: "The same from -1, angry, over 0 to 1, delighted." },
    };
    strict("summary", properties, &["summary", "sentiment", "score"])
}

fn strict<P>(name: &'static str, properties: P, required: &'static [&'static str]) -> ResponseFormat<P> {
    let schema = Object { kind: "object", properties, required, additional_properties: false };
    ResponseFormat { kind: "json_schema", json_schema: Named { name, strict: true, schema } }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn members_are_required_and_come_in_the_order_the_call_needs_them() {
        let text = serde_json::to_string(&turn()).expect("a schema");
        let places: Vec<_> = ["intent", "service", "when_text", "name", "phone", "reply"]
            .iter()
            .map(|name| text.find(&format!("\"{name}\":{{\"type\"")).expect("a property"))
            .collect();
        assert!(places.is_sorted(), "{text}");
        let value: Value = serde_json::from_str(&text).expect("JSON");
        let schema = &value["json_schema"]["schema"];
        assert_eq!(
            schema["required"].as_array().map(Vec::len),
            schema["properties"].as_object().map(serde_json::Map::len)
        );
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(value["json_schema"]["strict"], true);
    }

    #[test]
    fn no_intent_is_forgotten() {
        // A fourteenth intent stops this from compiling.
        let place = |intent| match intent {
            Intent::Book => 0,
            Intent::Provide => 1,
            Intent::Change => 2,
            Intent::Confirm => 3,
            Intent::Deny => 4,
            Intent::Question => 5,
            Intent::Find => 6,
            Intent::Move => 7,
            Intent::Cancel => 8,
            Intent::Message => 9,
            Intent::Person => 10,
            Intent::Goodbye => 11,
            Intent::Other => 12,
        };
        assert!(INTENTS.map(place).iter().enumerate().all(|(at, place)| at == *place));
    }
}
