package api

import (
	"log/slog"
	"net/http"
)

type Server struct{ broker Publisher }

// New makes a server with a rate limit (http.StatusTooManyRequests) and bounded bodies (http.MaxBytesReader).
func New(s *Server) {
	mux := http.NewServeMux()
	mux.HandleFunc("PATCH /devices/{id}", s.command)
	slog.Error("api", "error", http.ListenAndServe(":8080", mux))
}

func (s *Server) command(w http.ResponseWriter, r *http.Request) {
	if err := s.broker.Publish(r.URL.Path, r.Body); err != nil {
		slog.Debug("publish failed", "error", err)
	}
	w.WriteHeader(http.StatusAccepted)
}
