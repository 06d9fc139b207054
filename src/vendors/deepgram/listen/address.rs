//! Where to connect and with which parameters.

use std::collections::BTreeSet;

use deepgram::common::options::{Language, Model, Options};
use engine::io::Fault;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::{AUTHORIZATION, USER_AGENT};

use super::{Config, Flavor};
use crate::vendors::key_header;

/// Terms sent at most. Deepgram refuses more than 500 tokens of them; see [`TOKENS_MAX`].
const KEYTERMS_MAX: usize = 100;

/// Tokens of all terms together, with a margin below Deepgram's 500. Source:
/// <https://developers.deepgram.com/docs/keyterm>, read 2026-11.
const TOKENS_MAX: usize = 400;

/// The handshake, ready to be sent again and again.
pub(super) fn request(config: &Config, keyterms: &[String]) -> Result<Request, Fault> {
    let wrong = |what: &str| Fault::OurMistake(format!("`{}` is no address for Deepgram: {what}", config.url));
    let base = config.url.trim().trim_end_matches('/');
    let (scheme, rest) = base.split_once("://").ok_or_else(|| wrong("it begins with neither http:// nor https://"))?;
    let scheme = match scheme {
        "http" | "ws" => "ws",
        "https" | "wss" => "wss",
        _ => return Err(wrong("it begins with neither http:// nor https://")),
    };
    let version = if matches!(config.flavor, Flavor::Nova) { "v1" } else { "v2" };
    let address = format!("{scheme}://{rest}/{version}/listen?{}", query(config, keyterms));
    let mut request = address.into_client_request().map_err(|error| wrong(&error.to_string()))?;
    let key = key_header(&format!("Token {}", config.key.trim()), "DEEPGRAM_API_KEY")?;
    request.headers_mut().insert(AUTHORIZATION, key);
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(crate::vendors::USER_AGENT));
    Ok(request)
}

/// The parameters. The vendor's crate knows their spelling.
fn query(config: &Config, keyterms: &[String]) -> String {
    let options = Options::builder().model(Model::from(config.model.clone()));
    let audio = [("encoding", "mulaw".to_owned()), ("sample_rate", "8000".to_owned())];
    let (options, extra) = match &config.flavor {
        Flavor::Nova => {
            let terms = chosen(keyterms);
            let language = match &config.languages[..] {
                [only] => only.clone(),
                _ => "multi".to_owned(),
            };
            // Nova-2 and older know no keyterms; their keywords do the same job less well.
            let options =
                if config.model.starts_with("nova-3") { options.keyterms(terms) } else { options.keywords(terms) };
            let extra = vec![
                ("channels", "1".to_owned()),
                ("interim_results", "true".to_owned()),
                ("endpointing", config.endpointing_ms.to_string()),
                ("utterance_end_ms", config.utterance_end_ms.to_string()),
                ("vad_events", "true".to_owned()),
            ];
            (options.language(Language::from(language)).smart_format(true), extra)
        }
        Flavor::Flux { eot_threshold, eager_eot_threshold, eot_timeout_ms, .. } => {
            let options = options.keyterms(chosen(keyterms));
            let mut extra =
                vec![("eot_threshold", eot_threshold.to_string()), ("eot_timeout_ms", eot_timeout_ms.to_string())];
            extra.extend(eager_eot_threshold.map(|eager| ("eager_eot_threshold", eager.to_string())));
            let hints = config.languages.iter().filter(|_| config.model.ends_with("-multi"));
            extra.extend(hints.map(|code| ("language_hint", code.clone())));
            (options, extra)
        }
    };
    let params = audio.into_iter().chain(extra).map(|(name, value)| (name.to_owned(), value));
    options.query_params(params).build().urlencoded().expect("names and texts can always be written as a query")
}

/// Flux's message that replaces the words to expect
/// (<https://developers.deepgram.com/docs/flux/configure>, read 2026-11).
pub(super) fn configure(keyterms: &[String]) -> String {
    serde_json::json!({ "type": "Configure", "keyterms": chosen(keyterms) }).to_string()
}

/// The first terms that fit: each once, none empty. A token is taken to be three bytes, which is on the safe side.
fn chosen(keyterms: &[String]) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    let mut tokens = 0;
    let fits = |term: &&str| {
        tokens += term.len() / 3 + 1;
        tokens <= TOKENS_MAX
    };
    let terms = keyterms.iter().map(|term| term.trim());
    terms
        .filter(|term| !term.is_empty() && seen.insert(term.to_lowercase()))
        .take(KEYTERMS_MAX)
        .take_while(fits)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(config: &Config, keyterms: &[&str]) -> String {
        let keyterms: Vec<_> = keyterms.iter().map(|term| (*term).to_owned()).collect();
        request(config, &keyterms).expect("a request").uri().to_string()
    }

    #[test]
    fn nova_is_asked_for_raw_mulaw_with_interims_and_utterance_ends() {
        let config = Config { url: "https://api.deepgram.com/".into(), key: "k".into(), ..Config::default() };
        assert_eq!(
            uri(&config, &["Ada Lovelace", " ", "balayage", "Balayage"]),
            "wss://api.deepgram.com/v1/listen?model=nova-3&language=en&encoding=mulaw&sample_rate=8000\
             &channels=1&interim_results=true&endpointing=300&utterance_end_ms=1000&vad_events=true\
             &smart_format=true&keyterm=Ada+Lovelace&keyterm=balayage"
        );
    }

    #[test]
    fn flux_is_asked_on_its_own_path_and_without_parameters_it_refuses() {
        let flavor = Flavor::Flux {
            eot_threshold: 0.7,
            eager_eot_threshold: Some(0.4),
            eot_timeout_ms: 5_000,
            force_end_turn: false,
        };
        let config =
            Config { url: "http://127.0.0.1:9/x".into(), model: "flux-general-en".into(), flavor, ..Config::default() };
        assert_eq!(
            uri(&config, &["Ada"]),
            "ws://127.0.0.1:9/x/v2/listen?model=flux-general-en&encoding=mulaw&sample_rate=8000&eot_threshold=0.7\
             &eot_timeout_ms=5000&eager_eot_threshold=0.4&keyterm=Ada"
        );
    }

    #[test]
    fn several_languages_are_told_apart_by_the_vendor() {
        let nova = Config::default().speaking(&["en", "es"]);
        assert!(uri(&nova, &[]).contains("model=nova-3&language=multi&"));
        assert!(uri(&Config::default().speaking(&["es"]), &[]).contains("&language=es&"));
        let flux = Config { model: "flux-general-en".into(), flavor: Flavor::flux(), ..Config::default() };
        let asked = uri(&flux.speaking(&["en", "es"]), &[]);
        assert!(
            asked.contains("model=flux-general-multi&") && asked.contains("&language_hint=en&language_hint=es"),
            "{asked}"
        );
        assert_eq!(uri(&flux.speaking(&["en"]), &[]), uri(&flux, &[]));
    }

    #[test]
    fn the_key_is_sent_and_not_shown() {
        let request = request(&Config { key: " k-1\n".into(), ..Config::default() }, &[]).expect("a request");
        assert_eq!(request.headers()["authorization"], "Token k-1");
        assert!(!format!("{request:?}").contains("k-1"));
    }

    #[test]
    fn terms_beyond_the_vendors_limit_are_left_out() {
        let terms: Vec<_> = (0..1_000).map(|n| format!("term number {n}")).collect();
        let chosen = chosen(&terms);
        assert!(chosen.len() > 50 && chosen.iter().map(|term| term.len() / 3 + 1).sum::<usize>() <= TOKENS_MAX);
    }

    #[test]
    fn an_address_that_is_none_is_our_mistake() {
        for url in ["", "api.deepgram.com", "ftp://x", "https://"] {
            let config = Config { url: url.into(), ..Config::default() };
            assert!(matches!(request(&config, &[]), Err(Fault::OurMistake(_))), "{url}");
        }
        let config = Config { key: "a\u{1}b".into(), ..Config::default() };
        assert!(matches!(request(&config, &[]), Err(Fault::OurMistake(_))));
    }
}
