-- Common table expressions, window functions, JSON, dates, strings.
CREATE TABLE t(a INTEGER PRIMARY KEY, b INT, c TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
  INSERT INTO t SELECT i, (i * 7919) % 1000, 'row ' || ((i * 104729) % 5003) FROM n;
SELECT sum(b), min(c), max(c), count(DISTINCT b) FROM t;
SELECT b, count(*), row_number() OVER (ORDER BY b) FROM t GROUP BY b HAVING b < 10;
SELECT a, b, lag(b, 1, -1) OVER w, sum(b) OVER (w ROWS 3 PRECEDING), ntile(4) OVER w
  FROM t WHERE a <= 20 WINDOW w AS (ORDER BY b, a);
SELECT c FROM t ORDER BY c COLLATE BINARY DESC LIMIT 5 OFFSET 100;
WITH RECURSIVE
  x(x) AS (VALUES(-2.0) UNION ALL SELECT x + 0.1 FROM x WHERE x < 1.0),
  y(y) AS (VALUES(-1.0) UNION ALL SELECT y + 0.2 FROM y WHERE y < 1.0),
  m(iter, cx, cy, x, y) AS (
    SELECT 0, x, y, 0.0, 0.0 FROM x, y
    UNION ALL
    SELECT iter + 1, cx, cy, x * x - y * y + cx, 2.0 * x * y + cy FROM m
      WHERE (x * x + y * y) < 4.0 AND iter < 28),
  m2(iter, cx, cy) AS (SELECT max(iter), cx, cy FROM m GROUP BY cx, cy),
  a(t) AS (SELECT group_concat(substr(' .+*#', 1 + min(iter / 7, 4), 1), '')
           FROM m2 GROUP BY cy)
SELECT group_concat(rtrim(t), x'0a') FROM a;
SELECT json_extract('{"a":[1,2.5,{"b":"x"}]}', '$.a[2].b'), json_array(1, 'two', NULL, 4.5);
SELECT key, value, type FROM json_each('[10,"x",null,{"k":1}]');
SELECT date('2024-02-29', '+1 year'), strftime('%Y-%j-%W %H:%M:%f', '2024-12-31 23:59:59.999'),
  julianday('2000-01-01 12:00:00'), datetime(1700000000, 'unixepoch'), unixepoch('1970-01-02');
SELECT upper('straße'), length('漢字'), hex('漢字'), instr('abcdef', 'cd'), replace('aXbX', 'X', '--'),
  trim('  x '), substr('hello', -3, 2), unicode('é'), char(9731), soundex('x'), like('a%', 'ABC');
SELECT a.a, b.a FROM t a, t b WHERE a.b = b.b AND a.a < b.a AND a.a < 5 ORDER BY 1, 2 LIMIT 10;
SELECT * FROM (SELECT 1 AS x UNION SELECT 2 INTERSECT SELECT 2 EXCEPT SELECT 3);
SELECT abs(-9223372036854775807), max(1, 2.5, 'x'), nullif(1, 1), coalesce(NULL, 7), iif(1 < 2, 'y', 'n');
SELECT sqlite_version(), typeof(1), typeof(1.0), typeof('a'), typeof(NULL), typeof(x'');
PRAGMA integrity_check;
