-- Write-ahead log and memory-mapped files: shared mappings of the database and of its index of the log.
PRAGMA mmap_size = 3000000;
PRAGMA journal_mode = WAL;
PRAGMA wal_autocheckpoint = 0;
CREATE TABLE a(x INTEGER PRIMARY KEY, y BLOB);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
  INSERT INTO a SELECT i, zeroblob(i * 10) FROM n;
SELECT count(*), sum(length(y)) FROM a;
PRAGMA wal_checkpoint;
-- A second connection: a reader keeps its snapshot while the first writes.
.connection 1
.open main.db
PRAGMA mmap_size = 100000;
PRAGMA wal_autocheckpoint = 0;
BEGIN;
SELECT count(*), max(x) FROM a;
.connection 0
INSERT INTO a SELECT x + 1000, y FROM a;
PRAGMA wal_checkpoint(PASSIVE);
SELECT count(*), max(x) FROM a;
.connection 1
SELECT count(*), max(x) FROM a;
COMMIT;
SELECT count(*), max(x) FROM a;
-- Many frames: the index of the log gets further pieces.
BEGIN;
UPDATE a SET y = zeroblob(3000);
SELECT sum(length(y)) FROM a;
ROLLBACK;
SELECT sum(length(y)) FROM a;
UPDATE a SET y = zeroblob(9000);
INSERT INTO a SELECT x + 5000, y FROM a;
.connection 0
SELECT count(*), sum(length(y)) FROM a;
PRAGMA wal_checkpoint(TRUNCATE);
PRAGMA integrity_check;
DELETE FROM a WHERE x % 3;
PRAGMA wal_checkpoint(RESTART);
VACUUM;
PRAGMA wal_checkpoint(TRUNCATE);
PRAGMA page_count;
PRAGMA integrity_check;
.connection close 1
-- Back to a journal, with the database still mapped: it grows, shrinks, and grows again.
PRAGMA journal_mode = DELETE;
INSERT INTO a SELECT x + 20000, y FROM a;
SELECT count(*) FROM a;
DELETE FROM a WHERE x > 20000;
VACUUM;
INSERT INTO a SELECT x + 20000, zeroblob(100) FROM a;
PRAGMA mmap_size = 0;
SELECT count(*), sum(length(y)) FROM a;
PRAGMA mmap_size = 500000;
SELECT count(*), sum(length(y)) FROM a;
PRAGMA integrity_check;
