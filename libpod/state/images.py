"""Owns: the queries on images and their names.

A name is stored as `domain/path:tag` or `domain/path@sha256:...`; the caller (libpod/image/ref.py) makes it
so. A record comes back without its history, which only `history` reads: it is long, and nothing on a hot
path wants it.
"""

from __future__ import annotations

import time

from libpod import errors
from libpod.state.lookup import is_id, prefix_range
from libpod.util import jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from libpod.model.image import ImageRecord
    from libpod.state.db import Db, Write


def candidates(ref: str) -> list[str]:
    """The stored names that a user may mean with `ref`, best first; empty when it can only be an id.

    `web` is `localhost/web:latest`, then `docker.io/library/web:latest`. Docker's short host name is
    understood.
    """
    name, at, digest = ref.partition("@")
    head, _, last = name.rpartition("/")
    path, _, tag = last.partition(":")
    if not path or (at and not digest):
        return []
    repo = f"{head}/{path}" if head else path
    suffix = f"@{digest}" if at else f":{tag or 'latest'}"
    domain = repo.split("/", 1)[0] if "/" in repo else ""
    if domain == "index.docker.io":
        repo, domain = "docker.io" + repo[len(domain) :], "docker.io"
    if domain == "docker.io" and repo.count("/") == 1:
        return [f"docker.io/library/{repo[len(domain) + 1 :]}{suffix}"]
    if "." in domain or ":" in domain or domain == "localhost":
        return [repo + suffix]
    library = "" if domain else "library/"
    return [f"localhost/{repo}{suffix}", f"docker.io/{library}{repo}{suffix}"]


def lookup(db: Db, ref: str) -> ImageRecord | None:
    """The record of an image by name, id, `sha256:id` or the beginning of an id; None if there is none.

    `names` of the record begins with the name that matched. Raises AmbiguousError.
    """
    try:
        record, name = find(db, ref)
    except errors.NotFoundError:
        return None
    if name in record["names"]:
        record["names"] = [name, *(n for n in record["names"] if n != name)]
    return record


def find(db: Db, ref: str) -> tuple[ImageRecord, str]:
    """As `lookup`: (record, the stored name that matched or ""). Raises NotFoundError or AmbiguousError.

    A full id comes first, then names, then the beginning of an id.
    """
    plain = ref[7:] if ref.startswith("sha256:") else ref
    if is_id(plain):
        row = db.row(
            "SELECT id, record FROM images WHERE id = ?1 OR manifest_digest = 'sha256:' || ?1", (plain,)
        )
        if row is not None:
            return _with_names(db, row[0], row[1]), ""
    names = candidates(ref) if plain is ref else []
    if names:
        marks = ",".join("?" * len(names))
        found = db.rows(
            "SELECT n.name, i.id, i.record FROM image_names n JOIN images i ON i.id = n.image_id "
            f"WHERE n.name IN ({marks})",
            names,
        )
        for name in names:
            for stored, image_id, text in found:
                if stored == name:
                    return _with_names(db, image_id, text), name
        if "@" in ref:
            return _by_digest(db, ref, names), ""
    bounds = prefix_range(plain)
    if bounds:
        rows = db.rows("SELECT id, record FROM images WHERE id >= ? AND id < ? LIMIT 2", bounds)
        if len(rows) > 1:
            raise errors.AmbiguousError(
                f'more than one image has an id that begins with "{plain}"',
                remedy="give more digits of the id, or the name",
                name=ref,
            )
        if rows:
            return _with_names(db, *rows[0]), ""
    if len(names) > 1:  # a short name
        guess = _by_suffix(db, ref)
        if guess is not None:
            return guess
    raise no_such(ref)


def _by_suffix(db: Db, ref: str) -> tuple[ImageRecord, str] | None:
    """A short name also fits an image of any registry whose name ends with it: `b/web:1` is
    `quay.io/a/b/web:1`.
    """
    short = ref if ":" in ref.rpartition("/")[2] else f"{ref}:latest"
    rows = db.rows("SELECT name, image_id FROM image_names ORDER BY added_ns, name")
    found = [(name, image_id) for name, image_id in rows if name.endswith("/" + short)]
    if len({image_id for _, image_id in found}) > 1:
        raise errors.AmbiguousError(
            f'"{ref}" may be any of {", ".join(name for name, _ in found)}',
            remedy="give the full name",
            name=ref,
        )
    return (get(db, found[0][1]), found[0][0]) if found else None


def _by_digest(db: Db, ref: str, names: list[str]) -> ImageRecord:
    """`name@digest` of an image that has the name with some tag, and that digest."""
    digest = ref.partition("@")[2]
    repos = {name.partition("@")[0] for name in names}
    for image_id, text in db.rows("SELECT id, record FROM images WHERE manifest_digest = ?", (digest,)):
        record = _with_names(db, image_id, text)
        if any(repo_of(name) in repos for name in record["names"]):
            return record
    raise no_such(ref)


def repo_of(name: str) -> str:
    """A stored name without its tag or digest."""
    name = name.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return head + slash + last.partition(":")[0]


def get(db: Db, image_id: str) -> ImageRecord:
    """The record of a full id. Raises NotFoundError."""
    row = db.row("SELECT record FROM images WHERE id = ?", (image_id,))
    if row is None:
        raise no_such(image_id)
    return _with_names(db, image_id, row[0])


def history(db: Db, image_id: str) -> list[dict[str, object]]:
    """The `history` of the image's configuration; empty if the image is not there."""
    row = db.row("SELECT history FROM images WHERE id = ?", (image_id,))
    found: list[dict[str, object]] = jsonio.loads(row[0]) if row else []
    return found


def name_history(db: Db, image_id: str = "") -> dict[str, list[str]]:
    """The names that images (or one of them) have and had, by id, the one that was given last first."""
    out: dict[str, list[str]] = {}
    for found, name in db.rows(
        "SELECT image_id, name FROM image_name_history WHERE ?1 IN ('', image_id) "
        "ORDER BY given_ns DESC, name",
        (image_id,),
    ):
        out.setdefault(found, []).append(name)
    return out


def all_images(db: Db) -> list[ImageRecord]:
    """Every image, newest first, with its names (newest name last)."""
    names: dict[str, list[str]] = {}
    for name, image_id in db.rows("SELECT name, image_id FROM image_names ORDER BY added_ns, name"):
        names.setdefault(image_id, []).append(name)
    rows = db.rows("SELECT id, record FROM images ORDER BY created_ns DESC, id")
    return [_parse(image_id, text, names.get(image_id, [])) for image_id, text in rows]


def insert(db: Db, record: ImageRecord, names: Sequence[str] = (), blobs: Iterable[str] = ()) -> None:
    """Store an image (or store it again) and point the names at it; a name that another image had moves.

    `blobs` are the digests of what it needs of the content store.
    """
    with db.write() as tx:
        _insert(tx, record, names, blobs)


def insert_all(db: Db, images: Iterable[tuple[ImageRecord, Sequence[str], Iterable[str]]]) -> None:
    """Store several images, (record, names, blobs) each: all of them or none."""
    with db.write() as tx:
        for record, names, blobs in images:
            _insert(tx, record, names, blobs)


def _insert(tx: Write, record: ImageRecord, names: Sequence[str], blobs: Iterable[str]) -> None:
    slim = {k: v for k, v in record.items() if k not in ("names", "digest_names", "history")}
    tx.run(
        "INSERT INTO images (id, manifest_digest, created_ns, layers, record, history) VALUES (?,?,?,?,?,?) "
        "ON CONFLICT (id) DO UPDATE SET manifest_digest = excluded.manifest_digest, "
        "layers = excluded.layers, record = excluded.record",
        (
            record["id"],
            record["manifest_digest"],
            record["created_ns"],
            " ".join(record["layers"]),
            jsonio.dumps(slim),
            jsonio.dumps(record["history"]),
        ),
    )
    tx.run("DELETE FROM image_blobs WHERE image_id = ?", (record["id"],))
    for digest in sorted(set(blobs)):
        tx.run("INSERT INTO image_blobs (image_id, digest) VALUES (?, ?)", (record["id"], digest))
    _point(tx, record["id"], names)


def tag(db: Db, image_id: str, names: Sequence[str]) -> None:
    """Point names at an image. Raises NotFoundError when the image is gone."""
    with db.write() as tx:
        if tx.row("SELECT 1 FROM images WHERE id = ?", (image_id,)) is None:
            raise no_such(image_id)
        _point(tx, image_id, names)


def untag(db: Db, image_id: str, names: Sequence[str]) -> list[str]:
    """Take names away from an image; returns those that it had."""
    with db.write() as tx:
        return [
            n
            for n in names
            if tx.run("DELETE FROM image_names WHERE name = ? AND image_id = ?", (n, image_id))
        ]


def delete(db: Db, image_id: str) -> tuple[list[str], list[str]]:
    """Forget an image and its names: (the names, the blobs that no other image needs now).

    Raises InUseError naming the containers that are made from it, or NotFoundError.
    """
    with db.write() as tx:
        users = [
            r[0]
            for r in tx.rows("SELECT id FROM containers WHERE image_id = ? ORDER BY created_ns", (image_id,))
        ]
        if users:
            raise errors.InUseError(
                f"image used by {', '.join(users)}: image is in use by a container",
                remedy="remove the container first, or remove both with --force",
                name=image_id,
            )
        names = [
            r[0]
            for r in tx.rows("SELECT name FROM image_names WHERE image_id = ? ORDER BY added_ns", (image_id,))
        ]
        blobs = [
            r[0]
            for r in tx.rows(
                "SELECT digest FROM image_blobs WHERE image_id = ?1 AND digest NOT IN "
                "(SELECT digest FROM image_blobs WHERE image_id <> ?1) ORDER BY digest",
                (image_id,),
            )
        ]
        tx.run("DELETE FROM image_names WHERE image_id = ?", (image_id,))
        tx.run("DELETE FROM image_blobs WHERE image_id = ?", (image_id,))
        tx.run("DELETE FROM image_name_history WHERE image_id = ?", (image_id,))
        if not tx.run("DELETE FROM images WHERE id = ?", (image_id,)):
            raise no_such(image_id)
        return names, blobs


def used_layers(db: Db) -> set[str]:
    """The keys of every layer that an image or a container refers to."""
    keys: set[str] = set()
    for (text,) in db.rows("SELECT layers FROM images UNION SELECT layers FROM containers"):
        keys.update(text.split())
    return keys


def used_blobs(db: Db) -> set[str]:
    """The digests of every blob that an image needs."""
    return {row[0] for row in db.rows("SELECT DISTINCT digest FROM image_blobs")}


def by_manifest(db: Db, digest: str) -> ImageRecord | None:
    """The image that is kept with this manifest."""
    row = db.row("SELECT id, record FROM images WHERE manifest_digest = ?", (digest,)) if digest else None
    return _with_names(db, row[0], row[1]) if row is not None else None


def blobs_of(db: Db, image_id: str) -> list[str]:
    """The digests of the blobs that an image needs."""
    return [row[0] for row in db.rows("SELECT digest FROM image_blobs WHERE image_id = ?", (image_id,))]


def repos_with(db: Db, digest: str) -> list[str]:
    """The repositories (`domain/path`) under whose names images with this blob are known, newest first."""
    found = db.rows(
        "SELECT n.name FROM image_names n JOIN image_blobs b ON b.image_id = n.image_id "
        "WHERE b.digest = ? ORDER BY n.added_ns DESC, n.name",
        (digest,),
    )
    return list(dict.fromkeys(repo_of(row[0]) for row in found))


def no_such(ref: str) -> errors.NotFoundError:
    """The error for an image that is not in the store, in Podman's words."""
    return errors.NotFoundError(f"{ref}: image not known", name=ref)


def _point(tx: Write, image_id: str, names: Sequence[str]) -> None:
    now_ns = time.time_ns()
    for number, name in enumerate(names):
        tx.run(
            "INSERT INTO image_names (name, image_id, added_ns) VALUES (?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET image_id = excluded.image_id, added_ns = excluded.added_ns "
            "WHERE image_id <> excluded.image_id",
            (name, image_id, now_ns + number),
        )
        tx.run(
            "INSERT OR REPLACE INTO image_name_history (image_id, name, given_ns) VALUES (?, ?, ?)",
            (image_id, name, now_ns + number),
        )


def _with_names(db: Db, image_id: str, text: str) -> ImageRecord:
    rows = db.rows("SELECT name FROM image_names WHERE image_id = ? ORDER BY added_ns, name", (image_id,))
    return _parse(image_id, text, [row[0] for row in rows])


def _parse(image_id: str, text: str, names: list[str]) -> ImageRecord:
    try:
        record: ImageRecord = jsonio.loads(text)
    except ValueError as e:
        raise errors.StateDbError(
            f'the stored record of image "{image_id[:12]}" is damaged: {e}',
            remedy=f'remove the image with "pypod rmi {image_id[:12]}" and load or pull it again',
            name=image_id,
        ) from e
    record["names"] = [n for n in names if "@" not in n]
    record["digest_names"] = [n for n in names if "@" in n]
    record["history"] = []
    return record
