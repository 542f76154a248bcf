package knx

import "testing"

func TestMalformedTelegram(t *testing.T) {
	c := &Client{}
	c.process([]byte{1, 2, 3})
}
