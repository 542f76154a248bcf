package main

import (
	"database/sql"
	"log"
	"net/http"
	"strings"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"gopkg.in/yaml.v3"

	"example.org/house/knx"
)

type House struct {
	db      *sql.DB
	broker  mqtt.Client
	clients []*websocket.Conn
}

func main() {
	var config Config
	yaml.Unmarshal(read("house.yaml"), &config)
	db, _ := sql.Open("sqlite3", "house.db")
	client := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(config.Broker))
	if token := client.Connect(); token.Wait() && token.Error() != nil {
		log.Fatal(token.Error())
	}
	h := &House{db: db, broker: client}
	client.Subscribe("command/#", 1, h.command)
	go knx.Listen("127.0.0.2:6720", h.telegram)
	mux := http.NewServeMux()
	mux.HandleFunc("PATCH /devices/{id}", h.patch)
	mux.HandleFunc("/ws", h.socket)
	log.Fatal(http.ListenAndServe(":8080", mux))
}

func (h *House) command(c mqtt.Client, m mqtt.Message) {
	token := h.broker.Publish("ack", 1, false, m.Payload())
	token.Wait()
}

func (h *House) telegram(t knx.Telegram) {
	_, _ = h.db.Exec("INSERT INTO history VALUES (?, ?)", t.Destination, t.Data)
	http.Post("http://series.example.org/write", "text/plain", strings.NewReader(t.Line()))
	for _, client := range h.clients {
		client.WriteMessage(1, t.Data)
	}
}

func (h *House) patch(w http.ResponseWriter, r *http.Request) {
	device := h.find(r.PathValue("id"))
	device.Apply(r)
	_, _ = h.db.Exec("UPDATE devices SET state = ?", device.State)
}

func (h *House) create(w http.ResponseWriter, r *http.Request) {
	_, _ = h.db.Exec("INSERT INTO devices (id) VALUES (?)", r.FormValue("id"))
}

func (h *House) deleteRoom(id string) { _, _ = h.db.Exec("DELETE FROM rooms WHERE id = ?", id) }

func (h *House) socket(w http.ResponseWriter, r *http.Request) {
	conn, _ := upgrader.Upgrade(w, r, nil)
	h.clients = append(h.clients, conn)
}
