// Checks what Dateline signed and proved with the Go project's own note and tlog packages. Reads one JSON object from
// standard input; says what does not hold, and exits 1.
package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type input struct {
	Note        string
	Keys        []string
	Index       int64
	Leaf        string
	Inclusion   []string
	OldSize     int64
	OldRoot     string
	Consistency []string
}

func hash(text string) (h tlog.Hash) {
	raw, err := hex.DecodeString(text)
	must(err)
	copy(h[:], raw)
	return h
}

func hashes(texts []string) (found []tlog.Hash) {
	for _, text := range texts {
		found = append(found, hash(text))
	}
	return found
}

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func main() {
	var in input
	must(json.NewDecoder(os.Stdin).Decode(&in))
	var verifiers []note.Verifier
	for _, key := range in.Keys {
		verifier, err := note.NewVerifier(key)
		must(err)
		verifiers = append(verifiers, verifier)
	}
	opened, err := note.Open([]byte(in.Note), note.VerifierList(verifiers...))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	raw, err := base64.StdEncoding.DecodeString(lines[2])
	must(err)
	root := hash(hex.EncodeToString(raw))
	must(tlog.CheckRecord(hashes(in.Inclusion), size, root, in.Index, hash(in.Leaf)))
	must(tlog.CheckTree(hashes(in.Consistency), size, root, in.OldSize, hash(in.OldRoot)))
	fmt.Println("checked", lines[0], size)
}
