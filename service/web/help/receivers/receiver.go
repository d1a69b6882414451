// Receives Loa's webhooks.
// go mod init receiver; go get github.com/standard-webhooks/standard-webhooks/libraries
// LOA_SECRET=whsec_... PORT=9000 go run receiver.go
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

type message struct {
	Type string `json:"type"`
	Data struct {
		ID        string `json:"id"`
		Revision  int    `json:"revision"`
		Title     string `json:"title"`
		Challenge string `json:"challenge"`
	} `json:"data"`
}

type receiver struct {
	webhook *standardwebhooks.Webhook
	lock    sync.Mutex
	seen    map[string]bool // ids that were dealt with; keep them in your database, for 90 days
	newest  map[string]int  // post: its newest state; keep it in your database
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, 1<<20))
	if err != nil {
		http.Error(w, "cannot read", http.StatusBadRequest)
		return
	}
	// the bytes as they came, before any parsing
	if err := r.webhook.Verify(body, request.Header); err != nil {
		http.Error(w, "wrong signature", http.StatusUnauthorized)
		return
	}
	var got message
	if err := json.Unmarshal(body, &got); err != nil {
		http.Error(w, "no JSON", http.StatusBadRequest)
		return
	}
	if got.Type == "subscription.confirm" {
		fmt.Fprint(w, got.Data.Challenge)
		return
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	if id := request.Header.Get("webhook-id"); !r.seen[id] {
		r.take(got)
		r.seen[id] = true
	}
	w.WriteHeader(http.StatusNoContent)
}

// Your work: put the post into your document system, and do the rest later.
func (r *receiver) take(got message) {
	if !strings.HasPrefix(got.Type, "post.") {
		fmt.Println(got.Type) // subscription.test, and types to come: nothing to do
		return
	}
	post := got.Data
	state := 2 * post.Revision
	if got.Type == "post.withdrawn" {
		state++
	}
	if state < r.newest[post.ID] {
		return // an older state that came late
	}
	r.newest[post.ID] = state
	fmt.Println(got.Type, post.ID, post.Revision, post.Title)
}

func main() {
	webhook, err := standardwebhooks.NewWebhook(os.Getenv("LOA_SECRET"))
	if err != nil {
		log.Fatal(err)
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "9000"
	}
	fmt.Println("listening")
	log.Fatal(http.ListenAndServe("127.0.0.1:"+port, &receiver{
		webhook: webhook, seen: map[string]bool{}, newest: map[string]int{},
	}))
}
