package series

import "testing"

func TestWriterDropsRowsWhenFull(t *testing.T) {
	s := &Sink{rows: make(chan string, 3)}
	for i := 0; i < 10; i++ {
		s.Write("row")
	}
	if s.dropped.Load() != 7 {
		t.Fatalf("dropped %d of 7", s.dropped.Load())
	}
}
