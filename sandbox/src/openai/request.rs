//! What a chat completion may ask for (openai/openai-openapi, `CreateChatCompletionRequest`), checked as the service
//! checks it: in the order and in the words that its clients know.

use serde::Deserialize;
use serde_json::Value;

use super::ordered::Ordered;
use super::refusal::Refusal;
use super::schema;

/// A good request, as far as this model cares.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Request {
    pub(super) model: String,
    /// Who said what, in order: role and text.
    pub(super) messages: Vec<(String, String)>,
    pub(super) format: Format,
    pub(super) stream: bool,
    pub(super) include_usage: bool,
    pub(super) include_obfuscation: bool,
    pub(super) tokens_max: Option<u64>,
}

/// What the answer is to look like.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Format {
    Text,
    /// Any JSON object.
    Json,
    /// An object after this schema.
    Schema(Ordered),
}

/// Everything a request may have at its top.
const PARAMETERS: [&str; 37] = [
    "audio",
    "frequency_penalty",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "modalities",
    "model",
    "moderation",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
];

const ROLES: [&str; 6] = ["system", "assistant", "user", "function", "tool", "developer"];

/// The longest name of a schema.
const NAME_MAX: usize = 64;

/// The schema's text once more, because ordinary JSON values forget the order of members.
#[derive(Deserialize)]
struct SchemaOnly {
    response_format: Option<FormatOnly>,
}

#[derive(Deserialize)]
struct FormatOnly {
    json_schema: Option<JsonSchemaOnly>,
}

#[derive(Deserialize)]
struct JsonSchemaOnly {
    schema: Option<Ordered>,
}

impl Request {
    /// Reads a body.
    ///
    /// # Errors
    /// 400, naming the parameter.
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let not_json = |_| Refusal::bad("", None, "We could not parse the JSON body of your request.");
        let value: Value = serde_json::from_slice(body).map_err(not_json)?;
        let Some(object) = value.as_object() else {
            return Err(Refusal::bad("", None, "We could not parse the JSON body of your request: it is no object."));
        };
        if let Some(unknown) = object.keys().find(|key| !PARAMETERS.contains(&key.as_str())) {
            return Err(Refusal::bad(unknown, Some("unknown_parameter"), format!("Unknown parameter: '{unknown}'.")));
        }
        let model = match object.get("model") {
            Some(Value::String(model)) if !model.is_empty() => model.clone(),
            Some(other) if !other.is_null() && !other.is_string() => {
                return Err(Refusal::wrong_type("model", "a string", other));
            }
            _ => return Err(Refusal::bad("", None, "you must provide a model parameter")),
        };
        let messages = messages(object.get("messages"))?;
        let stream = flag(&value, "stream")?.unwrap_or(false);
        let options = object.get("stream_options").filter(|options| !options.is_null());
        if options.is_some() && !stream {
            let message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
            return Err(Refusal::bad("stream_options", None, message));
        }
        let option = |name| options.and_then(|options| options.get(name)).and_then(Value::as_bool);
        in_range(&value, "temperature", 2.0)?;
        in_range(&value, "top_p", 1.0)?;
        only_one(&value)?;
        Ok(Self {
            model,
            stream,
            include_usage: option("include_usage").unwrap_or(false),
            include_obfuscation: option("include_obfuscation").unwrap_or(true),
            tokens_max: tokens_max(&value)?,
            format: format(&value, body, &messages)?,
            messages,
        })
    }
}

fn messages(value: Option<&Value>) -> Result<Vec<(String, String)>, Refusal> {
    let items = match value {
        None | Some(Value::Null) => return Err(Refusal::missing("messages")),
        Some(Value::Array(items)) => items,
        Some(other) => return Err(Refusal::wrong_type("messages", "an array of objects", other)),
    };
    if items.is_empty() {
        let message = "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array \
                       instead.";
        return Err(Refusal::bad("messages", Some("empty_array"), message));
    }
    items.iter().enumerate().map(|(at, item)| message(at, item)).collect()
}

fn message(at: usize, item: &Value) -> Result<(String, String), Refusal> {
    let place = |member: &str| format!("messages[{at}].{member}");
    let role = match &item["role"] {
        Value::Null => return Err(Refusal::missing(&place("role"))),
        Value::String(role) if ROLES.contains(&role.as_str()) => role.clone(),
        Value::String(role) => {
            let supported = ROLES.map(|role| format!("'{role}'")).join(", ");
            let message = format!("Invalid value: '{role}'. Supported values are: {supported}.");
            return Err(Refusal::bad(&place("role"), Some("invalid_value"), message));
        }
        other => return Err(Refusal::wrong_type(&place("role"), "a string", other)),
    };
    let content = match &item["content"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join(" "),
        // An assistant's message may consist of tool calls, or of a refusal, alone.
        Value::Null if role == "assistant" => String::new(),
        Value::Null => {
            let message = "Invalid value for 'content': expected a string, got null.";
            return Err(Refusal::bad(&place("content"), None, message));
        }
        other => return Err(Refusal::wrong_type(&place("content"), "a string or an array of objects", other)),
    };
    Ok((role, content))
}

fn format(value: &Value, body: &[u8], messages: &[(String, String)]) -> Result<Format, Refusal> {
    let format = &value["response_format"];
    if format.is_null() {
        return Ok(Format::Text);
    }
    match format["type"].as_str() {
        None => Err(Refusal::missing("response_format.type")),
        Some("text") => Ok(Format::Text),
        Some("json_object") if messages.iter().any(|(_, text)| text.to_lowercase().contains("json")) => {
            Ok(Format::Json)
        }
        Some("json_object") => {
            let message = "'messages' must contain the word 'json' in some form, to use 'response_format' of type \
                           'json_object'.";
            Err(Refusal::bad("messages", None, message))
        }
        Some("json_schema") => bound_to_schema(&format["json_schema"], body),
        Some(other) => {
            let message =
                format!("Invalid value: '{other}'. Supported values are: 'json_object', 'json_schema', and 'text'.");
            Err(Refusal::bad("response_format.type", Some("invalid_value"), message))
        }
    }
}

fn bound_to_schema(json_schema: &Value, body: &[u8]) -> Result<Format, Refusal> {
    let param = |member: &str| format!("response_format.json_schema{member}");
    let name = match &json_schema["name"] {
        _ if json_schema.is_null() => return Err(Refusal::missing(&param(""))),
        Value::Null => return Err(Refusal::missing(&param(".name"))),
        Value::String(name) => name,
        other => return Err(Refusal::wrong_type(&param(".name"), "a string", other)),
    };
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.is_empty() || name.len() > NAME_MAX || !name.chars().all(good) {
        let message = format!(
            "Invalid '{}': string does not match pattern. Expected a string that matches the pattern \
             '^[a-zA-Z0-9_-]+$'.",
            param(".name")
        );
        return Err(Refusal::bad(&param(".name"), Some("invalid_value"), message));
    }
    let parsed = serde_json::from_slice::<SchemaOnly>(body).ok();
    let schema = parsed.and_then(|parsed| parsed.response_format?.json_schema?.schema);
    let strict = json_schema["strict"].as_bool().unwrap_or(false);
    match schema {
        Some(schema @ Ordered::Object(_)) => {
            if strict {
                schema::check(name, &schema)?;
            }
            Ok(Format::Schema(schema))
        }
        _ => Err(Refusal::missing(&param(".schema"))),
    }
}

fn flag(value: &Value, name: &str) -> Result<Option<bool>, Refusal> {
    match &value[name] {
        Value::Null => Ok(None),
        Value::Bool(flag) => Ok(Some(*flag)),
        other => Err(Refusal::wrong_type(name, "a boolean", other)),
    }
}

fn in_range(value: &Value, name: &str, max: f64) -> Result<(), Refusal> {
    let number = match &value[name] {
        Value::Null => return Ok(()),
        Value::Number(number) => number.as_f64().unwrap_or(f64::NAN),
        other => return Err(Refusal::wrong_type(name, "a decimal", other)),
    };
    let (side, code, limit) = match number {
        n if n > max => ("above maximum value. Expected a value <=", "decimal_above_max_value", max),
        n if n < 0.0 => ("below minimum value. Expected a value >=", "decimal_below_min_value", 0.0),
        _ => return Ok(()),
    };
    let message = format!("Invalid '{name}': decimal {side} {limit}, but got {number} instead.");
    Err(Refusal::bad(name, Some(code), message))
}

/// The real service makes several answers at once; this one makes one.
fn only_one(value: &Value) -> Result<(), Refusal> {
    match &value["n"] {
        Value::Null => Ok(()),
        n if n.as_u64() == Some(1) => Ok(()),
        _ => Err(Refusal::bad("n", Some("invalid_value"), "Invalid 'n': the sandbox gives one answer.")),
    }
}

fn tokens_max(value: &Value) -> Result<Option<u64>, Refusal> {
    for name in ["max_completion_tokens", "max_tokens"] {
        match &value[name] {
            Value::Null => {}
            number if number.as_u64().is_some_and(|tokens| tokens > 0) => return Ok(number.as_u64()),
            other if other.is_number() => {
                let message = format!(
                    "Invalid '{name}': integer below minimum value. Expected a value >= 1, but got {other} instead."
                );
                return Err(Refusal::bad(name, Some("integer_below_min_value"), message));
            }
            other => return Err(Refusal::wrong_type(name, "an integer", other)),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Result<Request, Refusal> {
        Request::read(body.to_string().as_bytes())
    }

    fn hello() -> Value {
        json!({"model": "m", "messages": [{"role": "user", "content": "Hello"}]})
    }

    #[test]
    fn what_may_be_left_out_has_the_services_defaults() {
        let request = read(&hello()).expect("a good request");
        assert_eq!(request.messages, [("user".to_owned(), "Hello".to_owned())]);
        assert_eq!((request.stream, request.include_usage, request.include_obfuscation), (false, false, true));
        assert_eq!(request.format, Format::Text);
    }

    #[test]
    fn content_may_come_in_parts() {
        let mut body = hello();
        body["messages"][0]["content"] = json!([{"type": "text", "text": "Hello"}, {"type": "text", "text": "you"}]);
        assert_eq!(read(&body).expect("a good request").messages[0].1, "Hello you");
    }

    #[test]
    fn each_fault_names_its_parameter() {
        let fault = |name: &str, value: Value| {
            let mut body = hello();
            body[name] = value;
            read(&body).expect_err(name)
        };
        for (name, value, param, code) in [
            ("colour", json!(1), "colour", Some("unknown_parameter")),
            ("model", json!(1), "model", Some("invalid_type")),
            ("messages", json!([]), "messages", Some("empty_array")),
            ("messages", json!("hi"), "messages", Some("invalid_type")),
            ("messages", json!([{"content": "x"}]), "messages[0].role", Some("missing_required_parameter")),
            ("messages", json!([{"role": "boss", "content": "x"}]), "messages[0].role", Some("invalid_value")),
            ("messages", json!([{"role": "user"}]), "messages[0].content", None),
            ("stream", json!("yes"), "stream", Some("invalid_type")),
            ("stream_options", json!({"include_usage": true}), "stream_options", None),
            ("temperature", json!(3), "temperature", Some("decimal_above_max_value")),
            ("max_completion_tokens", json!(0), "max_completion_tokens", Some("integer_below_min_value")),
            ("response_format", json!({}), "response_format.type", Some("missing_required_parameter")),
            ("response_format", json!({"type": "xml"}), "response_format.type", Some("invalid_value")),
            ("response_format", json!({"type": "json_object"}), "messages", None),
            (
                "response_format",
                json!({"type": "json_schema", "json_schema": {"name": "a b", "schema": {}}}),
                "response_format.json_schema.name",
                Some("invalid_value"),
            ),
            (
                "response_format",
                json!({"type": "json_schema", "json_schema": {"name": "turn"}}),
                "response_format.json_schema.schema",
                Some("missing_required_parameter"),
            ),
            (
                "response_format",
                json!({"type": "json_schema", "json_schema": {"name": "turn", "strict": true, "schema":
                    {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}}}),
                "response_format",
                None,
            ),
        ] {
            let refusal = fault(name, value);
            assert_eq!((refusal.param.as_deref(), refusal.code), (Some(param), code), "{}", refusal.message);
        }
    }

    #[test]
    fn a_body_that_is_no_json_or_names_no_model_is_refused() {
        assert!(Request::read(b"{").is_err());
        assert!(Request::read(b"[]").is_err());
        assert!(read(&json!({"messages": []})).expect_err("no model").message.contains("model"));
    }

    #[test]
    fn a_schema_keeps_its_order() {
        let text = r#"{"model":"m","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema",
            "json_schema":{"name":"t","strict":true,"schema":{"type":"object","properties":{"z":{"type":"string"},
            "a":{"type":"string"}},"required":["z","a"],"additionalProperties":false}}}}"#;
        let Format::Schema(schema) = Request::read(text.as_bytes()).expect("a good request").format else {
            panic!("bound to a schema")
        };
        let names: Vec<_> =
            schema.member("properties").expect("given").members().iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["z", "a"]);
    }
}
