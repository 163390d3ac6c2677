CREATE TABLE nestjs_product (id integer PRIMARY KEY, name text NOT NULL, price integer NOT NULL);
INSERT INTO nestjs_product VALUES (1, 'Lamp', 4900), (2, 'Chair', 8900), (3, 'Desk', 24900);
