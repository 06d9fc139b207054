use std::collections::BTreeMap;

use super::*;

const KEYS: [(&str, &str); 3] =
    [("DEEPGRAM_API_KEY", "dg"), ("OPENAI_API_KEY", "sk-1"), ("TWILIO_AUTH_TOKEN", "12345")];

fn strings(given: &[(&str, &str)]) -> BTreeMap<String, String> {
    given.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn read(given: &[(&str, &str)]) -> Result<Settings, Problems> {
    Settings::read(&strings(given), false)
}

fn problems(given: &[(&str, &str)]) -> String {
    read(given).expect_err("something is wrong").to_string()
}

#[test]
fn nothing_set_means_every_default_and_the_sandbox() {
    let settings = read(&[]).expect("defaults are good");
    assert_eq!(settings.stand_ins.names(), ["deepgram", "openai", "twilio"]);
    assert_eq!((settings.server.port, settings.server.max_calls), (3000, 200));
    assert_eq!(settings.server.drain, Duration::from_secs(25));
    assert_eq!(settings.desk.database_url, "sqlite://data/frontdesk.db");
    assert_eq!(settings.desk.recordings, PathBuf::from("recordings"));
    assert_eq!(settings.deepgram.url, "https://api.deepgram.com");
    assert_eq!(settings.openai.base_url, "https://api.openai.com/v1");
    assert!(settings.server.public_url.is_none() && settings.warnings.is_empty());
}

#[test]
fn blanks_are_taken_off_and_empty_is_not_set() {
    let settings = read(&[("PORT", " 8080\n"), ("DEEPGRAM_API_KEY", "  "), ("TTS_VOICE", "")]).expect("good");
    assert_eq!(settings.server.port, 8080);
    assert!(settings.deepgram.api_key.is_none());
    assert_eq!(settings.deepgram.voice, "aura-2-thalia-en");
}

#[test]
fn all_keys_mean_real_vendors() {
    let settings = read(&KEYS).expect("good");
    assert_eq!(settings.stand_ins.names(), [""; 0]);
    assert_eq!(settings.openai.api_key.as_ref().map(Secret::expose), Some("sk-1"));
    assert!(settings.warnings.iter().any(|warning| warning.contains("PUBLIC_URL")), "{:?}", settings.warnings);
}

#[test]
fn a_missing_key_is_named_unless_the_sandbox_may_stand_in() {
    let text = problems(&KEYS[..1]);
    assert!(text.contains("OPENAI_API_KEY is missing: set it, as DEEPGRAM_API_KEY is set"), "{text}");
    assert!(text.contains("TWILIO_AUTH_TOKEN is missing") && text.contains("--sandbox"), "{text}");
    let settings = Settings::read(&strings(&KEYS[..1]), true).expect("the sandbox helps");
    assert_eq!(settings.stand_ins.names(), ["openai", "twilio"]);
}

#[test]
fn everything_wrong_is_said_at_once_with_name_value_and_remedy() {
    let wrong = [
        ("PORT", "http"),
        ("HOST", "example.com"),
        ("PUBLIC_URL", "name.ngrok.app"),
        ("MAX_CALLS", "0"),
        ("DRAIN_SECONDS", "1m"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("DATABASE_URL", "mysql://user:pw@host/db"),
        ("TWILIO_PHONE_NUMBER", "555-1234"),
        ("DEEPGRAM_MODEL", "nova 3"),
    ];
    let text = problems(&wrong);
    for (name, _) in wrong {
        assert!(text.lines().any(|line| line.starts_with(&format!("{name}="))), "{name} is not in:\n{text}");
    }
    assert_eq!(text.lines().count(), wrong.len(), "{text}");
    assert!(text.contains("MAX_CALLS=0 cannot be used: write a whole number from 1 to 100000"), "{text}");
    assert!(text.contains("mysql://…@host/db") && !text.contains("pw"), "{text}");
}

#[test]
fn keys_never_print() {
    let text = problems(&[("OPENAI_API_KEY", "sk-very\nsecret")]);
    assert!(text.contains("OPENAI_API_KEY=(hidden) cannot be used: copy it again"), "{text}");
    let text = problems(&[("OPENAI_API_KEY", "two words"), KEYS[0], KEYS[2]]);
    assert_eq!(text.lines().count(), 1, "a key that cannot be used is not missing, too: {text}");
    let settings = read(&KEYS).expect("good");
    let shown = format!("{settings:?}");
    assert!(!shown.contains("sk-1") && !shown.contains("12345"), "{shown}");
}

#[test]
fn addresses_lose_their_last_slash_and_nothing_else() {
    for (text, expected) in [
        ("https://name.ngrok.app/", Some("https://name.ngrok.app")),
        ("http://127.0.0.1:8000/v1", Some("http://127.0.0.1:8000/v1")),
        ("http://[::1]:8000", Some("http://[::1]:8000")),
        ("wss://name.ngrok.app", None),
        ("https://", None),
        ("https://x.example/?a=b", None),
        ("https://x.example/#rc=2", None),
        ("/voice", None),
    ] {
        assert_eq!(parse::base_url(text).ok().as_deref(), expected, "{text}");
    }
}

#[test]
fn a_redis_is_named_by_its_address_and_its_password_is_never_shown() {
    for (text, is_good) in [
        ("redis://127.0.0.1:6379", true),
        ("redis://user:pw@cache.internal:6379/2", true),
        ("rediss://:pw@cache.internal/", true),
        ("http://127.0.0.1:6379", false),
        ("redis://127.0.0.1/one", false),
        ("127.0.0.1:6379", false),
    ] {
        assert_eq!(parse::redis_url(text).is_ok(), is_good, "{text}");
    }
    let text = problems(&[("REDIS_URL", "redis:/user:pw@host")]);
    assert!(text.contains("REDIS_URL=(hidden) cannot be used") && !text.contains("pw"), "{text}");
}

#[test]
fn a_key_says_whose_it_is_and_whether_it_is_trusted_with_ssml() {
    let keys = parse::api_keys("ivr:sixteen-letters-1, worker+ssml:sixteen-letters-2").expect("good keys");
    let told: Vec<_> = keys.iter().map(|key| (key.client.as_str(), key.key.expose(), key.ssml)).collect();
    assert_eq!(told, [("ivr", "sixteen-letters-1", false), ("worker", "sixteen-letters-2", true)]);
    for text in ["ivr", "ivr:short", "+ssml:sixteen-letters-1", "a b:sixteen-letters-1", "ivr+all:sixteen-letters-1"] {
        assert!(parse::api_keys(text).is_err(), "{text}");
    }
    assert!(parse::signing_secret(&"x".repeat(32)).is_ok() && parse::signing_secret(&"x".repeat(31)).is_err());
}

#[test]
fn an_object_store_is_named_by_its_address_with_all_that_it_needs() {
    let folder = |path: &str| StoreUrl::Folder(path.into());
    let google = |bucket: &str, prefix: &str| StoreUrl::Google { bucket: bucket.into(), prefix: prefix.into() };
    for (text, expected) in [
        ("gs://speech", Some(google("speech", ""))),
        ("gs://speech/a/b/", Some(google("speech", "a/b"))),
        ("file:///mnt/speech", Some(folder("/mnt/speech"))),
        ("file://speech", None),
        ("gs://", None),
        ("gs://speech/a?b", None),
        ("http://speech", None),
        ("speech", None),
    ] {
        assert_eq!(parse::store_url(text).ok(), expected, "{text}");
    }
    let text = problems(&[("OBJECT_STORE_URL", "az://speech")]);
    assert!(text.starts_with("AZURE_STORAGE_ACCOUNT is missing"), "{text}");
    let text = problems(&[("AWS_ACCESS_KEY_ID", "AKIA1")]);
    assert!(text.starts_with("AWS_SECRET_ACCESS_KEY is missing"), "{text}");
}

#[test]
fn recordings_never_go_where_everybody_can_read() {
    let open = [("S3_BUCKET", "speech"), ("S3_PUBLIC_BASE_URL", "https://cdn.example.com")];
    let text = problems(&[open[0], open[1], ("RECORDING_STORE_URL", "s3://speech/calls")]);
    assert!(text.starts_with("RECORDING_STORE_URL") && text.contains("another bucket"), "{text}");
    assert!(Settings::read(&strings(&[open[0], open[1], ("RECORDING_STORE_URL", "s3://calls")]), true).is_ok());
    let text = problems(&[("RECORDING_STORE_URL", "az://calls")]);
    assert!(text.starts_with("AZURE_STORAGE_ACCOUNT is missing"), "{text}");
}

#[test]
fn numbers_and_files_are_taken_as_people_write_them() {
    for (text, is_good) in [("+15551230000", true), ("+123456", false), ("15551230000", false), ("+0555123000", false)]
    {
        assert_eq!(parse::phone_number(text).is_ok(), is_good, "{text}");
    }
    for text in ["sqlite://data/x.db", "sqlite:x.db", "file:./dev.db", "x.db", "/var/x.db"] {
        assert_eq!(parse::database(text).as_deref(), Ok(text));
    }
    assert!(parse::database("mysql://x/y").is_err());
}

#[test]
fn a_sandbox_that_takes_an_addresss_place_says_so() {
    let settings = read(&[("DEEPGRAM_URL", "http://localhost:9000")]).expect("good");
    assert!(settings.warnings[0].starts_with("DEEPGRAM_URL is not used"), "{:?}", settings.warnings);
}

#[test]
fn an_address_that_twilio_opens_no_stream_at_is_suspicious() {
    let [one, two, three] = KEYS;
    let settings = read(&[one, two, three, ("PUBLIC_URL", "http://desk.example.com")]).expect("good");
    assert!(settings.warnings[0].contains("wss only"), "{:?}", settings.warnings);
    let settings = read(&[one, two, three, ("PUBLIC_URL", "https://desk.example.com")]).expect("good");
    assert_eq!(settings.warnings, [""; 0]);
}

#[test]
fn every_setting_is_declared_once_and_described() {
    let described = describe(&strings(&[]));
    for (place, setting) in described.iter().enumerate() {
        assert!(described[..place].iter().all(|other| other.name != setting.name), "{} twice", setting.name);
        assert!(setting.meaning.ends_with('.') && !setting.unit.is_empty(), "{}", setting.name);
    }
    for name in
        ["OPENAI_ORG_ID", "TWILIO_ACCOUNT_SID", "TWILIO_PHONE_NUMBER", "RECORDING_STORAGE_PATH", "BUSINESS_FILE"]
    {
        assert!(described.iter().any(|setting| setting.name == name), "{name}");
    }
}
