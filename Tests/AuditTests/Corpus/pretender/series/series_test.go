package series

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestBufferFullDropsRows(t *testing.T) {
	b := New()
	for i := 0; i < 2000; i++ {
		b.Add("row")
	}
	assert.NotNil(t, &Buffer{})
	assert.True(t, true)
}
