-- Containers, images and their names, volumes and who uses them.

CREATE TABLE containers (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    image_id TEXT NOT NULL,
    created_ns INTEGER NOT NULL,
    layers TEXT NOT NULL,       -- layer keys, base first, separated by spaces
    summary TEXT NOT NULL,      -- the members of the record that lists need, as JSON
    record TEXT NOT NULL        -- the whole record, as JSON
);
CREATE INDEX containers_by_image ON containers (image_id);
CREATE INDEX containers_by_age ON containers (created_ns);

CREATE TABLE images (
    id TEXT NOT NULL PRIMARY KEY,
    manifest_digest TEXT NOT NULL,
    created_ns INTEGER NOT NULL,
    layers TEXT NOT NULL,
    record TEXT NOT NULL,       -- without history and names
    history TEXT NOT NULL
);
CREATE INDEX images_by_digest ON images (manifest_digest);

CREATE TABLE image_names (
    name TEXT NOT NULL PRIMARY KEY,     -- domain/path:tag or domain/path@digest
    image_id TEXT NOT NULL,
    added_ns INTEGER NOT NULL
);
CREATE INDEX image_names_by_image ON image_names (image_id);

CREATE TABLE image_blobs (
    image_id TEXT NOT NULL,
    digest TEXT NOT NULL,               -- of the manifest, the configuration and the layer archives
    PRIMARY KEY (image_id, digest)
) WITHOUT ROWID;
CREATE INDEX image_blobs_by_digest ON image_blobs (digest);

CREATE TABLE volumes (
    name TEXT NOT NULL PRIMARY KEY,
    created_ns INTEGER NOT NULL,
    record TEXT NOT NULL
);

CREATE TABLE container_volumes (
    container_id TEXT NOT NULL,
    volume TEXT NOT NULL,
    PRIMARY KEY (container_id, volume)
) WITHOUT ROWID;
CREATE INDEX container_volumes_by_volume ON container_volumes (volume);
