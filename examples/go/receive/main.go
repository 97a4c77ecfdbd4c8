// Receives events: WEBHOOK_SECRET=whsec_… go run ./receive
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	tolerance    = 5 * time.Minute
	maxBodyBytes = 64 * 1024
)

type event struct {
	Type string `json:"type"`
	Data struct {
		Livemode  bool   `json:"livemode"`
		Reference string `json:"reference"`
		Outcome   struct {
			Verdict string `json:"verdict"`
		} `json:"outcome"`
	} `json:"data"`
}

// isAuthentic verifies as Standard Webhooks 1.0.0 says, over the bytes as they were received.
func isAuthentic(keys [][]byte, header http.Header, body []byte) bool {
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return false
	}
	if age := time.Since(time.Unix(seconds, 0)); age > tolerance || age < -tolerance {
		return false
	}
	for _, key := range keys {
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.", id, timestamp)
		mac.Write(body)
		expected := mac.Sum(nil)
		for _, entry := range strings.Split(header.Get("webhook-signature"), " ") {
			given, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(entry, "v1,"))
			// hmac.Equal takes the same time wherever the two differ.
			if err == nil && strings.HasPrefix(entry, "v1,") && hmac.Equal(given, expected) {
				return true
			}
		}
	}
	return false
}

type receiver struct {
	keys [][]byte
	lock sync.Mutex
	// In your service: a table with this primary key, written in one transaction with the result.
	seen map[string]bool
}

func (r *receiver) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(writer, request.Body, maxBodyBytes))
	if err != nil {
		writer.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	if !isAuthentic(r.keys, request.Header, body) {
		writer.WriteHeader(http.StatusBadRequest)
		return
	}
	var received event
	if err := json.Unmarshal(body, &received); err != nil {
		writer.WriteHeader(http.StatusBadRequest)
		return
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	if id := request.Header.Get("webhook-id"); !r.seen[id] {
		handle(received)
		r.seen[id] = true
	}
	writer.WriteHeader(http.StatusNoContent) // also for a repetition, and for a type that you do not know
}

func handle(received event) {
	if received.Type == "verification.completed" || received.Type == "verification.failed" {
		// Believe a verdict only when Livemode is true: the sandbox knows made-up people only.
		fmt.Println(received.Type, received.Data.Reference, received.Data.Outcome.Verdict)
	}
}

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "4000"
	}
	server := &receiver{seen: map[string]bool{}}
	// Several, separated by spaces, while one replaces another.
	for _, secret := range strings.Fields(os.Getenv("WEBHOOK_SECRET")) {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || len(key) == 0 {
			log.Fatal("WEBHOOK_SECRET must be whsec_ and Base64")
		}
		server.keys = append(server.keys, key)
	}
	if len(server.keys) == 0 {
		log.Fatal("WEBHOOK_SECRET must be set")
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+port, server))
}
