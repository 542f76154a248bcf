package api

import (
	"errors"
	"net/http"
	"syscall"
	"time"

	"golang.org/x/time/rate"

	"example.org/house/store"
)

type Server struct {
	http.Server
	store *store.Store
	hub   *Hub
}

func New(s *store.Store) *http.Server {
	server := &Server{store: s, hub: newHub()}
	mux := http.NewServeMux()
	mux.HandleFunc("PATCH /devices/{id}", server.patch)
	mux.HandleFunc("POST /devices", server.create)
	mux.HandleFunc("/ws", server.hub.serve)
	return &http.Server{Handler: limited(mux), ReadHeaderTimeout: 5 * time.Second}
}

func limited(next http.Handler) http.Handler {
	limiter := rate.NewLimiter(100, 200)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !limiter.Allow() {
			http.Error(w, "slow down", http.StatusTooManyRequests)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		next.ServeHTTP(w, r)
	})
}

func (s *Server) patch(w http.ResponseWriter, r *http.Request) {
	if err := s.store.Merge(r.Context(), r.PathValue("id"), merge(r)); err != nil {
		http.Error(w, err.Error(), status(err))
	}
}

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	if err := s.store.Create(r.FormValue("id"), r.FormValue("name")); err != nil {
		http.Error(w, err.Error(), status(err))
		return
	}
	w.WriteHeader(http.StatusCreated)
}

func status(err error) int {
	switch {
	case errors.Is(err, store.ErrExists):
		return http.StatusConflict
	case errors.Is(err, syscall.ENOSPC):
		return http.StatusInsufficientStorage
	}
	return http.StatusInternalServerError
}
