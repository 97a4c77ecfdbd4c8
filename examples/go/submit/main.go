// Submits one photo: go run ./submit (json|form) ID_CARD NAME PHOTO REFERENCE
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"mime/multipart"
	"net/http"
	"os"
	"strconv"
	"time"
)

const tries = 5

var client = http.Client{Timeout: 30 * time.Second}

// answer holds what is read of a verification, or of a problem.
type answer struct {
	ID     string `json:"id"`
	Status any    `json:"status"`
	Code   string `json:"code"`
	Errors []struct {
		Pointer, Code, Detail string
	} `json:"errors"`
}

func asJSON(fields map[string]string, photo []byte) (string, []byte, error) {
	body := map[string]any{"imageBase64": photo} // bytes become Base64
	for name, value := range fields {
		body[name] = value
	}
	encoded, err := json.Marshal(body)
	return "application/json", encoded, err
}

func asForm(fields map[string]string, photo []byte) (string, []byte, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range fields {
		if err := form.WriteField(name, value); err != nil {
			return "", nil, err
		}
	}
	part, err := form.CreateFormFile("image", "photo")
	if err != nil {
		return "", nil, err
	}
	if _, err := part.Write(photo); err != nil {
		return "", nil, err
	}
	if err := form.Close(); err != nil {
		return "", nil, err
	}
	return form.FormDataContentType(), body.Bytes(), nil
}

func send(contentType string, body []byte, idempotencyKey string) (*http.Response, answer, error) {
	url := os.Getenv("VERIQUEUE_URL")
	if url == "" {
		url = "http://127.0.0.1:3000"
	}
	request, err := http.NewRequest(http.MethodPost, url+"/v1/verifications", bytes.NewReader(body))
	if err != nil {
		return nil, answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("VERIQUEUE_API_KEY"))
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Idempotency-Key", idempotencyKey)
	response, err := client.Do(request)
	if err != nil {
		return nil, answer{}, err
	}
	defer response.Body.Close()
	var read answer
	if err := json.NewDecoder(response.Body).Decode(&read); err != nil && response.StatusCode == http.StatusAccepted {
		return nil, answer{}, err
	}
	return response, read, nil
}

func isWorthRepeating(status int, code string) bool {
	return status == 408 || status == 429 || status == 502 || status == 503 || status == 504 || code == "in_progress"
}

// submit repeats what may have got lost: the Idempotency-Key keeps it one verification.
func submit(contentType string, body []byte, idempotencyKey string) (*http.Response, answer, error) {
	for attempt := 1; ; attempt++ {
		response, read, err := send(contentType, body, idempotencyKey)
		if attempt == tries || (err == nil && !isWorthRepeating(response.StatusCode, read.Code)) {
			return response, read, err
		}
		wait := 1 << attempt
		if err == nil {
			if asked, e := strconv.Atoi(response.Header.Get("Retry-After")); e == nil {
				wait = asked
			}
		}
		time.Sleep(time.Duration(wait) * time.Second)
	}
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 6 {
		log.Fatal("usage: go run ./submit (json|form) ID_CARD NAME PHOTO REFERENCE")
	}
	form, photoPath, reference := os.Args[1], os.Args[4], os.Args[5]
	fields := map[string]string{"idCard": os.Args[2], "name": os.Args[3], "reference": reference}
	if url := os.Getenv("CALLBACK_URL"); url != "" {
		fields["callbackUrl"] = url
	}
	photo, err := os.ReadFile(photoPath)
	if err != nil {
		log.Fatal(err)
	}
	encode := asForm
	if form == "json" {
		encode = asJSON
	}
	contentType, body, err := encode(fields, photo)
	if err != nil {
		log.Fatal(err)
	}
	// The same key again if this program runs again, so that each person is asked about once.
	response, read, err := submit(contentType, body, reference)
	if err != nil {
		log.Fatal(err)
	}
	if response.StatusCode != http.StatusAccepted {
		fmt.Println(response.StatusCode, read.Code)
		for _, field := range read.Errors {
			fmt.Printf("%s %s: %s\n", field.Pointer, field.Code, field.Detail)
		}
		os.Exit(1)
	}
	replayed := ""
	if response.Header.Get("Idempotent-Replayed") == "true" {
		replayed = " replayed"
	}
	fmt.Printf("%s %s%s\n", read.ID, read.Status, replayed)
}
