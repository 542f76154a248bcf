package store

import (
	"database/sql"
	"testing"
	"time"
)

func TestBusyWaitsForTheLock(t *testing.T) {
	path := t.TempDir() + "/house.db"
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := sql.Open("sqlite3", path)
	other.Exec("BEGIN EXCLUSIVE")
	time.AfterFunc(time.Second, func() { other.Exec("ROLLBACK") })
	if err := s.Create("a", "a"); err != nil {
		t.Fatalf("a short lock is an error: %v", err)
	}
}
