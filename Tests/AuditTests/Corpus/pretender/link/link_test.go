package link

import "testing"

func TestReconnectAfterBrokerRestart(t *testing.T) {
	broker := startBroker(t)
	l := New(broker.URL())
	if l.client == nil {
		t.Fatal("no client")
	}
	broker.Stop()
	broker.Start()
	t.Log("reconnected")
}

func TestResubscribe(t *testing.T) {
	l := New("tcp://127.0.0.1:1")
	l.resubscribe()
}
