-- What somebody wants to be told of, by inbox ('' for photos without one): written at each start from the configuration,
-- which alone knows programs, addresses and secrets.
CREATE TABLE hooks (
  inbox TEXT NOT NULL,
  event TEXT NOT NULL CHECK (event IN ('done', 'failed', 'held', 'shoot')),
  PRIMARY KEY (inbox, event)
) STRICT, WITHOUT ROWID;

-- What is to be told, and how far that has come. Written in the transaction that the news come from; the id stays the same
-- however often it is told.
CREATE TABLE deliveries (
  seq        INTEGER PRIMARY KEY,
  id         TEXT    NOT NULL UNIQUE,
  event      TEXT    NOT NULL CHECK (event IN ('done', 'failed', 'held', 'shoot')),
  inbox      TEXT    NOT NULL,
  job        TEXT    REFERENCES jobs (id),
  data       TEXT    NOT NULL CHECK (json_valid(data)),
  state      TEXT    NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'given-up')),
  attempts   INTEGER NOT NULL DEFAULT 0,
  due_at     INTEGER NOT NULL,
  reason     TEXT,
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX deliveries_waiting ON deliveries (due_at, seq) WHERE state = 'waiting';
CREATE INDEX deliveries_by_job ON deliveries (job, seq) WHERE state = 'waiting';
CREATE INDEX deliveries_by_hook ON deliveries (inbox, event, state, seq);

-- Photos of one folder (in the inbox itself: of one stretch of time) that are complete and were told of as one shoot.
CREATE TABLE batches (
  id        TEXT    PRIMARY KEY,
  inbox     TEXT    NOT NULL,
  folder    TEXT    NOT NULL,
  state     TEXT    NOT NULL CHECK (state IN ('closed', 'told')),
  data      TEXT    NOT NULL CHECK (json_valid(data)),
  closed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX batches_untold ON batches (closed_at) WHERE state = 'closed';

-- Contact sheets, on record before they get their names: an inbox never takes one in.
CREATE TABLE sheets (
  batch  TEXT    NOT NULL REFERENCES batches (id),
  n      INTEGER NOT NULL,
  temp   TEXT    NOT NULL,
  path   TEXT,
  sha256 TEXT    NOT NULL,
  PRIMARY KEY (batch, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX sheets_by_hash ON sheets (sha256);

-- The batch that a job was told of with; null while its shoot is not complete. What there is by now is told of no more.
ALTER TABLE jobs ADD COLUMN batch TEXT;
UPDATE jobs SET batch = '';
CREATE INDEX jobs_unbatched ON jobs (inbox, created_at) WHERE batch IS NULL;
