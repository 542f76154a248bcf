package knx

import (
	"context"
	"log/slog"
	"net"
	"sync/atomic"
	"time"
)

const (
	silence = 25 * time.Second
	again   = 5 * time.Second
)

type Client struct {
	address   string
	groups    []uint16
	telegrams chan Telegram
	dropped   atomic.Uint64
}

func NewClient(address string, depth int) *Client {
	c := &Client{address: address, telegrams: make(chan Telegram, depth)}
	go c.consume()
	return c
}

// Run keeps a session with the daemon.
func (c *Client) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := c.session(); err != nil {
			slog.Warn("daemon", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(again):
		}
	}
}

func (c *Client) session() error {
	conn, err := net.DialTimeout("tcp", c.address, 10*time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	c.readAll(conn)
	buffer := make([]byte, 256)
	for {
		if err := conn.SetReadDeadline(time.Now().Add(silence)); err != nil {
			return err
		}
		count, err := conn.Read(buffer)
		if err != nil {
			return err
		}
		telegram, err := ParseTelegram(buffer[:count])
		if err != nil {
			slog.Warn("skipped", "error", err)
			continue
		}
		c.offer(telegram)
	}
}

func (c *Client) readAll(conn net.Conn) {
	for _, group := range c.groups {
		sendRead(conn, group)
	}
}

func (c *Client) offer(telegram Telegram) {
	select {
	case c.telegrams <- telegram:
	default:
		c.dropped.Add(1)
	}
}

func (c *Client) consume() {
	for telegram := range c.telegrams {
		c.handle(telegram)
	}
}

func sendRead(conn net.Conn, group uint16) {
	conn.Write([]byte{0, 6, 0, 0x27, byte(group >> 8), byte(group), 0, 0})
}
