// Who the visitor is, asked of Magpie for each request. Go 1.19 or later, nothing but its standard library.
//
//	go run .        环境变量: MAGPIE (Magpie 的地址), PORT
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

// Session is what Magpie tells of a visitor who is signed in.
type Session struct {
	OpenID   string `json:"openid"`
	UnionID  string `json:"unionid"`
	Account  string `json:"account"`
	Snapshot bool   `json:"snapshot"`
}

var (
	magpie = env("MAGPIE", "http://127.0.0.1:8080")
	client = &http.Client{Timeout: 3 * time.Second}
)

func env(name, standard string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return standard
}

// visitor gives the session of a visitor who is signed in, or where to send one who is not.
func visitor(request *http.Request) (session *Session, login string, err error) {
	question, err := http.NewRequestWithContext(request.Context(), http.MethodGet, magpie+"/session", nil)
	if err != nil {
		return nil, "", err
	}
	// The browser's own: the cookie says who it is, the host whose site this is.
	question.Header["Cookie"] = request.Header["Cookie"]
	question.Host = request.Host
	// The login comes back to here.
	question.Header.Set("X-Forwarded-Uri", request.URL.RequestURI())
	answer, err := client.Do(question)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
		session = new(Session)
		return session, "", json.NewDecoder(answer.Body).Decode(session)
	case http.StatusUnauthorized:
		var refusal struct{ Login string }
		err = json.NewDecoder(answer.Body).Decode(&refusal)
		return nil, refusal.Login, err
	default:
		return nil, "", fmt.Errorf("Magpie answered %s", answer.Status)
	}
}

type key struct{}

// signedIn lets only those through who are signed in, and tells the handlers behind it who they are.
func signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		session, login, err := visitor(request)
		response.Header().Set("Cache-Control", "no-store")
		switch {
		case err != nil:
			// Nobody is let in because Magpie cannot be asked.
			log.Print(err)
			reply(response, http.StatusServiceUnavailable, map[string]string{"error": "the login service cannot be reached"})
		case session != nil:
			next.ServeHTTP(response, request.WithContext(context.WithValue(request.Context(), key{}, session)))
		case strings.Contains(request.Header.Get("Accept"), "text/html"):
			// A page is sent to the login …
			response.Header().Set("Location", login)
			response.WriteHeader(http.StatusFound)
		default:
			// … a script is told, since a redirect would end at WeChat, where it may not read.
			reply(response, http.StatusUnauthorized, map[string]string{"login": login})
		}
	})
}

func reply(response http.ResponseWriter, status int, body any) {
	response.Header().Set("Content-Type", "application/json")
	response.WriteHeader(status)
	_ = json.NewEncoder(response).Encode(body)
}

func hello(response http.ResponseWriter, request *http.Request) {
	session := request.Context().Value(key{}).(*Session)
	reply(response, http.StatusOK, map[string]string{"hello": session.OpenID})
}

func main() {
	log.Fatal(http.ListenAndServe("127.0.0.1:"+env("PORT", "3000"), signedIn(http.HandlerFunc(hello))))
}
