-- A copy that takes a look waits until the first has one; a copy that is left out, until the first has ended. A first that is
-- held passes through `retire` on its way to where it is held: that is neither.
DROP TRIGGER copies_go_on;
CREATE TRIGGER copies_go_on AFTER UPDATE OF status, stage ON jobs
WHEN new.status IN ('done', 'failed', 'cancelled', 'superseded')
  OR (new.stage IN ('write', 'retire') AND old.stage <> new.stage AND new.facts ->> '$.heldAt' IS NULL)
BEGIN
  UPDATE jobs SET waits_on = NULL
  WHERE waits_on = 'copy:' || new.id
    AND (facts ->> '$.copy' IS NOT 'skip' OR new.status IN ('done', 'failed', 'cancelled', 'superseded'));
END;

DROP TRIGGER copies_waited;
CREATE TRIGGER copies_waited AFTER UPDATE OF waits_on ON jobs
WHEN new.waits_on >= 'copy:' AND new.waits_on < 'copy;'
  AND NOT EXISTS (SELECT 1 FROM jobs WHERE id = substr(new.waits_on, 6) AND status IN ('ready', 'leased', 'held')
                  AND (stage NOT IN ('write', 'retire') OR new.facts ->> '$.copy' IS 'skip' OR facts ->> '$.heldAt' IS NOT NULL))
BEGIN
  UPDATE jobs SET waits_on = NULL WHERE seq = new.seq;
END;
