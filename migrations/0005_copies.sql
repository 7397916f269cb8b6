-- What a photo looks like apart from its metadata, so that an output is known again though somebody rated it.
ALTER TABLE outputs ADD COLUMN picture_sha256 TEXT;
CREATE INDEX outputs_by_picture ON outputs (picture_sha256) WHERE picture_sha256 IS NOT NULL;

-- A copy of a photo waits for that photo's job, `copy:<id>`, until it has a look or has ended.
CREATE TRIGGER copies_go_on AFTER UPDATE OF status, stage ON jobs
WHEN new.status IN ('done', 'failed', 'cancelled', 'superseded') OR (new.stage IN ('write', 'retire') AND old.stage <> new.stage)
BEGIN
  UPDATE jobs SET waits_on = NULL WHERE waits_on = 'copy:' || new.id;
END;

-- What it waits for may have come while it decided to wait.
CREATE TRIGGER copies_waited AFTER UPDATE OF waits_on ON jobs
WHEN new.waits_on >= 'copy:' AND new.waits_on < 'copy;'
  AND NOT EXISTS (SELECT 1 FROM jobs WHERE id = substr(new.waits_on, 6)
                  AND stage NOT IN ('write', 'retire') AND status IN ('ready', 'leased', 'held'))
BEGIN
  UPDATE jobs SET waits_on = NULL WHERE seq = new.seq;
END;
