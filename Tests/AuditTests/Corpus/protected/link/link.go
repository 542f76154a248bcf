package link

import (
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

const longest = 10 * time.Second

type Link struct {
	client mqtt.Client
	topics []string
	handle mqtt.MessageHandler
}

func New(url string) *Link {
	l := &Link{topics: []string{"command/#"}}
	options := mqtt.NewClientOptions()
	options.AddBroker(url)
	options.SetConnectTimeout(5 * time.Second)
	options.SetConnectRetry(true)
	options.SetConnectRetryInterval(5 * time.Second)
	options.SetAutoReconnect(true)
	options.SetMaxReconnectInterval(longest)
	options.SetOnConnectHandler(l.connected)
	l.client = mqtt.NewClient(options)
	l.client.Connect()
	return l
}

func (l *Link) connected(client mqtt.Client) {
	for _, topic := range l.topics {
		client.Subscribe(topic, 1, l.handle)
	}
}

func (l *Link) Disconnect(wait uint) { l.client.Disconnect(wait) }
