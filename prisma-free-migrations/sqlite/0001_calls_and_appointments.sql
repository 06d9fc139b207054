-- What a call leaves behind, and the appointments of a business.
--
-- Conventions, so that every table reads alike:
--   * ids are UUIDs in lower case with hyphens; rows of a call are numbered within it, so that a row that is written
--     twice stays one row;
--   * moments (`…_time`, `…_at`, `…_utc`) are UTC as RFC 3339 with "+00:00": sorted as text they are in order;
--     `start_at` of an appointment is the business's own clock, `2026-11-24T15:00`;
--   * `…_ms` counts milliseconds; where a call's rows say when, they count from the call's start_time;
--   * this dialect is SQLite's. Only the declared types of ids and moments, the GLOB checks and the two triggers at the
--     end are not PostgreSQL, where they become UUID, TIMESTAMPTZ and one exclusion constraint.

CREATE TABLE calls (
    id           TEXT    NOT NULL PRIMARY KEY,
    -- The carrier's id. A second leg of the same call (after a restart) is stored as `<sid>#2`.
    call_sid     TEXT    NOT NULL UNIQUE,
    stream_sid   TEXT    NOT NULL,
    caller       TEXT    NOT NULL,               -- E.164, `client:…`, `anonymous` or empty, as the carrier said it
    called       TEXT    NOT NULL,
    business     TEXT    NOT NULL,
    start_time   TEXT    NOT NULL,
    end_time     TEXT,                           -- NULL while the call goes on
    duration_ms  BIGINT,
    status       TEXT    NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'completed', 'interrupted')),
    outcome      TEXT,                           -- booked, fallback, transferred, abandoned, …
    ending       TEXT,                           -- goodbye, silence, transfer, hung_up, lost, too_long, draining
    direction    TEXT    NOT NULL DEFAULT 'inbound',
    engine       TEXT    NOT NULL DEFAULT 'cascade',
    sandbox      BOOLEAN NOT NULL DEFAULT FALSE  -- TRUE: nobody real was on the line
);
CREATE INDEX calls_by_start ON calls (start_time);
CREATE INDEX calls_by_stream ON calls (stream_sid);
CREATE INDEX calls_by_status ON calls (status);

CREATE TABLE recordings (
    call_id      TEXT    NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    file_path    TEXT    NOT NULL,
    format       TEXT    NOT NULL,               -- wav
    codec        TEXT    NOT NULL,               -- pcm_s16le
    sample_rate  INTEGER NOT NULL,
    channels     INTEGER NOT NULL,               -- 2: the caller left, the assistant right
    duration_ms  BIGINT  NOT NULL,
    size_bytes   BIGINT  NOT NULL,
    PRIMARY KEY (call_id, file_path)
);

CREATE TABLE transcripts (
    call_id      TEXT    NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    line         INTEGER NOT NULL,
    speaker      TEXT    NOT NULL CHECK (speaker IN ('caller', 'assistant')),
    heard        TEXT    NOT NULL,               -- what reached the other's ear
    unheard      TEXT    NOT NULL,               -- what was written and cut off
    confidence   REAL    NOT NULL,
    start_ms     BIGINT  NOT NULL,
    end_ms       BIGINT  NOT NULL,
    PRIMARY KEY (call_id, line)
);

-- When each stage of a turn was reached; a stage that was skipped is NULL.
CREATE TABLE turns (
    call_id         TEXT    NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    turn            INTEGER NOT NULL,
    speech_ended_ms BIGINT,
    transcribed_ms  BIGINT,
    turn_ended_ms   BIGINT,
    model_asked_ms  BIGINT,
    first_slot_ms   BIGINT,
    first_phrase_ms BIGINT,
    first_frame_ms  BIGINT,
    first_mark_ms   BIGINT,
    by_rules        BOOLEAN NOT NULL,            -- the rules answered in the model's place
    tokens_in       BIGINT  NOT NULL,
    tokens_out      BIGINT  NOT NULL,
    PRIMARY KEY (call_id, turn)
);

CREATE TABLE events (
    call_id      TEXT    NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    event        INTEGER NOT NULL,
    at_ms        BIGINT  NOT NULL,
    name         TEXT    NOT NULL,
    detail       TEXT    NOT NULL,               -- never the caller's words
    PRIMARY KEY (call_id, event)
);

-- `call_id` refers to nothing on purpose: an appointment stands as soon as the caller was told, even while the call's own
-- row still waits to be written, and one made at the desk has no call.
CREATE TABLE appointments (
    id              TEXT    NOT NULL PRIMARY KEY,
    business        TEXT    NOT NULL,
    staff           TEXT    NOT NULL,
    service         TEXT    NOT NULL,
    start_at        TEXT    NOT NULL,            -- the business's clock
    start_utc       TEXT    NOT NULL,
    end_utc         TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    phone           TEXT    NOT NULL,
    call_id         TEXT,
    idempotency_key TEXT    NOT NULL,
    status          TEXT    NOT NULL DEFAULT 'booked' CHECK (status IN ('booked', 'cancelled')),
    created_at      TEXT    NOT NULL,
    CHECK (start_utc < end_utc),
    -- The triggers compare texts, so there is one way to write a moment, to the second.
    CHECK (start_utc GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]+00:00'),
    CHECK (end_utc GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]+00:00')
);
-- Trying twice books once; after a cancellation the same time may be booked again.
CREATE UNIQUE INDEX appointments_by_key ON appointments (idempotency_key) WHERE status = 'booked';
CREATE INDEX appointments_by_staff ON appointments (business, staff, end_utc);
CREATE INDEX appointments_by_end ON appointments (business, end_utc);
CREATE INDEX appointments_by_call ON appointments (call_id);

-- Nobody does two appointments at a time, whoever writes here and however. An end may touch a start.
CREATE TRIGGER appointments_never_overlap_on_insert
BEFORE INSERT ON appointments
WHEN NEW.status = 'booked' AND EXISTS (
    SELECT 1 FROM appointments
    WHERE business = NEW.business AND staff = NEW.staff AND status = 'booked'
      AND end_utc > NEW.start_utc AND start_utc < NEW.end_utc
)
BEGIN
    SELECT RAISE(ABORT, 'appointment_overlaps');
END;

CREATE TRIGGER appointments_never_overlap_on_update
BEFORE UPDATE ON appointments
WHEN NEW.status = 'booked' AND EXISTS (
    SELECT 1 FROM appointments
    WHERE business = NEW.business AND staff = NEW.staff AND status = 'booked' AND id <> OLD.id
      AND end_utc > NEW.start_utc AND start_utc < NEW.end_utc
)
BEGIN
    SELECT RAISE(ABORT, 'appointment_overlaps');
END;
