//! Every setting once: its name, default, unit, meaning and parser, in the order of `.env.example`.

use std::path::PathBuf;
use std::time::Duration;

use engine::audio::format::Format;

use super::reader::{Problem, Reader};
use super::{ApiKey, Deepgram, Desk, OpenAi, Secret, Server, Sharing, Speech, Storage, StoreUrl, Twilio, parse};

impl Deepgram {
    pub(super) fn declare(read: &mut Reader) -> Self {
        read.group("Deepgram hears and speaks.");
        Self {
            api_key: read.secret("DEEPGRAM_API_KEY", "From https://console.deepgram.com, under API keys."),
            url: read.value(
                "DEEPGRAM_URL",
                "https://api.deepgram.com",
                "address",
                "A self-hosted Deepgram or an emulator goes here; http:// works, too.",
                parse::base_url,
            ),
            model: read.value(
                "DEEPGRAM_MODEL",
                "nova-3",
                "model",
                "What hears. A model named flux-…, like flux-general-en, decides turns by itself.",
                parse::word,
            ),
            voice: read.value(
                "TTS_VOICE",
                "aura-2-thalia-en",
                "model",
                "The voice that speaks. It carries the language. The business file may name another.",
                parse::word,
            ),
        }
    }
}

impl OpenAi {
    pub(super) fn declare(read: &mut Reader) -> Self {
        read.group("OpenAI thinks.");
        Self {
            api_key: read.secret("OPENAI_API_KEY", "From https://platform.openai.com/api-keys."),
            org_id: read.optional(
                "OPENAI_ORG_ID",
                "id",
                "The organization that pays, where a key has several.",
                parse::word,
            ),
            base_url: read.value(
                "OPENAI_BASE_URL",
                "https://api.openai.com/v1",
                "address",
                "Any server that streams chat completions bound to a JSON schema.",
                parse::base_url,
            ),
            model: read.value(
                "OPENAI_MODEL",
                "gpt-5.4-mini",
                "model",
                "A quick one: the caller waits for it. Models retire, and a retired one answers model_not_found. `off` books by \
                 rules alone.",
                parse::word,
            ),
            realtime_model: read.value(
                "OPENAI_REALTIME_MODEL",
                "gpt-realtime-2.1",
                "model",
                "Hears, thinks and speaks where the business file says engine = \"realtime\".",
                parse::word,
            ),
            realtime_voice: read.value(
                "OPENAI_REALTIME_VOICE",
                "marin",
                "name",
                "Its voice: marin, cedar, alloy, ash, ballad, coral, echo, sage, shimmer or verse.",
                parse::word,
            ),
            realtime_transcription: read.value(
                "OPENAI_REALTIME_TRANSCRIPTION",
                "gpt-live-transcribe",
                "model",
                "What writes down callers' words beside it.",
                parse::word,
            ),
            realtime_session: read.value(
                "OPENAI_REALTIME_SESSION_SECONDS",
                "3300",
                "seconds",
                "How old a session becomes before the call goes over to another. The service ends one after 3600.",
                parse::long_seconds,
            ),
        }
    }
}

impl Twilio {
    pub(super) fn declare(read: &mut Reader) -> Self {
        read.group("Twilio carries the calls.");
        Self {
            auth_token: read.secret(
                "TWILIO_AUTH_TOKEN",
                "The account's primary auth token, from https://console.twilio.com. With it, only Twilio is believed.",
            ),
            account_sid: read.optional("TWILIO_ACCOUNT_SID", "id", "The account, as AC….", parse::word),
            phone_number: read.optional(
                "TWILIO_PHONE_NUMBER",
                "E.164",
                "The number that is answered, like +15551230000.",
                parse::phone_number,
            ),
            api_url: read.value(
                "TWILIO_API_URL",
                "https://api.twilio.com",
                "address",
                "Twilio's REST API, another region's or an emulator's.",
                parse::base_url,
            ),
        }
    }
}

impl Server {
    pub(super) fn declare(read: &mut Reader) -> Self {
        read.group("The server.");
        Self {
            host: read.value(
                "HOST",
                "0.0.0.0",
                "IP address",
                "Where it listens. 127.0.0.1 keeps it to this machine.",
                parse::ip_address,
            ),
            port: read.value("PORT", "3000", "TCP port", "All is on one port. 0 takes any that is free.", parse::port),
            public_url: read.optional(
                "PUBLIC_URL",
                "address",
                "Ours as Twilio knows it, like https://your-name.ngrok.app. Unset, each request's Host is taken.",
                parse::base_url,
            ),
            max_calls: read.value(
                "MAX_CALLS",
                "200",
                "calls",
                "As many may go on at once. The next caller hears that the line is busy.",
                parse::count,
            ),
            drain: read.value(
                "DRAIN_SECONDS",
                "25",
                "seconds",
                "How long calls may go on once the process is told to stop. Kubernetes kills after 30.",
                parse::seconds,
            ),
            analyst_keys: read
                .hidden(
                    "ANALYST_KEYS",
                    "name:role:business:key,…",
                    "Who may see calls, in the browser and by /api: analyst, manager or admin, of one business or of all (*). Without it and JWT_SECRET, the sandbox shows them to this machine only.",
                    parse::analyst_keys,
                )
                .unwrap_or_default(),
            log_level: read.value(
                "LOG_LEVEL",
                "info",
                "level",
                "error, warn, info, debug, trace, or by module: info,engine=debug. Debug shows callers' words.",
                parse::log_level,
            ),
            log_format: read.value(
                "LOG_FORMAT",
                "text",
                "text or json",
                "Lines for people, or an object a line for machines.",
                parse::log_format,
            ),
        }
    }
}

impl Desk {
    pub(super) fn declare(read: &mut Reader) -> Self {
        read.group("The business, and what its calls leave behind.");
        Self {
            business_file: read.value(
                "BUSINESS_FILE",
                "business.toml",
                "path",
                "Hours, services, staff and answers of the business; or a folder with a file for each of several. Read again when it \
                 changes.",
                parse::path,
            ),
            database_url: read.value(
                "DATABASE_URL",
                "sqlite://data/frontdesk.db",
                "SQLite file or PostgreSQL address",
                "Calls, transcripts and appointments. file:./dev.db and a plain path will do, too; several instances need \
                 postgres://user:password@host/database.",
                parse::database,
            ),
            recordings: read.value(
                "RECORDING_STORAGE_PATH",
                "recordings",
                "path",
                "One folder per call, with its recording and its tape.",
                parse::path,
            ),
            webhook_secret: read.hidden(
                "WEBHOOK_SECRET",
                "secret",
                "What webhooks of [afterwards] are signed with: at least 32 characters (docs/booking.md).",
                parse::signing_secret,
            ),
            calendar_secret: read.hidden(
                "CALENDAR_SECRET",
                "secret",
                "What the addresses are made of that calendar programs subscribe to: at least 32 characters. `frontdesk feeds` lists them.",
                parse::signing_secret,
            ),
        }
    }
}

impl Sharing {
    pub(super) fn declare(read: &mut Reader) -> Self {
        read.group("What several instances share.");
        Self {
            redis_url: read.hidden(
                "REDIS_URL",
                "address",
                "A Redis of version 6.2 or newer, like redis://:password@host:6379/0; rediss:// for TLS. Unset, an instance is on its own.",
                parse::redis_url,
            ),
            redis_timeout: read.value(
                "REDIS_TIMEOUT_MS",
                "30",
                "milliseconds",
                "How long somebody who wants a phrase waits for Redis; then not at all until it answers again.",
                parse::milliseconds,
            ),
        }
    }
}

impl Speech {
    pub(super) fn declare(read: &mut Reader) -> Self {
        read.group("Spoken phrases, for calls and for other systems by HTTP (docs/speech-cache.md).");
        let (api_keys, jwt_secret, rate_limit_per_s) = Self::declare_guard(read);
        let (format, text_chars_max, timeout, debug_timings) = Self::declare_asking(read);
        let (cache_path, cache_bytes_max, ttl, gives_stale) = Self::declare_keeping(read);
        Self {
            api_keys,
            jwt_secret,
            rate_limit_per_s,
            format,
            text_chars_max,
            timeout,
            debug_timings,
            cache_path,
            cache_bytes_max,
            ttl,
            gives_stale,
            url_ttl: read.value(
                "AUDIO_URL_TTL_SECONDS",
                "86400",
                "seconds",
                "How long the address of a phrase can be played, and an Idempotency-Key is remembered.",
                parse::long_seconds,
            ),
            url_secret: read.secret(
                "AUDIO_URL_SECRET",
                "What addresses are signed with. Unset, one is made and kept beside the phrases; instances need the same.",
            ),
            usd_per_1000_characters: read.value(
                "TTS_USD_PER_1000_CHARACTERS",
                "0.030",
                "US dollars",
                "What speaking costs, to say what the cache saves. The default is Aura-2's list price.",
                parse::price,
            ),
            voices_file: read.value(
                "VOICES_FILE",
                "config/voices.json",
                "path",
                "Voices that are put into the database at the start. The file may be missing.",
                parse::path,
            ),
            phrases_file: read.value(
                "PHRASES_FILE",
                "config/phrases.json",
                "path",
                "What `frontdesk presynthesize` speaks beside the business's own words. The file may be missing.",
                parse::path,
            ),
        }
    }

    fn declare_guard(read: &mut Reader) -> (Vec<ApiKey>, Option<Secret>, usize) {
        let api_keys = read.hidden(
            "API_KEYS",
            "client:key,…",
            "Who may ask for speech; client+ssml:key is trusted with SSML. Without it and JWT_SECRET, POST /call answers anybody in the sandbox and nobody elsewhere.",
            parse::api_keys,
        );
        let jwt_secret = read.hidden(
            "JWT_SECRET",
            "secret",
            "What clients' tokens are signed with: at least 32 characters. `frontdesk token` issues them.",
            parse::signing_secret,
        );
        let rate_limit_per_s = read.value(
            "RATE_LIMIT_PER_SECOND",
            "1000",
            "requests",
            "As many of one client's are answered in a second; twice as many in a burst.",
            parse::count,
        );
        (api_keys.unwrap_or_default(), jwt_secret, rate_limit_per_s)
    }

    fn declare_asking(read: &mut Reader) -> (Format, usize, Duration, bool) {
        (
            read.value(
                "TTS_FORMAT",
                "MULAW",
                "MULAW, LINEAR16, MP3 or OGG_OPUS",
                "What a request without a format gets.",
                parse::format,
            ),
            read.value("TEXT_CHARS_MAX", "3000", "characters", "The longest text that is spoken.", parse::count),
            read.value(
                "TTS_TIMEOUT_MS",
                "8000",
                "milliseconds",
                "How long a request waits for its phrase. The phrase is made all the same.",
                parse::milliseconds,
            ),
            read.value("DEBUG_TIMINGS", "false", "true or false", "Adds stages to every answer.", parse::yes_or_no),
        )
    }

    fn declare_keeping(read: &mut Reader) -> (PathBuf, u64, Duration, bool) {
        let path = read.value(
            "SPEECH_CACHE_PATH",
            "data/speech",
            "path",
            "Where phrases are kept. The sandbox's stand in a folder of their own in it.",
            parse::path,
        );
        let bytes_max = read.value(
            "SPEECH_CACHE_MB",
            "2000",
            "megabytes",
            "As much is kept there; what was not asked for longest goes.",
            parse::megabytes,
        );
        let hours =
            read.optional("CACHE_TTL_HOURS", "hours", "The same as CACHE_TTL_SECONDS, which wins.", parse::hours);
        let seconds = read.value(
            "CACHE_TTL_SECONDS",
            "2592000",
            "seconds",
            "How long a phrase is good; then it is made anew.",
            parse::long_seconds,
        );
        let ttl = hours.filter(|_| !read.is_given("CACHE_TTL_SECONDS")).unwrap_or(seconds);
        let gives_stale = read.value(
            "CACHE_FALLBACK",
            "true",
            "true or false",
            "Whether a phrase that is too old is given out when no new one can be made.",
            parse::yes_or_no,
        );
        (path, bytes_max, ttl, gives_stale)
    }
}

impl Storage {
    pub(super) fn declare(read: &mut Reader) -> Self {
        read.group("An object store, where phrases outlive every instance. Nothing is set, nothing is stored there.");
        let bucket = read.optional("S3_BUCKET", "bucket", "Of Amazon S3, or of what speaks its protocol.", parse::word);
        let (region, endpoint) = Self::declare_place(read);
        let storage = Self {
            s3_bucket: bucket,
            s3_region: region,
            s3_endpoint: endpoint,
            s3_public_base_url: read.optional(
                "S3_PUBLIC_BASE_URL",
                "address",
                "Where everybody can read what is in the bucket. Unset, the addresses of phrases are signed.",
                parse::base_url,
            ),
            s3_timeout: read.value(
                "S3_TIMEOUT_MS",
                "2000",
                "milliseconds",
                "How long one request to the object store may take. Nobody waits for an upload.",
                parse::milliseconds,
            ),
            aws_access_key_id: read.optional(
                "AWS_ACCESS_KEY_ID",
                "id",
                "Of a key that may read, write and delete there, or have Polly speak. Unset, the machine's role is taken there.",
                parse::word,
            ),
            aws_secret_access_key: read.secret("AWS_SECRET_ACCESS_KEY", "The secret of that key."),
            object_store_url: read.optional(
                "OBJECT_STORE_URL",
                "address",
                "Instead of S3_BUCKET: gs://bucket, az://container or s3://bucket, with a prefix or without, or file:///folder.",
                parse::store_url,
            ),
            google_credentials: read.optional(
                "GOOGLE_APPLICATION_CREDENTIALS",
                "path",
                "A service account's file, for gs:// and Google's voices. Unset, gs:// takes the machine's account.",
                parse::path,
            ),
            azure_account: read.optional("AZURE_STORAGE_ACCOUNT", "name", "The storage account, for az://.", parse::word),
            azure_key: read.secret("AZURE_STORAGE_KEY", "Its key. Unset, the machine's identity is taken."),
        };
        storage.missing().into_iter().for_each(|problem| read.problem(problem));
        storage
    }

    fn declare_place(read: &mut Reader) -> (String, Option<String>) {
        let region = read.value("S3_REGION", "us-east-1", "region", "Where the bucket is.", parse::word);
        let endpoint = read.optional(
            "S3_ENDPOINT",
            "address",
            "Of a store that is not Amazon's, such as https://minio.example.com.",
            parse::base_url,
        );
        (region, endpoint)
    }

    /// Whether everybody can read what is in a bucket of S3.
    pub(super) fn is_public(&self, bucket: &str) -> bool {
        let phrases = match (&self.s3_bucket, &self.object_store_url) {
            (Some(bucket), _) | (None, Some(StoreUrl::S3 { bucket, .. })) => Some(bucket.as_str()),
            _ => None,
        };
        self.s3_public_base_url.is_some() && phrases == Some(bucket)
    }

    /// What has to be set because something else is.
    fn missing(&self) -> Option<Problem> {
        let missing = |name, remedy: &str| Some(Problem { name, value: None, remedy: remedy.to_owned() });
        if self.aws_access_key_id.is_some() && self.aws_secret_access_key.is_none() {
            return missing("AWS_SECRET_ACCESS_KEY", "set it, as AWS_ACCESS_KEY_ID is set");
        }
        if matches!(self.object_store_url, Some(StoreUrl::Azure { .. })) && self.azure_account.is_none() {
            return missing("AZURE_STORAGE_ACCOUNT", "name the account that the container of OBJECT_STORE_URL is in");
        }
        None
    }
}
