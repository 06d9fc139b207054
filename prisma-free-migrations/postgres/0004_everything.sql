-- The same schema as ../sqlite after its migration of the same number, whose comments say what each column means.
--
-- One set of queries serves both databases, so every number is BIGINT or DOUBLE PRECISION, ids are UUIDs written as text,
-- and JSON alone is JSONB.

CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE calls (
    id           TEXT        NOT NULL PRIMARY KEY CHECK (id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
    call_sid     TEXT        NOT NULL UNIQUE,
    stream_sid   TEXT        NOT NULL,
    caller       TEXT        NOT NULL,
    called       TEXT        NOT NULL,
    business     TEXT        NOT NULL,
    start_time   TIMESTAMPTZ NOT NULL,
    end_time     TIMESTAMPTZ,
    duration_ms  BIGINT,
    status       TEXT        NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'completed', 'interrupted')),
    outcome      TEXT,
    ending       TEXT,
    direction    TEXT        NOT NULL DEFAULT 'inbound',
    engine       TEXT        NOT NULL DEFAULT 'cascade',
    sandbox      BOOLEAN     NOT NULL DEFAULT FALSE,
    agent        TEXT,
    summary      TEXT
);
CREATE INDEX calls_by_start ON calls (start_time, id);
CREATE INDEX calls_by_stream ON calls (stream_sid);
CREATE INDEX calls_by_status ON calls (status);
CREATE INDEX calls_by_business ON calls (business, start_time, id);
CREATE INDEX calls_by_caller ON calls (caller, start_time);

CREATE TABLE recordings (
    call_id      TEXT    NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    file_path    TEXT    NOT NULL,
    format       TEXT    NOT NULL,
    codec        TEXT    NOT NULL,
    sample_rate  BIGINT  NOT NULL,
    channels     BIGINT  NOT NULL,
    duration_ms  BIGINT  NOT NULL,
    size_bytes   BIGINT  NOT NULL,
    file_url     TEXT,
    sha256       TEXT,
    encrypted    BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (call_id, file_path)
);

CREATE TABLE transcripts (
    call_id      TEXT             NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    line         BIGINT           NOT NULL,
    speaker      TEXT             NOT NULL CHECK (speaker IN ('caller', 'assistant')),
    heard        TEXT             NOT NULL,
    unheard      TEXT             NOT NULL,
    confidence   DOUBLE PRECISION NOT NULL,
    start_ms     BIGINT           NOT NULL,
    end_ms       BIGINT           NOT NULL,
    text         TEXT             GENERATED ALWAYS AS (trim(heard || ' ' || unheard)) STORED,
    words        JSONB,
    PRIMARY KEY (call_id, line)
);

CREATE TABLE turns (
    call_id         TEXT    NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    turn            BIGINT  NOT NULL,
    speech_ended_ms BIGINT,
    transcribed_ms  BIGINT,
    turn_ended_ms   BIGINT,
    model_asked_ms  BIGINT,
    first_slot_ms   BIGINT,
    first_phrase_ms BIGINT,
    first_frame_ms  BIGINT,
    first_mark_ms   BIGINT,
    by_rules        BOOLEAN NOT NULL,
    tokens_in       BIGINT  NOT NULL,
    tokens_out      BIGINT  NOT NULL,
    first_audio_ms  BIGINT,
    late_stage      TEXT,
    guesses         BIGINT  NOT NULL DEFAULT 0,
    guess_used      BOOLEAN NOT NULL DEFAULT FALSE,
    wasted_in       BIGINT  NOT NULL DEFAULT 0,
    wasted_out      BIGINT  NOT NULL DEFAULT 0,
    PRIMARY KEY (call_id, turn)
);

CREATE TABLE events (
    call_id      TEXT   NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    event        BIGINT NOT NULL,
    at_ms        BIGINT NOT NULL,
    name         TEXT   NOT NULL,
    detail       TEXT   NOT NULL,
    PRIMARY KEY (call_id, event)
);

CREATE TABLE appointments (
    id              TEXT        NOT NULL PRIMARY KEY,
    business        TEXT        NOT NULL,
    staff           TEXT        NOT NULL,
    service         TEXT        NOT NULL,
    start_at        TEXT        NOT NULL,
    start_utc       TIMESTAMPTZ NOT NULL,
    end_utc         TIMESTAMPTZ NOT NULL,
    name            TEXT        NOT NULL,
    phone           TEXT        NOT NULL,
    call_id         TEXT,
    idempotency_key TEXT        NOT NULL,
    status          TEXT        NOT NULL DEFAULT 'booked' CHECK (status IN ('booked', 'cancelled')),
    created_at      TIMESTAMPTZ NOT NULL,
    CHECK (start_utc < end_utc),
    -- Nobody does two appointments at a time, whoever writes here and however. An end may touch a start.
    CONSTRAINT appointment_overlaps EXCLUDE USING gist
        (business WITH =, staff WITH =, tstzrange(start_utc, end_utc) WITH &&) WHERE (status = 'booked')
);
CREATE UNIQUE INDEX appointments_by_key ON appointments (idempotency_key) WHERE status = 'booked';
CREATE INDEX appointments_by_end ON appointments (business, end_utc);
CREATE INDEX appointments_by_start ON appointments (business, start_utc);
CREATE INDEX appointments_by_call ON appointments (call_id);

CREATE TABLE voices (
    id                TEXT        NOT NULL PRIMARY KEY,
    name              TEXT        NOT NULL,
    role              TEXT        NOT NULL CHECK (role IN ('assistant', 'representative', 'bot')),
    gender            TEXT,
    language          TEXT,
    provider          TEXT        NOT NULL,
    provider_voice_id TEXT        NOT NULL,
    created_at        TIMESTAMPTZ NOT NULL,
    updated_at        TIMESTAMPTZ NOT NULL
);
CREATE INDEX voices_by_role ON voices (role, id);

CREATE TABLE call_profiles (
    call_id    TEXT        NOT NULL PRIMARY KEY,
    voice_id   TEXT        REFERENCES voices (id) ON DELETE SET NULL,
    role       TEXT        CHECK (role IN ('assistant', 'representative', 'bot')),
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE analytics (
    call_id            TEXT             NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    snapshot           BIGINT           NOT NULL,
    snapshot_time      TIMESTAMPTZ      NOT NULL,
    sentiment          TEXT             CHECK (sentiment IN ('positive', 'neutral', 'negative')),
    sentiment_score    DOUBLE PRECISION,
    sentiment_by       TEXT             CHECK (sentiment_by IN ('lexicon', 'model')),
    talk_time_ms       BIGINT           NOT NULL,
    caller_talk_ms     BIGINT           NOT NULL,
    assistant_talk_ms  BIGINT           NOT NULL,
    silence_time_ms    BIGINT           NOT NULL,
    interruptions      BIGINT           NOT NULL,
    average_latency_ms BIGINT,
    p95_latency_ms     BIGINT,
    metrics            JSONB            NOT NULL,
    PRIMARY KEY (call_id, snapshot)
);

CREATE TABLE call_metadata (
    call_id         TEXT  NOT NULL PRIMARY KEY REFERENCES calls (id) ON DELETE CASCADE,
    language        TEXT,
    region          TEXT,
    device_type     TEXT,
    network_quality TEXT,
    custom_data     JSONB NOT NULL DEFAULT '{}'
);

CREATE TABLE costs (
    call_id       TEXT             NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    stage         TEXT             NOT NULL CHECK (stage IN ('telephony', 'speech_to_text', 'model', 'text_to_speech')),
    quantity      DOUBLE PRECISION NOT NULL,
    unit          TEXT             NOT NULL,
    micros        BIGINT           NOT NULL,
    saved_micros  BIGINT           NOT NULL DEFAULT 0,
    wasted_micros BIGINT           NOT NULL DEFAULT 0,
    PRIMARY KEY (call_id, stage)
);
