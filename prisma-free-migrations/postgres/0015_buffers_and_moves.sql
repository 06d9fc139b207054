-- The same as ../sqlite/0015, whose comments say what each column means.
ALTER TABLE appointments ADD COLUMN free_utc TIMESTAMPTZ;
ALTER TABLE appointments ADD COLUMN replaces TEXT;
ALTER TABLE appointments ADD COLUMN cancelled_at TIMESTAMPTZ;

CREATE INDEX appointments_by_phone ON appointments (business, phone, end_utc);

ALTER TABLE appointments DROP CONSTRAINT appointment_overlaps;
ALTER TABLE appointments ADD CONSTRAINT appointment_overlaps EXCLUDE USING gist
    (business WITH =, staff WITH =, tstzrange(start_utc, COALESCE(free_utc, end_utc)) WITH &&) WHERE (status = 'booked');

CREATE TABLE holds (
    call_id    TEXT        NOT NULL PRIMARY KEY,
    business   TEXT        NOT NULL,
    staff      TEXT        NOT NULL,
    start_utc  TIMESTAMPTZ NOT NULL,
    free_utc   TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX holds_by_business ON holds (business, expires_at);
