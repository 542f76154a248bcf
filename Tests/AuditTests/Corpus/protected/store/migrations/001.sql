CREATE TABLE rooms (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL
);
CREATE TABLE devices (
  id TEXT PRIMARY KEY,
  room TEXT REFERENCES rooms(id) ON DELETE RESTRICT,
  name TEXT NOT NULL,
  state TEXT
);
CREATE TABLE history (key TEXT, value TEXT, at INTEGER DEFAULT (unixepoch()));
