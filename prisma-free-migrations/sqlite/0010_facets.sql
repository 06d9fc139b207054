-- Lists of calls, in every order and with any filter, from an index alone: beside what it is sorted by stands whatever may
-- be filtered by. A hundred thousand calls are read through in the time that a few hundred rows of the table take.

-- Of the call's last figures, kept by the triggers below.
ALTER TABLE calls ADD COLUMN sentiment TEXT;
ALTER TABLE calls ADD COLUMN average_latency_ms BIGINT;
UPDATE calls SET (sentiment, average_latency_ms) =
    (SELECT sentiment, average_latency_ms FROM analytics WHERE call_id = calls.id AND snapshot = 0);

CREATE TRIGGER figures_are_filtered_by AFTER INSERT ON analytics WHEN NEW.snapshot = 0
BEGIN
    UPDATE calls SET sentiment = NEW.sentiment, average_latency_ms = NEW.average_latency_ms WHERE id = NEW.call_id;
END;
CREATE TRIGGER figures_are_filtered_by_as_changed AFTER UPDATE ON analytics WHEN NEW.snapshot = 0
BEGIN
    UPDATE calls SET sentiment = NEW.sentiment, average_latency_ms = NEW.average_latency_ms WHERE id = NEW.call_id;
END;

DROP INDEX calls_by_start;
DROP INDEX calls_by_duration;
DROP INDEX calls_by_business;
DROP INDEX analytics_by_latency;
CREATE INDEX calls_by_start ON calls
    (start_time, id, business, status, outcome, sentiment, duration_ms, average_latency_ms, sandbox, caller);
CREATE INDEX calls_by_business ON calls
    (business, start_time, id, status, outcome, sentiment, duration_ms, average_latency_ms, sandbox, caller);
CREATE INDEX calls_by_duration ON calls
    (duration_ms, id, business, status, outcome, sentiment, start_time, average_latency_ms, sandbox, caller)
    WHERE duration_ms IS NOT NULL;
CREATE INDEX calls_by_latency ON calls
    (average_latency_ms, id, business, status, outcome, sentiment, start_time, duration_ms, sandbox, caller)
    WHERE average_latency_ms IS NOT NULL;
