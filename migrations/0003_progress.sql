-- How far each photo on a backend has come: what people are shown, and nothing that decides. One row a job while it is at fetch.
CREATE TABLE progress (
  job        TEXT    PRIMARY KEY REFERENCES jobs (id),
  ticket     TEXT    NOT NULL,
  phase      TEXT    NOT NULL CHECK (phase IN ('queued', 'running')),
  percent    INTEGER NOT NULL CHECK (percent BETWEEN 0 AND 100),
  ahead      INTEGER,
  left_ms    INTEGER,
  changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Whatever takes a job from fetch ends its progress.
CREATE TRIGGER progress_ends AFTER UPDATE OF stage, status ON jobs
WHEN new.stage <> 'fetch' OR new.status NOT IN ('ready', 'leased')
BEGIN
  DELETE FROM progress WHERE job = new.id;
END;

-- When the backend was told to forget a ticket that has ended; null before.
ALTER TABLE tickets ADD COLUMN tidied_at INTEGER;
CREATE INDEX tickets_untidied ON tickets (backend) WHERE tidied_at IS NULL AND state IN ('finished', 'lost', 'cancelled');
