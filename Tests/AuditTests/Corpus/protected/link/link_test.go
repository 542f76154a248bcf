package link

import "testing"

func TestReconnectSubscribesAgain(t *testing.T) {
	broker := startBroker(t)
	l := New(broker.URL())
	broker.waitForSubscription(t, "command/#")
	broker.Stop()
	broker.start(t)
	if !broker.sees("command/#") {
		t.Fatal("no subscription after the restart")
	}
	l.Disconnect(10)
}
