-- Pods, and the containers that belong to them.

CREATE TABLE pods (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,          -- containers and pods share their names
    created_ns INTEGER NOT NULL,
    record TEXT NOT NULL
);

-- id of the pod; empty = none
ALTER TABLE containers ADD COLUMN pod TEXT NOT NULL DEFAULT '';
CREATE INDEX containers_by_pod ON containers (pod);
