-- Tables, indexes, every storage class, joins, aggregates, views, triggers.
CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT NOT NULL, height REAL, photo BLOB);
INSERT INTO person(name, height, photo) VALUES
  ('Ada', 1.65, x'00ff10'), ('Grace', 1.68, NULL), ('Edsger', 1.8, zeroblob(5)),
  ('Barbara', NULL, x''), ('Ümläut 漢字', 1e-300, NULL);
CREATE INDEX person_name ON person(name COLLATE NOCASE);
CREATE TABLE visit(person INTEGER REFERENCES person(id) ON DELETE CASCADE, day TEXT, n INT);
PRAGMA foreign_keys = ON;
INSERT INTO visit SELECT id, date('2023-01-01', '+' || (id * 17) || ' days'), id * 3 FROM person;
CREATE TRIGGER audit AFTER DELETE ON person BEGIN INSERT INTO log VALUES (old.name); END;
CREATE TABLE log(name TEXT);
CREATE VIEW tall AS SELECT name, height FROM person WHERE height > 1.66;
SELECT * FROM tall ORDER BY height DESC;
.mode column
.headers on
SELECT p.id, p.name, typeof(photo), quote(photo), day, n FROM person p JOIN visit v ON v.person = p.id;
DELETE FROM person WHERE name = 'edsger' COLLATE NOCASE;
SELECT * FROM log;
SELECT count(*), sum(n), avg(n), total(n), group_concat(n, '/') FROM visit;
.mode quote
SELECT * FROM person;
SELECT 1/3.0, 1e308*10, -1e308*10, 9223372036854775807 + 1, 0.1 + 0.2, 1e-320, round(2.5), 5 % 3, 7 / 2;
SELECT printf('%d|%08.3f|%-10s|%e|%x|%c|%%|%g', 42, 3.14159, 'left', 12345.678, 255, 'c', 1e100);
.mode json
SELECT * FROM visit;
.mode insert visit2
SELECT * FROM visit;
.mode list
EXPLAIN QUERY PLAN SELECT * FROM person WHERE name = 'Ada' COLLATE NOCASE;
.schema
PRAGMA integrity_check;
