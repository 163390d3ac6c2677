CREATE TABLE score_slice (
  id TEXT PRIMARY KEY,
  starts_at TIMESTAMPTZ NOT NULL,
  ends_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX ON score_slice (starts_at);
CREATE TABLE score (
  slice_id TEXT NOT NULL REFERENCES score_slice ON DELETE CASCADE,
  player TEXT NOT NULL,
  points DOUBLE PRECISION NOT NULL,
  arrived_at DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (slice_id, player)
);
