-- Enough to spill: sorts with temporary files, a cache smaller than the table, big blobs.
PRAGMA cache_size = 20;
PRAGMA temp_store = FILE;
CREATE TABLE big(id INTEGER PRIMARY KEY, k INT, v BLOB);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
  INSERT INTO big SELECT i, (i * 2654435761) % 1000003, zeroblob(i % 400) FROM n;
COMMIT;
CREATE INDEX big_k ON big(k);
SELECT count(*), sum(k), sum(length(v)) FROM big;
SELECT sum(x) FROM (SELECT id * row_number() OVER (ORDER BY v, k DESC) AS x FROM big);
INSERT INTO big VALUES (100001, 0, zeroblob(3000000));
UPDATE big SET v = zeroblob(10) WHERE id % 3 = 0;
DELETE FROM big WHERE k < 300000;
REINDEX;
ANALYZE;
SELECT idx, stat FROM sqlite_stat1;
SELECT length(v) FROM big WHERE id = 100001;
SELECT count(*), sum(k), sum(length(v)) FROM big;
PRAGMA integrity_check;
