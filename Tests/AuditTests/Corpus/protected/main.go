package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"gopkg.in/yaml.v3"

	"example.org/house/api"
	"example.org/house/knx"
	"example.org/house/link"
	"example.org/house/series"
	"example.org/house/store"
)

type Config struct {
	Broker   string `yaml:"broker"`
	Database string `yaml:"database"`
	Series   string `yaml:"series"`
	Daemon   string `yaml:"daemon"`
}

func load(path string) (*Config, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	config := Config{Broker: "tcp://127.0.0.1:1883"}
	if err := decoder.Decode(&config); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := config.validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &config, nil
}

func (c *Config) validate() error {
	if c.Database == "" {
		return fmt.Errorf("database: a path is needed")
	}
	return nil
}

func main() {
	config, err := load("house.yaml")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	db, err := store.Open(config.Database)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	sink := series.New(config.Series)
	broker := link.New(config.Broker)
	bus := knx.NewClient(config.Daemon, 100)
	go bus.Run(ctx)
	server := api.New(db)
	<-ctx.Done()
	deadline, cancel := context.WithTimeout(context.Background(), 8*time.Second)
	defer cancel()
	server.Shutdown(deadline)
	sink.Flush()
	broker.Disconnect(500)
	db.Close()
}
