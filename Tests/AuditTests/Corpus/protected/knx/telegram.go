package knx

import "fmt"

const shortest = 6

type Telegram struct {
	Source, Destination uint16
	Data                []byte
}

func ParseTelegram(data []byte) (Telegram, error) {
	if len(data) < shortest {
		return Telegram{}, fmt.Errorf("telegram of %d octets", len(data))
	}
	return Telegram{
		Source:      uint16(data[0])<<8 | uint16(data[1]),
		Destination: uint16(data[2])<<8 | uint16(data[3]),
		Data:        data[4:],
	}, nil
}

func (c *Client) handle(t Telegram) {}
