-- Finding calls by what was said in them, and lists of calls in every order they are asked for.
--
-- The words of transcripts have an index of their own. It knows lines by a number; rows of a table without such a number
-- may be renumbered by VACUUM, so transcripts get one that is theirs: `written` counts up as lines are first written.

CREATE TABLE transcripts_numbered (
    written      INTEGER NOT NULL PRIMARY KEY,
    call_id      TEXT    NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    line         BIGINT  NOT NULL,
    speaker      TEXT    NOT NULL CHECK (speaker IN ('caller', 'assistant')),
    heard        TEXT    NOT NULL,
    unheard      TEXT    NOT NULL,
    confidence   REAL    NOT NULL,
    start_ms     BIGINT  NOT NULL,
    end_ms       BIGINT  NOT NULL,
    text         TEXT    GENERATED ALWAYS AS (trim(heard || ' ' || unheard)) VIRTUAL,
    words        TEXT,
    UNIQUE (call_id, line)
);
INSERT INTO transcripts_numbered (call_id, line, speaker, heard, unheard, confidence, start_ms, end_ms, words)
SELECT t.call_id, t.line, t.speaker, t.heard, t.unheard, t.confidence, t.start_ms, t.end_ms, t.words
FROM transcripts t JOIN calls c ON c.id = t.call_id ORDER BY c.start_time, t.call_id, t.line;
DROP TABLE transcripts;
ALTER TABLE transcripts_numbered RENAME TO transcripts;

-- Only the words; the lines themselves stay where they are. A word is what PostgreSQL's `simple` takes for one.
CREATE VIRTUAL TABLE transcript_search USING fts5 (
    text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0'
);
INSERT INTO transcript_search (rowid, text) SELECT written, text FROM transcripts;

CREATE TRIGGER transcripts_are_found AFTER INSERT ON transcripts
BEGIN
    INSERT INTO transcript_search (rowid, text) VALUES (NEW.written, trim(NEW.heard || ' ' || NEW.unheard));
END;
CREATE TRIGGER transcripts_are_found_as_changed AFTER UPDATE OF heard, unheard ON transcripts
WHEN OLD.heard <> NEW.heard OR OLD.unheard <> NEW.unheard
BEGIN
    UPDATE transcript_search SET text = trim(NEW.heard || ' ' || NEW.unheard) WHERE rowid = NEW.written;
END;
CREATE TRIGGER transcripts_are_not_found_when_gone AFTER DELETE ON transcripts
BEGIN
    DELETE FROM transcript_search WHERE rowid = OLD.written;
END;

-- Rows with the same value keep one order, so that a page ends where the next begins.
DROP INDEX calls_by_start;
CREATE INDEX calls_by_start ON calls (start_time, id);
CREATE INDEX calls_by_duration ON calls (duration_ms, id) WHERE duration_ms IS NOT NULL;
CREATE INDEX analytics_by_latency ON analytics (average_latency_ms, call_id) WHERE snapshot = 0;
