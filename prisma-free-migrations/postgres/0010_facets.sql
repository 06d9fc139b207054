-- The same as ../sqlite's of this number, whose comments say why.

ALTER TABLE calls ADD COLUMN sentiment TEXT, ADD COLUMN average_latency_ms BIGINT;
UPDATE calls SET sentiment = a.sentiment, average_latency_ms = a.average_latency_ms
FROM analytics a WHERE a.call_id = calls.id AND a.snapshot = 0;

CREATE FUNCTION figures_are_filtered_by() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE calls SET sentiment = NEW.sentiment, average_latency_ms = NEW.average_latency_ms WHERE id = NEW.call_id;
    RETURN NULL;
END $$;
CREATE TRIGGER figures_are_filtered_by AFTER INSERT OR UPDATE ON analytics
    FOR EACH ROW WHEN (NEW.snapshot = 0) EXECUTE FUNCTION figures_are_filtered_by();

DROP INDEX calls_by_start;
DROP INDEX calls_by_duration;
DROP INDEX calls_by_business;
DROP INDEX analytics_by_latency;
CREATE INDEX calls_by_start ON calls (start_time, id)
    INCLUDE (business, status, outcome, sentiment, duration_ms, average_latency_ms, sandbox, caller);
CREATE INDEX calls_by_business ON calls (business, start_time, id)
    INCLUDE (status, outcome, sentiment, duration_ms, average_latency_ms, sandbox, caller);
CREATE INDEX calls_by_duration ON calls (duration_ms, id)
    INCLUDE (business, status, outcome, sentiment, start_time, average_latency_ms, sandbox, caller)
    WHERE duration_ms IS NOT NULL;
CREATE INDEX calls_by_latency ON calls (average_latency_ms, id)
    INCLUDE (business, status, outcome, sentiment, start_time, duration_ms, sandbox, caller)
    WHERE average_latency_ms IS NOT NULL;
