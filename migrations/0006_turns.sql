-- Among jobs of one priority the smallest turn is claimed first, then the oldest: an inbox with `order: newest` gives its
-- photos ever smaller ones, so that the last frame of a shoot does not wait behind all that came before it.
ALTER TABLE jobs ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
DROP INDEX jobs_claimable;
CREATE INDEX jobs_claimable ON jobs (stage, priority DESC, turn, seq) WHERE status = 'ready' AND waits_on IS NULL;
