-- The same as ../sqlite's of this number, whose comments say why.

-- `simple` would take an address or a number with a point for one word; people look for its parts.
ALTER TABLE transcripts
    ADD COLUMN written BIGINT GENERATED ALWAYS AS IDENTITY,
    ADD COLUMN search TSVECTOR GENERATED ALWAYS AS
        (to_tsvector('simple', translate(heard || ' ' || unheard, '.@/:-_+''', '        '))) STORED;
CREATE INDEX transcripts_by_written ON transcripts (written);
CREATE INDEX transcripts_by_word ON transcripts USING gin (search);

CREATE INDEX calls_by_duration ON calls (duration_ms, id) WHERE duration_ms IS NOT NULL;
CREATE INDEX analytics_by_latency ON analytics (average_latency_ms, call_id) WHERE snapshot = 0;
