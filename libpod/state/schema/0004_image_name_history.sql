-- The names that an image has or had, until it is removed.

CREATE TABLE image_name_history (
    image_id TEXT NOT NULL,
    name TEXT NOT NULL,
    given_ns INTEGER NOT NULL,          -- the last time it was given
    PRIMARY KEY (image_id, name)
) WITHOUT ROWID;

INSERT INTO image_name_history (image_id, name, given_ns) SELECT image_id, name, added_ns FROM image_names;
