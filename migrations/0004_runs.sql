-- How long runs took on each backend, by the server's own clock: the newest of each workflow are kept. What is usual
-- tells where a photo is graded soonest, when it will be there, and which silence is too long.
CREATE TABLE runs (
  id       INTEGER PRIMARY KEY,
  backend  TEXT    NOT NULL,
  workflow TEXT    NOT NULL,
  ms       INTEGER NOT NULL CHECK (ms >= 0),
  ended_at INTEGER NOT NULL
) STRICT;
CREATE INDEX runs_newest ON runs (backend, workflow, id);
