package series

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

const (
	attempts = 3
	depth    = 2000
)

type Sink struct {
	url           string
	rows          chan string
	flushed       chan struct{}
	client        *http.Client
	dropped, lost atomic.Uint64
}

func New(url string) *Sink {
	s := &Sink{url: url, rows: make(chan string, depth), client: &http.Client{Timeout: 4 * time.Second}}
	go s.run()
	return s
}

func (s *Sink) Write(row string) {
	select {
	case s.rows <- row:
	default:
		s.dropped.Add(1)
	}
}

func (s *Sink) run() {
	for row := range s.rows {
		s.deliver(row)
	}
}

func (s *Sink) deliver(row string) {
	for attempt := 0; attempt < attempts; attempt++ {
		if s.send(row) == nil {
			return
		}
		time.Sleep(time.Second)
	}
	s.lost.Add(1)
}

func (s *Sink) send(row string) error {
	answer, err := s.client.Post(s.url+"/write", "text/plain", strings.NewReader(row))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		return fmt.Errorf("status %d", answer.StatusCode)
	}
	return nil
}

func (s *Sink) Flush() { close(s.rows); <-s.flushed }
