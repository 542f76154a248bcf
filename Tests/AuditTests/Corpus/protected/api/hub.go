package api

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

const (
	silent    = 40 * time.Second
	writeWait = 5 * time.Second
)

var upgrader = websocket.Upgrader{}

type Hub struct {
	mu      sync.Mutex
	clients map[*Client]bool
	dropped atomic.Uint64
}

type Client struct {
	conn *websocket.Conn
	send chan []byte
}

func newHub() *Hub { return &Hub{clients: map[*Client]bool{}} }

func (h *Hub) serve(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	client := &Client{conn: conn, send: make(chan []byte, 256)}
	h.mu.Lock()
	h.clients[client] = true
	h.mu.Unlock()
	go client.write()
	h.read(client)
}

func (h *Hub) read(client *Client) {
	defer h.remove(client)
	for {
		client.conn.SetReadDeadline(time.Now().Add(silent))
		if _, _, err := client.conn.ReadMessage(); err != nil {
			return
		}
	}
}

func (h *Hub) remove(client *Client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.clients, client)
	client.conn.Close()
}

func (h *Hub) Broadcast(message []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for client := range h.clients {
		select {
		case client.send <- message:
		default:
			h.dropped.Add(1)
		}
	}
}

func (c *Client) write() {
	ping := time.NewTicker(30 * time.Second)
	defer ping.Stop()
	for {
		select {
		case message := <-c.send:
			c.conn.SetWriteDeadline(time.Now().Add(writeWait))
			c.conn.WriteMessage(websocket.TextMessage, message)
		case <-ping.C:
			c.conn.WriteMessage(websocket.PingMessage, nil)
		}
	}
}
