-- The ledger: where every photo stands. Times are Unix ms UTC (…_at), paths are PathText (docs/architecture.md).

-- A look that a job was given, by the SHA-256 of its .cube; the file is kept while a job refers to it.
CREATE TABLE looks (
  sha256     TEXT PRIMARY KEY,
  name       TEXT UNIQUE,
  file       TEXT NOT NULL,
  state      TEXT NOT NULL DEFAULT 'ready' CHECK (state IN ('fitting', 'ready', 'locked', 'dropped')),
  score      REAL,
  job        TEXT,
  created_at INTEGER NOT NULL
) STRICT;

-- Photos that share a look.
CREATE TABLE shoots (
  id         TEXT PRIMARY KEY,
  inbox      TEXT NOT NULL,
  key        TEXT NOT NULL,
  state      TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'held', 'ready', 'closed')),
  hero       TEXT,
  look       TEXT REFERENCES looks (sha256),
  opened_at  INTEGER NOT NULL,
  last_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX shoots_by_key ON shoots (inbox, key, state);

-- One settled photo on its way through the line.
CREATE TABLE jobs (
  seq             INTEGER PRIMARY KEY,
  id              TEXT    NOT NULL UNIQUE,
  origin          TEXT    NOT NULL CHECK (origin IN ('inbox', 'command', 'api', 'viewer')),
  inbox           TEXT,
  path            TEXT    NOT NULL,
  original        TEXT    NOT NULL,
  picture_sha256  TEXT    NOT NULL,
  content_sha256  TEXT    NOT NULL,
  generation      INTEGER NOT NULL DEFAULT 1 CHECK (generation >= 1),
  idempotency_key TEXT    UNIQUE,
  recipe          TEXT    NOT NULL CHECK (json_valid(recipe)),
  recipe_hash     TEXT    NOT NULL,
  step            INTEGER NOT NULL DEFAULT 0,
  stage           TEXT    NOT NULL CHECK (stage IN ('upload', 'queue', 'fetch', 'lut', 'write', 'retire')),
  status          TEXT    NOT NULL CHECK (status IN ('ready', 'leased', 'done', 'failed', 'cancelled', 'held', 'superseded')),
  facts           TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(facts)),
  backend         TEXT    GENERATED ALWAYS AS (facts ->> '$.backend') VIRTUAL,
  attempt         INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  rewinds         INTEGER NOT NULL DEFAULT 0 CHECK (rewinds >= 0),
  due_at          INTEGER NOT NULL,
  waits_on        TEXT,
  hold_reason     TEXT,
  failure         TEXT    CHECK (failure IS NULL OR json_valid(failure)),
  priority        INTEGER NOT NULL DEFAULT 0,
  look            TEXT    REFERENCES looks (sha256),
  parent          TEXT    REFERENCES jobs (id),
  shoot           TEXT    REFERENCES shoots (id),
  lease           TEXT,
  lease_owner     TEXT,
  lease_until     INTEGER,
  created_at      INTEGER NOT NULL,
  ended_at        INTEGER,
  CHECK ((status = 'leased') = (lease IS NOT NULL)),
  CHECK (waits_on IS NULL OR status = 'ready')
) STRICT;
CREATE UNIQUE INDEX jobs_identity ON jobs (inbox, path, picture_sha256, generation) WHERE inbox IS NOT NULL;
CREATE INDEX jobs_claimable ON jobs (stage, priority DESC, seq) WHERE status = 'ready' AND waits_on IS NULL;
CREATE INDEX jobs_due ON jobs (due_at) WHERE status = 'ready' AND waits_on IS NULL;
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE status = 'leased';
CREATE INDEX jobs_waiting ON jobs (waits_on) WHERE waits_on IS NOT NULL;
CREATE INDEX jobs_open ON jobs (stage, backend) WHERE status IN ('ready', 'leased');
CREATE INDEX jobs_by_status ON jobs (status, seq);
CREATE INDEX jobs_by_picture ON jobs (picture_sha256);

-- The exact picture that a backend is sent, and the frame it was cut with.
CREATE TABLE plates (
  id         TEXT    PRIMARY KEY,
  job        TEXT    NOT NULL REFERENCES jobs (id),
  step       INTEGER NOT NULL DEFAULT 0,
  n          INTEGER NOT NULL DEFAULT 0,
  role       TEXT    NOT NULL DEFAULT 'image',
  file       TEXT    NOT NULL,
  sha256     TEXT    NOT NULL,
  size_bytes INTEGER NOT NULL,
  width      INTEGER NOT NULL,
  height     INTEGER NOT NULL,
  frame      TEXT    NOT NULL CHECK (json_valid(frame))
) STRICT;
CREATE INDEX plates_by_job ON plates (job);

-- A plate uploaded to a backend, under the name it has there.
CREATE TABLE placements (
  plate     TEXT    NOT NULL REFERENCES plates (id),
  backend   TEXT    NOT NULL,
  name      TEXT    NOT NULL,
  placed_at INTEGER NOT NULL,
  PRIMARY KEY (plate, backend)
) STRICT, WITHOUT ROWID;

-- Our id for one submission. Stored before the submission is sent, never overwritten; reserved, posted and seen hold a place.
CREATE TABLE tickets (
  id         TEXT    PRIMARY KEY,
  job        TEXT    NOT NULL REFERENCES jobs (id),
  plate      TEXT    NOT NULL REFERENCES plates (id),
  variant    INTEGER NOT NULL DEFAULT 0,
  seed       INTEGER NOT NULL,
  backend    TEXT    NOT NULL,
  prefix     TEXT    NOT NULL UNIQUE,
  state      TEXT    NOT NULL CHECK (state IN ('reserved', 'posted', 'seen', 'finished', 'lost', 'cancelled')),
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX tickets_by_job ON tickets (job);
CREATE INDEX tickets_holding ON tickets (backend) WHERE state IN ('reserved', 'posted', 'seen');

-- A picture that came back for a ticket.
CREATE TABLE results (
  ticket     TEXT    NOT NULL REFERENCES tickets (id),
  slot       TEXT    NOT NULL,
  n          INTEGER NOT NULL DEFAULT 0,
  file       TEXT    NOT NULL,
  sha256     TEXT    NOT NULL,
  fetched_at INTEGER NOT NULL,
  PRIMARY KEY (ticket, slot, n)
) STRICT, WITHOUT ROWID;

-- What a job writes. The stem is reserved for photo and sidecars together; stem_key is its case-folded NFC form.
CREATE TABLE outputs (
  job          TEXT    NOT NULL REFERENCES jobs (id),
  step         INTEGER NOT NULL DEFAULT 0,
  variant      INTEGER NOT NULL DEFAULT 0,
  kind         TEXT    NOT NULL CHECK (kind IN ('photo', 'cube', 'report')),
  outbox       TEXT    NOT NULL,
  stem         TEXT    NOT NULL,
  stem_key     TEXT    NOT NULL,
  path         TEXT    NOT NULL,
  temp         TEXT,
  sha256       TEXT,
  state        TEXT    NOT NULL CHECK (state IN ('reserved', 'staged', 'published')),
  published_at INTEGER,
  PRIMARY KEY (job, step, variant, kind)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX outputs_stem ON outputs (outbox, stem_key, kind);
CREATE INDEX outputs_by_hash ON outputs (sha256);

-- What happened at each stage, oldest first; consecutive waits fold into one row.
CREATE TABLE attempts (
  id         INTEGER PRIMARY KEY,
  job        TEXT    NOT NULL REFERENCES jobs (id),
  stage      TEXT    NOT NULL,
  number     INTEGER NOT NULL,
  kind       TEXT    NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at   INTEGER NOT NULL,
  times      INTEGER NOT NULL DEFAULT 1,
  code       TEXT,
  message    TEXT
) STRICT;
CREATE INDEX attempts_by_job ON attempts (job, id);

-- What followers are told, in order; the id is the event stream's id.
CREATE TABLE events (
  id   INTEGER PRIMARY KEY AUTOINCREMENT,
  at   INTEGER NOT NULL,
  job  TEXT,
  kind TEXT    NOT NULL,
  data TEXT    NOT NULL CHECK (json_valid(data))
) STRICT;

CREATE INDEX events_by_time ON events (at);

-- What a scan knows of a file before, or instead of, it becoming a job.
CREATE TABLE sightings (
  inbox      TEXT    NOT NULL,
  path       TEXT    NOT NULL,
  size_bytes INTEGER NOT NULL,
  mtime_ns   TEXT    NOT NULL,
  inode      TEXT    NOT NULL,
  state      TEXT    NOT NULL CHECK (state IN ('settling', 'truncated', 'refused', 'taken', 'own', 'ignored')),
  code       TEXT,
  message    TEXT,
  seen_at    INTEGER NOT NULL,
  PRIMARY KEY (inbox, path)
) STRICT, WITHOUT ROWID;

-- Pause, drain and other things a person switches.
CREATE TABLE switches (
  name   TEXT    PRIMARY KEY,
  value  TEXT    NOT NULL,
  set_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who runs the line. Only says who: the lock file decides.
CREATE TABLE daemon (
  one               INTEGER PRIMARY KEY CHECK (one = 1),
  instance          TEXT    NOT NULL,
  pid               INTEGER NOT NULL,
  host              TEXT    NOT NULL,
  started_at        INTEGER NOT NULL,
  seen_at           INTEGER NOT NULL,
  loop_delay_max_ms REAL    NOT NULL
) STRICT;
