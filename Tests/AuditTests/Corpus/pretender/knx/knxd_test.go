//go:build integration

package knx

import "testing"

func TestKnxdRestart(t *testing.T) {
	stopKnxd(t)
	if !connected() {
		t.Fatal("not connected")
	}
}
