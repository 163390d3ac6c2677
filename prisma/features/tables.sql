CREATE SCHEMA shop;
CREATE SCHEMA archive;
CREATE TABLE shop.author (
  id serial PRIMARY KEY, email text NOT NULL UNIQUE, name text, active boolean NOT NULL DEFAULT true
);
CREATE UNIQUE INDEX author_name_key ON shop.author (name) WHERE active;
CREATE TABLE shop.book (
  id serial PRIMARY KEY, title text NOT NULL, genre text NOT NULL DEFAULT 'novel',
  price numeric(10, 2) NOT NULL, cost numeric(10, 2) NOT NULL,
  author_id integer NOT NULL REFERENCES shop.author ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE TABLE shop.tag (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE shop."_BookToTag" (
  "A" integer NOT NULL REFERENCES shop.book ON DELETE CASCADE ON UPDATE CASCADE,
  "B" integer NOT NULL REFERENCES shop.tag ON DELETE CASCADE ON UPDATE CASCADE,
  PRIMARY KEY ("A", "B")
);
CREATE TABLE shop.note (id serial PRIMARY KEY, text text NOT NULL);
CREATE TABLE archive.note (id serial PRIMARY KEY, text text NOT NULL);
CREATE VIEW shop.author_total AS
  SELECT author_id, count(*)::integer AS books, sum(price) AS value FROM shop.book GROUP BY author_id;
CREATE MATERIALIZED VIEW shop.genre_total AS
  SELECT genre, count(*)::integer AS books FROM shop.book GROUP BY genre;
