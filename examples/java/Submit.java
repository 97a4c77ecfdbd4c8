import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Submits one photo: java Submit.java (json|form) ID_CARD NAME PHOTO REFERENCE */
public class Submit {
    static final int TRIES = 5;
    static final Set<Integer> WORTH_REPEATING = Set.of(408, 429, 502, 503, 504);
    static final HttpClient CLIENT = HttpClient.newHttpClient();

    record Body(String contentType, byte[] bytes) {}

    static Body asJson(Map<String, String> fields, byte[] photo) {
        Map<String, String> all = new LinkedHashMap<>(fields);
        all.put("imageBase64", Base64.getEncoder().encodeToString(photo));
        String members = all.entrySet().stream()
            .map(field -> quote(field.getKey()) + ":" + quote(field.getValue()))
            .collect(Collectors.joining(","));
        return new Body("application/json", ("{" + members + "}").getBytes(StandardCharsets.UTF_8));
    }

    static Body asForm(Map<String, String> fields, byte[] photo) throws IOException {
        String boundary = UUID.randomUUID().toString();
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        String start = "--" + boundary + "\r\nContent-Disposition: form-data; name=\"";
        for (Map.Entry<String, String> field : fields.entrySet()) {
            String part = start + field.getKey() + "\"\r\n\r\n" + field.getValue() + "\r\n";
            body.write(part.getBytes(StandardCharsets.UTF_8));
        }
        body.write((start + "image\"; filename=\"photo\"\r\n\r\n").getBytes(StandardCharsets.UTF_8));
        body.write(photo);
        body.write(("\r\n--" + boundary + "--\r\n").getBytes(StandardCharsets.UTF_8));
        return new Body("multipart/form-data; boundary=" + boundary, body.toByteArray());
    }

    /** Repeats what may have got lost: the Idempotency-Key keeps it one verification. */
    static HttpResponse<String> submit(Body body, String idempotencyKey) throws IOException, InterruptedException {
        String url = System.getenv().getOrDefault("VERIQUEUE_URL", "http://127.0.0.1:3000");
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/v1/verifications"))
            .timeout(Duration.ofSeconds(30))
            .header("Authorization", "Bearer " + System.getenv("VERIQUEUE_API_KEY"))
            .header("Content-Type", body.contentType())
            .header("Idempotency-Key", idempotencyKey)
            .POST(HttpRequest.BodyPublishers.ofByteArray(body.bytes()))
            .build();
        for (int attempt = 1; ; attempt++) {
            long wait = 1L << attempt;
            try {
                HttpResponse<String> answer = CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
                boolean isInProgress = "in_progress".equals(read(answer.body(), "code"));
                boolean isLost = WORTH_REPEATING.contains(answer.statusCode()) || isInProgress;
                if (!isLost || attempt == TRIES) return answer;
                wait = answer.headers().firstValueAsLong("retry-after").orElse(wait);
            } catch (IOException error) {
                if (attempt == TRIES) throw error;
            }
            Thread.sleep(Duration.ofSeconds(wait).toMillis());
        }
    }

    public static void main(String[] args) throws Exception {
        String form = args[0], reference = args[4];
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("idCard", args[1]);
        fields.put("name", args[2]);
        fields.put("reference", reference);
        String callbackUrl = System.getenv("CALLBACK_URL");
        if (callbackUrl != null) fields.put("callbackUrl", callbackUrl);
        byte[] photo = Files.readAllBytes(Path.of(args[3]));
        // The same key again if this program runs again, so that each person is asked about once.
        HttpResponse<String> answer = submit(form.equals("json") ? asJson(fields, photo) : asForm(fields, photo), reference);
        if (answer.statusCode() == 202) {
            boolean isReplayed = answer.headers().firstValue("idempotent-replayed").isPresent();
            System.out.println(read(answer.body(), "id") + " " + read(answer.body(), "status") + (isReplayed ? " replayed" : ""));
            return;
        }
        System.out.println(answer.statusCode() + " " + read(answer.body(), "code"));
        Matcher errors = Pattern.compile("\\{\"pointer\".*?\\}").matcher(answer.body());
        while (errors.find()) {
            String error = errors.group();
            System.out.println(read(error, "pointer") + " " + read(error, "code") + ": " + read(error, "detail"));
        }
        System.exit(1);
    }

    // Java has no JSON of its own: take your service's library in place of these two.

    static String quote(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char letter : text.toCharArray()) {
            if (letter == '"' || letter == '\\') quoted.append('\\').append(letter);
            else if (letter < 0x20) quoted.append(String.format("\\u%04x", (int) letter));
            else quoted.append(letter);
        }
        return quoted.append('"').toString();
    }

    /** The first text of this name. */
    static String read(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"((?:[^\"\\\\]|\\\\.)*)\"").matcher(json);
        return found.find() ? found.group(1) : "";
    }
}
