//! What `POST /call` asks for, read field by field, so that everything wrong is said at once and by name.

use std::borrow::Cow;

use engine::audio::format::Format;
use serde_json::{Map, Value};

use super::problem::Problem;
use super::{Speech, ssml};
use crate::web::problem::Wrong;

/// The longest id of a call. Twilio's have 34 characters.
const CALL_ID_LEN_MAX: usize = 128;

/// Words to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The asker's id of the call.
    pub call_id: String,
    /// The words, or SSML.
    pub text: String,
    /// Whether it is SSML, checked: well-formed, with nothing in it to be fetched.
    pub ssml: bool,
    /// How the audio is to be written.
    pub format: Format,
    /// Whether the answer says how long its stages took.
    pub debug: bool,
    /// Whether it is to be carried out later, by any instance.
    pub is_async: bool,
}

impl Order {
    /// What is heard of it, for whoever speaks it in another way.
    pub(super) fn words(&self) -> String {
        let words = self.ssml.then(|| ssml::words(&self.text).ok()).flatten();
        words.unwrap_or_else(|| self.text.clone())
    }
}

/// Reads the body. Fields that mean nothing here are passed over: older clients send some.
pub(super) fn read(body: &[u8], speech: &Speech, may_ssml: bool) -> Result<Order, Problem> {
    let terms = Terms {
        format: speech.format,
        text_chars_max: speech.text_chars_max,
        has_queue: speech.shared.is_some(),
        may_ssml,
    };
    read_on(body, terms)
}

/// What holds for an order.
#[derive(Clone, Copy)]
struct Terms {
    /// What a request without a format gets.
    format: Format,
    text_chars_max: usize,
    has_queue: bool,
    /// Whether whoever asks is trusted with SSML.
    may_ssml: bool,
}

fn read_on(body: &[u8], terms: Terms) -> Result<Order, Problem> {
    let fields: Map<String, Value> = serde_json::from_slice(body).map_err(|error| {
        Problem::Wrong(vec![Wrong { field: "body".into(), detail: format!("send a JSON object: {error}") }])
    })?;
    if fields.get("voiceId").is_some_and(|voice| !voice.is_null()) {
        tracing::info!("a client asked for a voice by voiceId, which is ignored: voices are chosen by the server");
    }
    let mut wrong = Vec::new();
    let mut noted = |field, detail: String| wrong.push(Wrong { field: Cow::Borrowed(field), detail });
    let call_id = call_id(&fields).map_err(|detail| noted("callId", detail)).unwrap_or_default();
    let text = text(&fields, terms).map_err(|detail| noted("text", detail)).unwrap_or_default();
    let format = format_of(&fields, terms.format).map_err(|detail| noted("format", detail)).unwrap_or_default();
    let debug = flag(&fields, "debug").map_err(|detail| noted("debug", detail)).unwrap_or_default();
    let is_async = is_async(&fields, terms.has_queue).map_err(|detail| noted("async", detail)).unwrap_or_default();
    if wrong.is_empty() {
        Ok(Order { call_id, ssml: ssml::is_meant(&text), text, format, debug, is_async })
    } else {
        Err(Problem::Wrong(wrong))
    }
}

/// It is looked up and logged, and goes nowhere else; still, an id has no business with blanks, slashes or line ends.
fn call_id(fields: &Map<String, Value>) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'@' | b'+');
    let ought = || format!("write 1 to {CALL_ID_LEN_MAX} letters, digits or any of - _ . : @ +");
    let id = fields.get("callId").and_then(Value::as_str).ok_or_else(ought)?;
    let is_good = (1..=CALL_ID_LEN_MAX).contains(&id.len()) && id.bytes().all(plain);
    if is_good { Ok(id.to_owned()) } else { Err(ought()) }
}

fn text(fields: &Map<String, Value>, Terms { text_chars_max, may_ssml, .. }: Terms) -> Result<String, String> {
    let text = fields.get("text").and_then(Value::as_str).ok_or("write the words to be spoken, as a string")?.trim();
    let chars = text.chars().count();
    if chars > text_chars_max {
        return Err(format!("it has {chars} characters, and at most {text_chars_max} are spoken at a time"));
    }
    if let Some(char) = text.chars().find(|char| !is_text(*char)) {
        return Err(format!("U+{:04X} is no character that can be spoken", u32::from(char)));
    }
    let words = match ssml::is_meant(text) {
        true if !may_ssml => {
            return Err("SSML is taken from trusted clients only (client+ssml in API_KEYS, or a token's scope ssml); \
                        write plain words"
                .to_owned());
        }
        true => ssml::words(text)?,
        false => text.to_owned(),
    };
    if !words.chars().any(char::is_alphanumeric) {
        return Err("there is nothing in it to be spoken".to_owned());
    }
    Ok(text.to_owned())
}

/// Control characters, and those that turn the direction of writing around, come from no honest keyboard.
fn is_text(char: char) -> bool {
    let turns_direction = matches!(u32::from(char), 0x202a..=0x202e | 0x2066..=0x2069);
    matches!(char, '\n' | '\r' | '\t') || !(char.is_control() || turns_direction)
}

fn format_of(fields: &Map<String, Value>, default: Format) -> Result<Format, String> {
    match fields.get("format") {
        None | Some(Value::Null) => Ok(default),
        Some(name) => {
            let found = name.as_str().and_then(Format::of_name);
            found.ok_or_else(|| format!("write one of {}", Format::ALL.map(Format::name).join(", ")))
        }
    }
}

fn is_async(fields: &Map<String, Value>, has_queue: bool) -> Result<bool, String> {
    match flag(fields, "async")? {
        true if !has_queue => {
            Err("needs a queue, and this server has none: leave it out, or set REDIS_URL on the server".to_owned())
        }
        is_async => Ok(is_async),
    }
}

fn flag(fields: &Map<String, Value>, name: &str) -> Result<bool, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(value) => value.as_bool().ok_or_else(|| "write true or false".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ordered(body: &Value) -> Result<Order, Vec<&'static str>> {
        let terms = Terms { format: Format::Mulaw, text_chars_max: 20, has_queue: false, may_ssml: false };
        read_on(body.to_string().as_bytes(), terms).map_err(|problem| match problem {
            Problem::Wrong(wrong) => wrong.into_iter().map(field).collect(),
            other => panic!("{other}"),
        })
    }

    fn field(wrong: Wrong) -> &'static str {
        match wrong.field {
            Cow::Borrowed(field) => field,
            Cow::Owned(field) => panic!("{field} is none of ours"),
        }
    }

    #[test]
    fn a_full_order_and_a_bare_one_are_read() {
        let full = json!({"callId": "CA1", "text": " Hello. ", "format": "MP3", "debug": true, "voiceId": "evil"});
        let (call_id, text) = ("CA1".into(), "Hello.".into());
        let order = Order { call_id, text, ssml: false, format: Format::Mp3, debug: true, is_async: false };
        assert_eq!(ordered(&full), Ok(order.clone()));
        let bare = json!({"callId": "CA1", "text": "Hello.", "format": null, "unknown": [1]});
        assert_eq!(ordered(&bare), Ok(Order { format: Format::Mulaw, debug: false, ..order }));
    }

    #[test]
    fn everything_wrong_is_said_at_once_and_by_name() {
        assert_eq!(ordered(&json!({})), Err(vec!["callId", "text"]));
        let all = json!({"callId": 1, "text": "", "format": "WAV", "debug": "yes", "async": true});
        assert_eq!(ordered(&all), Err(vec!["callId", "text", "format", "debug", "async"]));
        assert_eq!(ordered(&json!([])), Err(vec!["body"]));
    }

    #[test]
    fn an_id_is_plain_and_short() {
        for id in ["", "a b", "../../etc/passwd", "a\r\nX-Evil: 1", "ä", &"a".repeat(129)] {
            assert_eq!(ordered(&json!({"callId": id, "text": "Hello."})), Err(vec!["callId"]), "{id}");
        }
        assert!(ordered(&json!({"callId": "sip:ada@example.com", "text": "Hello."})).is_ok());
    }

    #[test]
    fn ssml_is_taken_from_whoever_is_trusted_and_is_heard_without_its_marks() {
        let terms = Terms { format: Format::Mulaw, text_chars_max: 100, has_queue: false, may_ssml: true };
        let read = |text: &str| read_on(json!({"callId": "a", "text": text}).to_string().as_bytes(), terms);
        let order = read("<speak>Your <emphasis>table</emphasis> is ready.</speak>").expect("good SSML");
        assert_eq!((order.ssml, order.words()), (true, "Your table is ready.".to_owned()));
        assert!(!read("Less < more.").expect("plain words").ssml);
        for text in ["<speak/>", "<speak>Hi", "<speak><audio src='http://a'/>Hi</speak>"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_text_has_words_and_no_tricks_and_keeps_its_bound() {
        for text in [" ", "...", "\u{0}hi", "hi\u{202e}ih", "<speak>hi</speak>", &"ä".repeat(21)] {
            assert_eq!(ordered(&json!({"callId": "a", "text": text})), Err(vec!["text"]), "{text:?}");
        }
        for text in ["1", "Grüße,\nAda", "こんにちは", &"ä".repeat(20)] {
            assert!(ordered(&json!({"callId": "a", "text": text})).is_ok(), "{text}");
        }
    }
}
