// The catalog, in Go: plain HTTP on port 8080. It knows of no mesh. Its argument names what it sells; "nothing" stands for a
// service that is broken.
package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
)

func main() {
	item := os.Args[1]
	http.HandleFunc("/item", func(answer http.ResponseWriter, request *http.Request) {
		if item == "nothing" {
			answer.WriteHeader(http.StatusInternalServerError)
			return
		}
		_, caller, _ := strings.Cut(request.Header.Get("x-forwarded-client-cert"), "URI=")
		fmt.Fprintf(answer, "%s, to %s\n", item, caller)
	})
	if err := http.ListenAndServe(":8080", nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
