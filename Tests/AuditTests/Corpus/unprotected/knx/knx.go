package knx

import "net"

type Telegram struct {
	Destination uint16
	Data        []byte
}

func Listen(address string, handle func(Telegram)) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	buffer := make([]byte, 256)
	queue := make(chan Telegram)
	go func() {
		for t := range queue {
			handle(t)
		}
	}()
	for {
		count, err := conn.Read(buffer)
		if err != nil {
			return err
		}
		queue <- parse(buffer[:count])
	}
}

func parse(data []byte) Telegram {
	return Telegram{Destination: uint16(data[4])<<8 | uint16(data[5]), Data: data[6:]}
}
