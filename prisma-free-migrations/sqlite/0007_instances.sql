-- Which process a call is in, so that one that starts again closes its own calls and nobody else's; and one stream is one call.

ALTER TABLE calls ADD COLUMN instance TEXT;

-- A stream that was stored twice is numbered, as second legs of a call are.
CREATE TABLE numbered AS
SELECT id, row_number() OVER (PARTITION BY stream_sid ORDER BY start_time, id) AS n FROM calls;
UPDATE calls SET stream_sid = stream_sid || '#' || (SELECT n FROM numbered WHERE numbered.id = calls.id)
WHERE id IN (SELECT id FROM numbered WHERE n > 1);
DROP TABLE numbered;
DROP INDEX calls_by_stream;
CREATE UNIQUE INDEX calls_by_stream ON calls (stream_sid);
