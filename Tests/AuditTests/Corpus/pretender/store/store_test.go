package store

import (
	"os"
	"testing"
)

func TestLockedDatabase(t *testing.T) {
	if os.Getenv("SLOW") == "" {
		t.Skip("slow")
	}
	s, err := Open(t.TempDir() + "/x.db")
	if err != nil {
		t.Fatal(err)
	}
	s.db.Exec("BEGIN EXCLUSIVE")
	if err := s.Create("a"); err == nil {
		t.Fatal("no error")
	}
}
