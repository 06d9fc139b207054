-- Whoever did an appointment may need a while before the next, and an appointment may stand in another's place.
--
--   * `free_utc`: when whoever does it is free again; NULL means at its end. Overlaps are reckoned to here;
--   * `replaces`: the appointment that was moved here;
--   * `cancelled_at`: when it was cancelled, or moved.
ALTER TABLE appointments ADD COLUMN free_utc TEXT
    CHECK (free_utc GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]+00:00');
ALTER TABLE appointments ADD COLUMN replaces TEXT;
ALTER TABLE appointments ADD COLUMN cancelled_at TEXT;

-- Appointments are found by who calls.
CREATE INDEX appointments_by_phone ON appointments (business, phone, end_utc);

DROP TRIGGER appointments_never_overlap_on_insert;
DROP TRIGGER appointments_never_overlap_on_update;

CREATE TRIGGER appointments_never_overlap_on_insert
BEFORE INSERT ON appointments
WHEN NEW.status = 'booked' AND EXISTS (
    SELECT 1 FROM appointments
    WHERE business = NEW.business AND staff = NEW.staff AND status = 'booked'
      AND COALESCE(free_utc, end_utc) > NEW.start_utc AND start_utc < COALESCE(NEW.free_utc, NEW.end_utc)
)
BEGIN
    SELECT RAISE(ABORT, 'appointment_overlaps');
END;

CREATE TRIGGER appointments_never_overlap_on_update
BEFORE UPDATE ON appointments
WHEN NEW.status = 'booked' AND EXISTS (
    SELECT 1 FROM appointments
    WHERE business = NEW.business AND staff = NEW.staff AND status = 'booked' AND id <> OLD.id
      AND COALESCE(free_utc, end_utc) > NEW.start_utc AND start_utc < COALESCE(NEW.free_utc, NEW.end_utc)
)
BEGIN
    SELECT RAISE(ABORT, 'appointment_overlaps');
END;

-- Times that callers are deciding about. A hold is a courtesy, so that a time that was just offered is not gone when the
-- caller says yes; it goes with the call, or at `expires_at`. Whether an appointment stands is not decided here.
CREATE TABLE holds (
    call_id    TEXT NOT NULL PRIMARY KEY,
    business   TEXT NOT NULL,
    staff      TEXT NOT NULL,
    start_utc  TEXT NOT NULL,
    free_utc   TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE INDEX holds_by_business ON holds (business, expires_at);
