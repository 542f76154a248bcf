package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"
)

var ErrExists = errors.New("exists already")

type Store struct {
	db      *sql.DB
	history chan row
	known   map[string]string
	dropped atomic.Uint64
}

type row struct{ key, value string }

func Open(path string) (*Store, error) {
	db, err := sql.Open("sqlite3", path+"?_busy_timeout=5000&_journal_mode=WAL&_synchronous=FULL&_foreign_keys=on")
	if err != nil {
		return nil, err
	}
	if err := db.Ping(); err != nil {
		if errors.Is(err, sqlite3.ErrBusy) {
			return nil, fmt.Errorf("%s is locked: does another process still run?", path)
		}
		return nil, err
	}
	s := &Store{db: db, history: make(chan row, 512), known: map[string]string{}}
	go s.write()
	go s.keep()
	return s, nil
}

func (s *Store) Record(key, value string) {
	if s.known[key] == value {
		return
	}
	s.known[key] = value
	select {
	case s.history <- row{key, value}:
	default:
		s.dropped.Add(1)
	}
}

func (s *Store) write() {
	for row := range s.history {
		s.insert(row)
	}
}

func (s *Store) insert(r row) error {
	if last, ok := s.known[r.key]; ok && last == r.value {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if _, err := s.db.ExecContext(ctx, "INSERT INTO history (key, value) VALUES (?, ?)", r.key, r.value); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

func (s *Store) keep() {
	for range time.Tick(time.Hour) {
		s.prune(time.Now().AddDate(0, 0, -30))
	}
}

func (s *Store) prune(before time.Time) error {
	if _, err := s.db.Exec("DELETE FROM history WHERE at < ?", before); err != nil {
		return err
	}
	return nil
}

func (s *Store) Create(id, name string) error {
	_, err := s.db.Exec("INSERT INTO devices (id, name) VALUES (?, ?)", id, name)
	if err != nil {
		if errors.Is(err, sqlite3.ErrConstraintPrimaryKey) {
			return ErrExists
		}
		return err
	}
	return nil
}

func (s *Store) DeleteRoom(id string) error {
	if _, err := s.db.Exec("DELETE FROM rooms WHERE id = ?", id); err != nil {
		return err
	}
	return nil
}

// Merge changes part of a device.
func (s *Store) Merge(ctx context.Context, id string, change func(string) string) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var state string
	if err := tx.QueryRowContext(ctx, "SELECT state FROM devices WHERE id = ?", id).Scan(&state); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE devices SET state = ? WHERE id = ?", change(state), id); err != nil {
		return err
	}
	return tx.Commit()
}

func (s *Store) Close() error { return s.db.Close() }
