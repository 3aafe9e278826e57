-- Secrets: what they are called and which driver keeps their data, never the data.

CREATE TABLE secrets (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_ns INTEGER NOT NULL,
    record TEXT NOT NULL
);
