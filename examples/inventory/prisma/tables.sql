CREATE TABLE stock (
  sku TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  warehouse TEXT NOT NULL,
  quantity INTEGER NOT NULL CHECK (quantity >= 0)
);
CREATE INDEX ON stock (warehouse);
CREATE TABLE orders (
  id SERIAL PRIMARY KEY,
  request_id UUID NOT NULL UNIQUE,
  customer TEXT NOT NULL,
  placed_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE TABLE order_line (
  order_id INTEGER NOT NULL REFERENCES orders ON DELETE CASCADE,
  sku TEXT NOT NULL REFERENCES stock,
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  returned INTEGER NOT NULL DEFAULT 0 CHECK (returned BETWEEN 0 AND quantity),
  PRIMARY KEY (order_id, sku)
);
