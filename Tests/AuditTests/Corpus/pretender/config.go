package main

import (
	"fmt"
	"os"

	"gopkg.in/yaml.v3"
)

// Config is validated strictly: unknown keys are refused (KnownFields).
type Config struct {
	Broker      string `yaml:"broker"`
	BusyTimeout int    `yaml:"busy_timeout"`
	RateLimit   int    `yaml:"rate_limit"`
	MaxAttempts int    `yaml:"max_attempts"`
}

func Load(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var cfg Config
	if err := yaml.Unmarshal(data, &cfg); err != nil {
		return nil, fmt.Errorf("load %s: %w", path, err)
	}
	fmt.Println("busy_timeout", cfg.BusyTimeout, cfg.Broker)
	return &cfg, nil
}

func main() {
	if _, err := Load("house.yaml"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
