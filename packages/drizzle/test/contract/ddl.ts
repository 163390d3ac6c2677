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

export const SQLITE: readonly string[] = [
  `CREATE TABLE app_user (id integer PRIMARY KEY, email text NOT NULL UNIQUE, name text, role text NOT NULL DEFAULT 'member')`,
  `CREATE TABLE blog_post (id integer PRIMARY KEY, title text NOT NULL, view_count integer NOT NULL DEFAULT 0,
     author_id integer NOT NULL REFERENCES app_user (id) ON DELETE CASCADE)`,
  `CREATE TABLE blog_comment (id integer PRIMARY KEY, text text NOT NULL,
     post_id integer NOT NULL REFERENCES blog_post (id) ON DELETE CASCADE)`,
  `CREATE TABLE app_membership (user_id integer NOT NULL REFERENCES app_user (id), group_id integer NOT NULL,
     level integer NOT NULL DEFAULT 0, PRIMARY KEY (user_id, group_id))`,
  `CREATE TABLE every_type (id integer PRIMARY KEY, big blob, money numeric, flag integer, moment integer, json text, bytes blob)`,
  'CREATE VIEW blog_post_stats AS SELECT author_id, count(id) AS posts FROM blog_post GROUP BY author_id',
  'CREATE VIEW hidden_view AS SELECT id FROM app_user',
]

export const MYSQL: readonly string[] = [
  `CREATE TABLE app_user (id int AUTO_INCREMENT PRIMARY KEY, email varchar(100) NOT NULL UNIQUE, name varchar(100),
     role enum('admin', 'member') NOT NULL DEFAULT 'member')`,
  `CREATE TABLE blog_post (id int AUTO_INCREMENT PRIMARY KEY, title varchar(100) NOT NULL, view_count int NOT NULL DEFAULT 0,
     author_id int NOT NULL, FOREIGN KEY (author_id) REFERENCES app_user (id) ON DELETE CASCADE)`,
  `CREATE TABLE blog_comment (id int AUTO_INCREMENT PRIMARY KEY, text varchar(100) NOT NULL,
     post_id int NOT NULL, FOREIGN KEY (post_id) REFERENCES blog_post (id) ON DELETE CASCADE)`,
  `CREATE TABLE app_membership (user_id int NOT NULL, group_id int NOT NULL, level int NOT NULL DEFAULT 0,
     PRIMARY KEY (user_id, group_id), FOREIGN KEY (user_id) REFERENCES app_user (id))`,
  `CREATE TABLE every_type (id int AUTO_INCREMENT PRIMARY KEY, big bigint, money decimal(14, 2), flag boolean, moment datetime(3),
     json json, bytes varbinary(20))`,
  'CREATE VIEW blog_post_stats AS SELECT author_id, count(id) AS posts FROM blog_post GROUP BY author_id',
  'CREATE VIEW hidden_view AS SELECT id FROM app_user',
]
