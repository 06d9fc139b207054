-- Facets that never occur together: with each counted by itself, a planner thinks that a page of such calls is soon full,
-- and reads all of them. Together they are counted, and looked up. SQLite reads its covering indexes quickly enough.
CREATE INDEX calls_by_facets ON calls (business, outcome, sentiment);
CREATE STATISTICS calls_facets (mcv) ON business, outcome, sentiment FROM calls;
