CREATE TABLE users (
    id            text PRIMARY KEY,
    password_hash text NOT NULL,
    blocked       boolean NOT NULL DEFAULT false
);

-- Users whose sessions are to end: written in a transaction, done after it.
CREATE TABLE logouts (
    id      text PRIMARY KEY,
    user_id text NOT NULL
);
