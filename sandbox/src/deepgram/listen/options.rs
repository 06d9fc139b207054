//! What a client of `/v1/listen` asks for in its query (developers.deepgram.com/reference/speech-to-text/listen-streaming).

use crate::deepgram::parameters::Parameters;
use crate::deepgram::refusal::Refusal;
use crate::speech::format::Format;

/// Key terms longer than this together, in tokens, are refused. A token is about a word.
const KEYTERM_TOKENS_MAX: usize = 500;

/// The parameters that change what the sandbox says. Others are accepted and change nothing.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::deepgram) struct Options {
    pub(in crate::deepgram) model: String,
    pub(in crate::deepgram) format: Format,
    pub(in crate::deepgram) interim_results: bool,
    /// Silence that ends speech, in ms; `None` when the client wants none of it.
    pub(in crate::deepgram) endpointing_ms: Option<u64>,
    pub(in crate::deepgram) utterance_end_ms: Option<u64>,
    pub(in crate::deepgram) vad_events: bool,
    /// Capital letters and punctuation.
    pub(in crate::deepgram) punctuate: bool,
    /// Digits for spoken numbers.
    pub(in crate::deepgram) numerals: bool,
    /// Keep "uh" and "um".
    pub(in crate::deepgram) filler_words: bool,
}

impl Options {
    /// Reads and checks the query, refusing what the real service refuses.
    pub(in crate::deepgram) fn of(parameters: &Parameters) -> Result<Self, Refusal> {
        let model = parameters.text("model").unwrap_or("base-general").to_owned();
        if model.starts_with("flux") {
            return Err(Refusal::parameter(format!("Model {model} is served on /v2/listen only.")));
        }
        check_keyterms(parameters, &model)?;
        let interim_results = parameters.flag("interim_results")?;
        let smart_format = parameters.flag("smart_format")?;
        Ok(Self {
            format: Format::heard(parameters)?,
            interim_results,
            endpointing_ms: endpointing(parameters)?,
            utterance_end_ms: utterance_end(parameters)?,
            vad_events: parameters.flag("vad_events")?,
            punctuate: parameters.flag("punctuate")? || smart_format,
            numerals: parameters.flag("numerals")? || smart_format,
            filler_words: parameters.flag("filler_words")?,
            model,
        })
    }
}

fn check_keyterms(parameters: &Parameters, model: &str) -> Result<(), Refusal> {
    let tokens: usize = parameters.all("keyterm").map(|term| term.split_whitespace().count()).sum();
    if tokens > 0 && !model.starts_with("nova-3") {
        return Err(Refusal::parameter("Keyterms are only supported by Nova-3."));
    }
    if tokens > KEYTERM_TOKENS_MAX {
        return Err(Refusal::parameter("Keyterm limit exceeded. The maximum is 500 tokens."));
    }
    Ok(())
}

fn endpointing(parameters: &Parameters) -> Result<Option<u64>, Refusal> {
    match parameters.text("endpointing") {
        None | Some("true") => Ok(Some(10)),
        Some("false") => Ok(None),
        Some(_) => parameters.number("endpointing"),
    }
}

/// Less than a second is refused: github.com/deepgram/deepgram-python-sdk/issues/279 shows the answer.
fn utterance_end(parameters: &Parameters) -> Result<Option<u64>, Refusal> {
    match parameters.number::<u64>("utterance_end_ms")? {
        Some(ms) if !(1_000..=5_000).contains(&ms) => Err(Refusal::value("utterance_end_ms", &ms.to_string())),
        ms => Ok(ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(query: &str) -> Result<Options, Refusal> {
        let raw = "encoding=mulaw&sample_rate=8000&";
        let pairs = [raw, query].concat();
        let pairs = pairs.split('&').filter_map(|pair| pair.split_once('='));
        Options::of(&Parameters(pairs.map(|(name, value)| (name.into(), value.into())).collect()))
    }

    #[test]
    fn what_is_not_asked_for_is_off_and_endpointing_is_ten_milliseconds() {
        let options = options("model=nova-3").expect("a good query");
        assert!(!options.interim_results && !options.vad_events && !options.punctuate);
        assert_eq!((options.endpointing_ms, options.utterance_end_ms), (Some(10), None));
    }

    #[test]
    fn the_telephone_query_is_understood() {
        let options = options(
            "model=nova-3&channels=1&interim_results=true&endpointing=300&utterance_end_ms=1000&vad_events=true\
             &smart_format=true&keyterm=beard%20trim&unheard_of=1",
        )
        .expect("a good query");
        assert!(options.interim_results && options.vad_events && options.punctuate && options.numerals);
        assert_eq!((options.endpointing_ms, options.utterance_end_ms), (Some(300), Some(1_000)));
        assert_eq!(self::options("endpointing=false").expect("good").endpointing_ms, None);
    }

    #[test]
    fn what_the_service_refuses_is_refused() {
        let many = format!("model=nova-3&keyterm={}", "a ".repeat(501));
        for query in [
            "model=flux-general-en",
            "model=nova-2&keyterm=trim",
            &many,
            "interim_results=yes",
            "endpointing=soon",
            "utterance_end_ms=999",
        ] {
            assert!(options(query).is_err(), "{query}");
        }
    }
}
