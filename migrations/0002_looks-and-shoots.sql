-- More kinds of sidecars. SQLite changes no CHECK in place: the table is made anew and filled.
CREATE TABLE outputs_new (
  job          TEXT    NOT NULL REFERENCES jobs (id),
  step         INTEGER NOT NULL DEFAULT 0,
  variant      INTEGER NOT NULL DEFAULT 0,
  kind         TEXT    NOT NULL CHECK (kind IN ('photo', 'cube', 'hald', 'lightroom', 'report')),
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
INSERT INTO outputs_new SELECT * FROM outputs;
DROP TABLE outputs;
ALTER TABLE outputs_new RENAME TO outputs;
CREATE UNIQUE INDEX outputs_stem ON outputs (outbox, stem_key, kind);
CREATE INDEX outputs_by_hash ON outputs (sha256);

-- Shoots at work. A branch is a shoot for photos whose colours the first look does not know.
ALTER TABLE shoots ADD COLUMN heroes INTEGER NOT NULL DEFAULT 1 CHECK (heroes >= 1);
ALTER TABLE shoots ADD COLUMN branch_of TEXT REFERENCES shoots (id);
CREATE INDEX shoots_branches ON shoots (branch_of) WHERE branch_of IS NOT NULL;

-- Heroes of a shoot go to the model, frames wait for its look.
ALTER TABLE jobs ADD COLUMN role TEXT CHECK (role IN ('hero', 'frame'));
CREATE INDEX jobs_of_shoot ON jobs (shoot, role, status) WHERE shoot IS NOT NULL;
