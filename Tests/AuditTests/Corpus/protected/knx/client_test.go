package knx

import "testing"

func TestMalformedTelegramsAreRefused(t *testing.T) {
	for _, octets := range [][]byte{nil, {0x11}, {0x11, 0x01, 0x08, 0x01, 0x00}} {
		_, err := ParseTelegram(octets)
		if err == nil {
			t.Errorf("%x was taken for a telegram", octets)
		}
	}
}

func FuzzParseTelegram(f *testing.F) {
	f.Fuzz(func(t *testing.T, octets []byte) {
		telegram, err := ParseTelegram(octets)
		if err == nil && len(telegram.Data) != len(octets)-4 {
			t.Fatal("octets are lost")
		}
	})
}

func TestQueueFullCountsDrops(t *testing.T) {
	c := &Client{telegrams: make(chan Telegram, 2)}
	for i := 0; i < 5; i++ {
		c.offer(Telegram{})
	}
	if got := c.dropped.Load(); got != 3 {
		t.Fatalf("dropped %d, want 3", got)
	}
}
