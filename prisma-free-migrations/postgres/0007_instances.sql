-- The same as ../sqlite's of this number, whose comments say why.

ALTER TABLE calls ADD COLUMN instance TEXT;

-- Sorted by bytes, as SQLite does: second legs are found between `<sid>#` and `<sid>$`.
ALTER TABLE calls ALTER COLUMN call_sid TYPE TEXT COLLATE "C", ALTER COLUMN stream_sid TYPE TEXT COLLATE "C";

CREATE TABLE numbered AS
SELECT id, row_number() OVER (PARTITION BY stream_sid ORDER BY start_time, id) AS n FROM calls;
UPDATE calls SET stream_sid = stream_sid || '#' || (SELECT n FROM numbered WHERE numbered.id = calls.id)
WHERE id IN (SELECT id FROM numbered WHERE n > 1);
DROP TABLE numbered;
DROP INDEX calls_by_stream;
CREATE UNIQUE INDEX calls_by_stream ON calls (stream_sid);
