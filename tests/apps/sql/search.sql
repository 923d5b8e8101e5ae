-- Full text search, R-tree, virtual tables of the shell, generated columns, upsert, returning.
CREATE VIRTUAL TABLE doc USING fts4(title, body, tokenize=porter);
INSERT INTO doc VALUES ('windows', 'A window lets another cubicle use memory for a while'),
  ('calls', 'Cross-cubicle calls go through trampolines'), ('views', 'Each cubicle has a view of memory');
SELECT title, snippet(doc, '[', ']') FROM doc WHERE doc MATCH 'cubicles AND memory' ORDER BY title;
SELECT title, offsets(doc) FROM doc WHERE doc MATCH 'tramp*';
INSERT INTO doc(doc) VALUES ('optimize');
CREATE VIRTUAL TABLE box USING rtree(id, x0, x1, y0, y1);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
  INSERT INTO box SELECT i, (i * 37) % 500, (i * 37) % 500 + 5, (i * 91) % 300, (i * 91) % 300 + 8 FROM n;
SELECT count(*), sum(id) FROM box WHERE x0 > 100 AND x1 < 200 AND y0 > 50 AND y1 < 120;
SELECT rtreecheck('box');
CREATE TABLE g(a INT, b INT GENERATED ALWAYS AS (a * a) STORED, c TEXT AS ('#' || a));
INSERT INTO g(a) SELECT value FROM generate_series(1, 10);
SELECT * FROM g WHERE b > 50;
CREATE TABLE k(k TEXT PRIMARY KEY, n INT DEFAULT 1) WITHOUT ROWID;
INSERT INTO k(k) VALUES ('a'), ('b'), ('a') ON CONFLICT (k) DO UPDATE SET n = n + 1 RETURNING k, n;
SELECT name, pageno, pagetype FROM dbstat WHERE name = 'k';
SELECT count(*) FROM sqlite_dbpage;
SELECT * FROM pragma_table_info('g');
.tables
.indexes
.dump g
.dump k
SELECT sha3('x') IS NOT NULL, hex(sha3('cubicle', 256));
PRAGMA integrity_check;
