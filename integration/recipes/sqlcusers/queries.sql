-- name: GetUser :one
SELECT * FROM users WHERE id = $1 AND NOT blocked;

-- name: SetPassword :exec
UPDATE users SET password_hash = $2 WHERE id = $1;

-- name: AddLogout :exec
INSERT INTO logouts (id, user_id) VALUES ($1, $2);

-- name: ListLogouts :many
SELECT * FROM logouts;

-- name: DeleteLogout :exec
DELETE FROM logouts WHERE id = $1;
