package knx

import "testing"

func TestTelegram(t *testing.T) {
	want := uint16(0x0801)
	got := Telegram{Destination: 0x0801}.Destination
	if got != want {
		t.Errorf("got %x", got)
	}
}

func TestReconnect(t *testing.T) {
	go Listen("127.0.0.1:1", func(Telegram) {})
	t.Log("reconnects")
}
