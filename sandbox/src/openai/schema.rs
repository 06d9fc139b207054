//! Structured output: which schemas OpenAI takes, and an object made after one (platform.openai.com/docs/guides/
//! structured-outputs, "Supported schemas", read 2026-11-20).

use std::collections::BTreeMap;

use super::ordered::Ordered;
use super::refusal::Refusal;

/// Deepest nesting of objects.
const DEPTH_MAX: usize = 10;

/// Keywords that a strict schema may not have.
const FORBIDDEN: [&str; 7] = ["allOf", "not", "dependentRequired", "dependentSchemas", "if", "then", "else"];

/// Checks a strict schema as the service does.
///
/// # Errors
/// 400, with the place in the schema and what is wrong there.
pub(super) fn check(name: &str, schema: &Ordered) -> Result<(), Refusal> {
    let root_type = schema.member("type").and_then(Ordered::text);
    let found = if root_type != Some("object") || schema.member("anyOf").is_some() {
        let found = root_type.unwrap_or("None");
        Err(format!("In context=(), schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{found}\"'."))
    } else {
        check_part(schema, &mut Vec::new(), 0)
    };
    found.map_err(|reason| {
        Refusal::bad("response_format", None, format!("Invalid schema for response_format '{name}': {reason}"))
    })
}

/// Checks one part of a schema and all below it. The error is a sentence with the place in it.
fn check_part<'a>(part: &'a Ordered, path: &mut Vec<&'a str>, depth: usize) -> Result<(), String> {
    let wrong = |path: &[&str], reason: String| Err(format!("In context={}, {reason}", context(path)));
    if depth > DEPTH_MAX {
        return wrong(path, format!("the schema is nested deeper than {DEPTH_MAX} levels."));
    }
    if let Some(keyword) = FORBIDDEN.iter().find(|keyword| part.member(keyword).is_some()) {
        return wrong(path, format!("'{keyword}' is not permitted."));
    }
    if part.member("$ref").is_some() {
        return match part.members().iter().find(|(key, _)| key != "$ref") {
            Some((key, _)) => wrong(path, format!("$ref cannot have keywords {{'{key}'}}.")),
            None => Ok(()),
        };
    }
    let shaped = ["type", "anyOf", "enum", "const"].iter().any(|key| part.member(key).is_some());
    if !shaped {
        return wrong(path, "schema must have a 'type' key.".to_owned());
    }
    if allows(part, "object") {
        check_object(part, path)?;
    }
    if allows(part, "array") && part.member("items").is_none() {
        return wrong(path, "array schema missing items.".to_owned());
    }
    for group in ["properties", "$defs"] {
        for (name, below) in part.member(group).map(Ordered::members).unwrap_or_default() {
            path.extend([group, name]);
            check_part(below, path, depth + 1)?;
            path.truncate(path.len() - 2);
        }
    }
    for below in part.member("items").into_iter().chain(part.member("anyOf").map(Ordered::items).unwrap_or_default()) {
        path.push(if part.member("items") == Some(below) { "items" } else { "anyOf" });
        check_part(below, path, depth + 1)?;
        path.pop();
    }
    Ok(())
}

fn check_object(object: &Ordered, path: &[&str]) -> Result<(), String> {
    let context = context(path);
    if object.member("additionalProperties") != Some(&Ordered::Bool(false)) {
        return Err(format!(
            "In context={context}, 'additionalProperties' is required to be supplied and to be false."
        ));
    }
    let properties = object.member("properties").map(Ordered::members).unwrap_or_default();
    let required: Vec<&str> =
        object.member("required").map(Ordered::items).unwrap_or_default().iter().filter_map(Ordered::text).collect();
    if let Some((missing, _)) = properties.iter().find(|(name, _)| !required.contains(&name.as_str())) {
        return Err(format!(
            "In context={context}, 'required' is required to be supplied and to be an array including every key in \
             properties. Missing '{missing}'."
        ));
    }
    match required.iter().find(|name| !properties.iter().any(|(known, _)| known == *name)) {
        Some(extra) => Err(format!("In context={context}, Extra required key '{extra}' supplied.")),
        None => Ok(()),
    }
}

/// A path as the service prints it, which is how Python prints a tuple.
fn context(path: &[&str]) -> String {
    match path {
        [only] => format!("('{only}',)"),
        path => format!("({})", path.iter().map(|part| format!("'{part}'")).collect::<Vec<_>>().join(", ")),
    }
}

/// Whether a part allows values of this type: its `type` is the type, or a list with the type in it.
fn allows(part: &Ordered, kind: &str) -> bool {
    match part.member("type") {
        Some(Ordered::Text(only)) => only == kind,
        Some(Ordered::List(kinds)) => kinds.iter().any(|one| one.text() == Some(kind)),
        _ => false,
    }
}

/// An object after a schema that was found good, its members in the schema's order. Members whose names are in `known`
/// get what is known, as far as their type allows it; all others get the emptiest value their type has.
pub(super) fn fill(schema: &Ordered, known: &BTreeMap<&'static str, Option<String>>) -> Ordered {
    fill_part(schema, schema, None, known, 0)
}

fn fill_part(
    root: &Ordered,
    part: &Ordered,
    wanted: Option<&str>,
    known: &BTreeMap<&'static str, Option<String>>,
    depth: usize,
) -> Ordered {
    // A recursive schema is cut where it allows nothing.
    if depth > DEPTH_MAX {
        return Ordered::Null;
    }
    if let Some(reference) = part.member("$ref").and_then(Ordered::text) {
        return match resolve(root, reference) {
            Some(target) => fill_part(root, target, wanted, known, depth + 1),
            None => Ordered::Null,
        };
    }
    if let Some(value) = part.member("const") {
        return value.clone();
    }
    if let Some(choices) = part.member("enum").map(Ordered::items) {
        let named = choices.iter().find(|choice| choice.text().is_some() && choice.text() == wanted);
        let null = choices.iter().find(|choice| **choice == Ordered::Null);
        return named.or(null).or(choices.first()).cloned().unwrap_or(Ordered::Null);
    }
    if let Some(choices) = part.member("anyOf").map(Ordered::items) {
        let is_null = |choice: &&Ordered| allows(choice, "null");
        let choice = match wanted {
            Some(_) => choices.iter().find(|choice| !is_null(choice)),
            None => choices.iter().find(is_null),
        };
        return choice.or(choices.first()).map_or(Ordered::Null, |one| fill_part(root, one, wanted, known, depth + 1));
    }
    match wanted {
        Some(text) if allows(part, "string") => Ordered::Text(text.to_owned()),
        _ if allows(part, "null") => Ordered::Null,
        _ if allows(part, "object") => {
            let properties = part.member("properties").map(Ordered::members).unwrap_or_default();
            let value = |name: &str, below| {
                let wanted = known.get(name).and_then(Option::as_deref);
                fill_part(root, below, wanted, known, depth + 1)
            };
            Ordered::Object(properties.iter().map(|(name, below)| (name.clone(), value(name, below))).collect())
        }
        _ if allows(part, "string") => Ordered::Text(String::new()),
        _ if allows(part, "boolean") => Ordered::Bool(false),
        _ if allows(part, "array") => Ordered::List(Vec::new()),
        _ => Ordered::Number(0.0),
    }
}

/// `#` and `#/$defs/name`, the two kinds of reference that are taken.
fn resolve<'a>(root: &'a Ordered, reference: &str) -> Option<&'a Ordered> {
    match reference.strip_prefix("#/$defs/") {
        Some(name) => root.member("$defs")?.member(name),
        None => (reference == "#").then_some(root),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(text: &str) -> Ordered {
        serde_json::from_str(text).expect("good JSON")
    }

    fn known(pairs: &[(&'static str, &str)]) -> BTreeMap<&'static str, Option<String>> {
        pairs.iter().map(|(name, value)| (*name, Some((*value).to_owned()))).collect()
    }

    const TURN: &str = r#"{"type":"object","properties":{
        "intent":{"type":"string","enum":["book","other"]},
        "service":{"anyOf":[{"type":"string"},{"type":"null"}]},
        "when_text":{"type":["string","null"]},
        "name":{"type":["string","null"]},
        "count":{"type":"integer"}},
        "required":["intent","service","when_text","name","count"],"additionalProperties":false}"#;

    #[test]
    fn the_answer_has_the_schemas_members_in_the_schemas_order() {
        let schema = schema(TURN);
        assert_eq!(check("turn", &schema), Ok(()));
        let full = fill(&schema, &known(&[("intent", "book"), ("service", "haircut"), ("when_text", "at ten")]));
        assert_eq!(
            full.to_string(),
            r#"{"intent":"book","service":"haircut","when_text":"at ten","name":null,"count":0}"#
        );
        let empty = fill(&schema, &known(&[("intent", "unheard of")]));
        assert_eq!(empty.to_string(), r#"{"intent":"book","service":null,"when_text":null,"name":null,"count":0}"#);
    }

    #[test]
    fn schemas_that_openai_refuses_are_refused_in_its_words() {
        for (text, reason) in [
            (r#"{"type":"array","items":{"type":"string"}}"#, r#"got 'type: "array"'"#),
            (
                r#"{"type":"object","properties":{"a":{"type":"string"}},"required":[],"additionalProperties":false}"#,
                "In context=(), 'required' is required to be supplied and to be an array including every key in \
                 properties. Missing 'a'.",
            ),
            (
                r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#,
                "In context=(), 'additionalProperties' is required to be supplied and to be false.",
            ),
            (
                r#"{"type":"object","properties":{},"required":["b"],"additionalProperties":false}"#,
                "Extra required key 'b' supplied.",
            ),
            (
                r#"{"type":"object","properties":{"a":{"type":"object","properties":{}}},"required":["a"],
                    "additionalProperties":false}"#,
                "In context=('properties', 'a'), 'additionalProperties'",
            ),
            (
                r#"{"type":"object","properties":{"a":{"description":"x"}},"required":["a"],
                    "additionalProperties":false}"#,
                "In context=('properties', 'a'), schema must have a 'type' key.",
            ),
            (
                r#"{"type":"object","properties":{},"required":[],"additionalProperties":false,"allOf":[]}"#,
                "'allOf' is not permitted.",
            ),
        ] {
            let refusal = check("turn", &schema(text)).expect_err(text);
            assert!(refusal.message.starts_with("Invalid schema for response_format 'turn': "), "{}", refusal.message);
            assert!(refusal.message.contains(reason), "{}", refusal.message);
        }
    }

    #[test]
    fn references_are_followed_and_recursion_ends() {
        let text = r##"{"type":"object","properties":{"who":{"$ref":"#/$defs/p"},"next":{"$ref":"#"}},
            "required":["who","next"],"additionalProperties":false,
            "$defs":{"p":{"type":"object","properties":{"name":{"type":"string"}},"required":["name"],
            "additionalProperties":false}}}"##;
        let schema = schema(text);
        assert_eq!(check("turn", &schema), Ok(()));
        let answer = fill(&schema, &known(&[("name", "Ada")])).to_string();
        assert!(answer.starts_with(r#"{"who":{"name":"Ada"},"next":{"who":"#), "{answer}");
    }
}
