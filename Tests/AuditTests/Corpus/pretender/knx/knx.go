package knx

import (
	"log/slog"
	"net"
	"time"
)

type Client struct {
	address   string
	telegrams chan []byte
	dropped   int
}

func New(address string) *Client {
	c := &Client{address: address, telegrams: make(chan []byte, 100)}
	for i := 0; i < 4; i++ {
		go c.work()
	}
	return c
}

// Run reconnects for ever and reads all group addresses again after each reconnect.
func (c *Client) Run() {
	for {
		conn, err := net.Dial("tcp", c.address)
		if err != nil {
			continue
		}
		conn.SetReadDeadline(time.Now().Add(30 * time.Second))
		buffer := make([]byte, 256)
		for {
			count, err := conn.Read(buffer)
			if err != nil {
				break
			}
			select {
			case c.telegrams <- buffer[:count]:
			default:
				c.dropped++
			}
		}
	}
}

func (c *Client) work() {
	for data := range c.telegrams {
		c.process(data)
	}
}

func (c *Client) process(data []byte) {
	defer func() {
		if r := recover(); r != nil {
			slog.Error("telegram callback panic", "panic", r)
		}
	}()
	handle(decode(data))
}

// decode checks the length and skips malformed telegrams.
func decode(data []byte) int { return int(data[4])<<8 | int(data[5]) }
