"""The tables of the store. Times are seconds since 1970; JSON is text.

The row of a run is the meeting point of three parties, each with columns of its own: the owner's
wishes (``command``, ``until_step``, ``pending``, ``view``, ``watched_until``), the engine's
decisions (``attempt``, ``yield_asked``, ``tries``) and the worker's reports (``step``,
``checkpoint``, ``view_drawn``, the ending). ``removed`` is when its owner threw it away, which can be
undone until it is cleared up; ``priority`` orders the runs of one user within a sweep.
"""

from __future__ import annotations

VERSION = 5

# Reports of attacks on a run's net: one for each checkpoint and each choice of settings.
REPORTS = """
CREATE TABLE reports (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    step INTEGER NOT NULL,
    created REAL NOT NULL,
    made TEXT NOT NULL,
    report TEXT NOT NULL,
    PRIMARY KEY (run, key, step)
)"""

# What a person says of a run; a sweep; and what came out of a table or figure of a paper.
TAGS = """
CREATE TABLE tags (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (run, tag)
) WITHOUT ROWID"""
SWEEPS = """
CREATE TABLE sweeps (
    id TEXT PRIMARY KEY,
    user TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    created REAL NOT NULL,
    plan TEXT NOT NULL
)"""
STUDIED = """
CREATE TABLE studied (
    paper TEXT NOT NULL,
    settings TEXT NOT NULL,
    created REAL NOT NULL,
    seconds REAL NOT NULL,
    found TEXT NOT NULL,
    PRIMARY KEY (paper, settings)
)"""

# Classes: what the teacher shows and hides; who was in one, and when, so that a run counts for the class
# of its owner at that time; and what the teacher has taken off the board.
CLASSES = """
CREATE TABLE classes (
    code TEXT PRIMARY KEY,
    teacher TEXT NOT NULL,
    name TEXT NOT NULL,
    created REAL NOT NULL,
    closed REAL,
    shown TEXT NOT NULL DEFAULT '',
    shown_since REAL,
    rules TEXT NOT NULL DEFAULT '{}'
)"""
MEMBERS = """
CREATE TABLE members (
    class TEXT NOT NULL REFERENCES classes (code) ON DELETE CASCADE,
    user TEXT NOT NULL,
    nickname TEXT NOT NULL,
    joined REAL NOT NULL,
    gone REAL,
    PRIMARY KEY (class, user, joined)
) WITHOUT ROWID"""
MEMBERS_BY_USER = "CREATE INDEX members_by_user ON members (user)"
OFF_BOARD = """
CREATE TABLE off_board (
    class TEXT NOT NULL REFERENCES classes (code) ON DELETE CASCADE,
    run TEXT NOT NULL,
    PRIMARY KEY (class, run)
) WITHOUT ROWID"""
OF_CLASSES = (CLASSES, MEMBERS, MEMBERS_BY_USER, OFF_BOARD)

SCHEMA = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    user TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    experiment TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN
        ('queued', 'running', 'paused', 'finished', 'stopped', 'diverged', 'failed')),
    reason TEXT NOT NULL DEFAULT '',
    created REAL NOT NULL,
    queued_since REAL NOT NULL,
    started REAL,
    ended REAL,
    estimate_seconds REAL NOT NULL DEFAULT 0,
    held_seconds REAL NOT NULL DEFAULT 0,
    -- wishes of the owner
    command TEXT CHECK (command IN ('pause', 'stop')),
    commanded REAL,
    until_step INTEGER,
    pending TEXT NOT NULL DEFAULT '{}',
    view TEXT NOT NULL DEFAULT '{}',
    view_version INTEGER NOT NULL DEFAULT 0,
    watched_until REAL NOT NULL DEFAULT 0,
    -- decisions of the engine
    attempt INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    assigned REAL NOT NULL DEFAULT 0,
    yield_asked INTEGER NOT NULL DEFAULT 0,
    -- reports of the worker
    worker TEXT,
    device TEXT NOT NULL DEFAULT '',
    device_reason TEXT NOT NULL DEFAULT '',
    path TEXT NOT NULL DEFAULT '',
    parameters INTEGER NOT NULL DEFAULT 0,
    notices TEXT NOT NULL DEFAULT '[]',
    versions TEXT NOT NULL DEFAULT '{}',
    step INTEGER NOT NULL DEFAULT 0,
    epoch REAL NOT NULL DEFAULT 0,
    checkpoint TEXT,
    checkpoint_step INTEGER NOT NULL DEFAULT -1,
    checkpoint_size INTEGER NOT NULL DEFAULT 0,
    view_drawn INTEGER NOT NULL DEFAULT 0,
    view_error TEXT NOT NULL DEFAULT '',
    recording TEXT,
    recording_size INTEGER NOT NULL DEFAULT 0,
    -- what its owner says of it
    starred INTEGER NOT NULL DEFAULT 0,
    note TEXT NOT NULL DEFAULT '',
    removed REAL,
    priority INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX runs_by_user ON runs (user, created);
CREATE INDEX runs_unfinished ON runs (status) WHERE status IN ('queued', 'running');
CREATE INDEX runs_to_draw ON runs (id) WHERE view_version > view_drawn;

CREATE TABLE metrics (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step INTEGER NOT NULL,
    epoch REAL,
    train_loss REAL,
    validation_loss REAL,
    train_accuracy REAL,
    validation_accuracy REAL,
    nfe_forward INTEGER,
    nfe_backward INTEGER,
    learning_rate REAL,
    gradient_norm REAL,
    seconds REAL,
    samples_per_second REAL,
    PRIMARY KEY (run, step)
) WITHOUT ROWID;

CREATE TABLE snapshots (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step INTEGER NOT NULL,
    epoch REAL NOT NULL,
    file TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (run, step)
) WITHOUT ROWID;

CREATE TABLE amendments (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step INTEGER NOT NULL,
    changes TEXT NOT NULL,
    PRIMARY KEY (run, step)
) WITHOUT ROWID;

CREATE TABLE engine (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    pid INTEGER NOT NULL,
    host TEXT NOT NULL,
    started REAL NOT NULL,
    beat REAL NOT NULL,
    state TEXT NOT NULL,
    message TEXT NOT NULL,
    address TEXT NOT NULL,
    slots INTEGER NOT NULL,
    running INTEGER NOT NULL,
    queued INTEGER NOT NULL,
    visited REAL NOT NULL DEFAULT 0
);
"""
SCHEMA += "".join(f"{table};\n" for table in (REPORTS, TAGS, SWEEPS, STUDIED, *OF_CLASSES))

# What makes of a store of one version one of the next.
MIGRATIONS = {
    1: (
        "ALTER TABLE runs ADD COLUMN recording TEXT",
        "ALTER TABLE runs ADD COLUMN recording_size INTEGER NOT NULL DEFAULT 0",
        # They held pictures, from which weights cannot be had.
        "DELETE FROM snapshots",
    ),
    2: (REPORTS,),
    3: (
        "ALTER TABLE runs ADD COLUMN starred INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE runs ADD COLUMN removed REAL",
        "ALTER TABLE runs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0",
        TAGS,
        SWEEPS,
        STUDIED,
    ),
    4: OF_CLASSES,
}
