-- What analysts ask of a call: who spoke and for how long, how it felt, what it cost, and where its recording is.
-- Moments, ids and `…_ms` as in 0001. JSON is TEXT here and JSONB in PostgreSQL.

-- The voice that spoke for the business, by our name for it.
ALTER TABLE calls ADD COLUMN agent TEXT;
-- Two sentences by the model; NULL where there was none.
ALTER TABLE calls ADD COLUMN summary TEXT;

-- Where the object store has it; NULL while it is only here.
ALTER TABLE recordings ADD COLUMN file_url TEXT;
-- Of the stored file, in lower-case hex.
ALTER TABLE recordings ADD COLUMN sha256 TEXT;
ALTER TABLE recordings ADD COLUMN encrypted BOOLEAN NOT NULL DEFAULT FALSE;

-- All that was said or written in the line.
ALTER TABLE transcripts ADD COLUMN text TEXT GENERATED ALWAYS AS (trim(heard || ' ' || unheard)) VIRTUAL;
-- [{"word": "hello", "start_ms": 120, "end_ms": 480, "confidence": 0.98}, …]; NULL where nobody gave times.
ALTER TABLE transcripts ADD COLUMN words TEXT;

-- Figures of a call. Snapshot 0 is the last word, written when the call ended; 1, 2, … were taken while it went on.
CREATE TABLE analytics (
    call_id            TEXT    NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    snapshot           BIGINT  NOT NULL,
    snapshot_time      TEXT    NOT NULL,
    sentiment          TEXT    CHECK (sentiment IN ('positive', 'neutral', 'negative')),
    sentiment_score    REAL,                      -- -1 to 1
    sentiment_by       TEXT    CHECK (sentiment_by IN ('lexicon', 'model')),
    talk_time_ms       BIGINT  NOT NULL,          -- somebody was heard
    caller_talk_ms     BIGINT  NOT NULL,
    assistant_talk_ms  BIGINT  NOT NULL,
    silence_time_ms    BIGINT  NOT NULL,          -- nobody was
    interruptions      BIGINT  NOT NULL,
    average_latency_ms BIGINT,                    -- end of the caller's speech to our first frame
    p95_latency_ms     BIGINT,
    metrics            TEXT    NOT NULL,          -- JSON: words per minute, pauses, overtalk, percentiles, …
    PRIMARY KEY (call_id, snapshot)
);

CREATE TABLE call_metadata (
    call_id         TEXT NOT NULL PRIMARY KEY REFERENCES calls (id) ON DELETE CASCADE,
    language        TEXT,                         -- BCP 47
    region          TEXT,                         -- ISO 3166, of the caller's number
    device_type     TEXT,                         -- phone, browser
    network_quality TEXT,                         -- good, fair, poor: of frames that came late or never
    custom_data     TEXT NOT NULL DEFAULT '{}'    -- JSON
);

-- Money in millionths of a US dollar.
CREATE TABLE costs (
    call_id       TEXT   NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    stage         TEXT   NOT NULL CHECK (stage IN ('telephony', 'speech_to_text', 'model', 'text_to_speech')),
    quantity      REAL   NOT NULL,
    unit          TEXT   NOT NULL,                -- minute, token, character
    micros        BIGINT NOT NULL,
    saved_micros  BIGINT NOT NULL DEFAULT 0,      -- by the cache
    wasted_micros BIGINT NOT NULL DEFAULT 0,      -- by speculation
    PRIMARY KEY (call_id, stage)
);

-- Of one business the newest first, which is how calls are looked at.
CREATE INDEX calls_by_business ON calls (business, start_time, id);
CREATE INDEX calls_by_caller ON calls (caller, start_time);
CREATE INDEX appointments_by_start ON appointments (business, start_utc);
