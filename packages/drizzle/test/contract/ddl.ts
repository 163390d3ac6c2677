/** The contract's tables, statement by statement. */
export const POSTGRES: readonly string[] = [
  `CREATE TYPE user_role AS ENUM ('admin', 'member')`,
  `CREATE TABLE app_user (id serial PRIMARY KEY, email text NOT NULL UNIQUE, name text, role user_role NOT NULL DEFAULT 'member')`,
  `CREATE TABLE blog_post (id serial PRIMARY KEY, title text NOT NULL, view_count integer NOT NULL DEFAULT 0,
     author_id integer NOT NULL REFERENCES app_user (id) ON DELETE CASCADE)`,
  `CREATE TABLE blog_comment (id serial PRIMARY KEY, text text NOT NULL,
     post_id integer NOT NULL REFERENCES blog_post (id) ON DELETE CASCADE)`,
  `CREATE TABLE app_membership (user_id integer NOT NULL REFERENCES app_user (id), group_id integer NOT NULL,
     level integer NOT NULL DEFAULT 0, PRIMARY KEY (user_id, group_id))`,
  `CREATE TABLE every_type (id serial PRIMARY KEY, big bigint, money numeric(14, 2), flag boolean, moment timestamptz,
     moment_text timestamp, day date, key uuid, json jsonb, numbers integer[])`,
  'CREATE VIEW blog_post_stats AS SELECT author_id, count(id) AS posts FROM blog_post GROUP BY author_id',
  'CREATE MATERIALIZED VIEW blog_top_post AS SELECT p.id, title, email FROM blog_post p JOIN app_user u ON u.id = author_id',
  'CREATE VIEW hidden_view AS SELECT id FROM app_user',
]
