import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Receives events: WEBHOOK_SECRET=whsec_… java Receive.java */
public class Receive {
    /** Several, separated by spaces, while one replaces another. */
    static final List<String> SECRETS = List.of(System.getenv("WEBHOOK_SECRET").split(" "));
    static final int TOLERANCE_SECONDS = 5 * 60;
    static final int MAX_BODY_BYTES = 64 * 1024;
    /** In your service: a table with this primary key, written in one transaction with the result. */
    static final Set<String> SEEN = new HashSet<>();

    /** Standard Webhooks 1.0.0, over the bytes as they were received. */
    static boolean isAuthentic(Headers headers, byte[] body) throws GeneralSecurityException {
        String timestamp = first(headers, "webhook-timestamp");
        if (!timestamp.matches("[0-9]{1,12}")) return false;
        if (Math.abs(Instant.now().getEpochSecond() - Long.parseLong(timestamp)) > TOLERANCE_SECONDS) return false;
        String head = first(headers, "webhook-id") + "." + timestamp + ".";
        for (String secret : SECRETS) {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(Base64.getDecoder().decode(secret.replaceFirst("^whsec_", "")), "HmacSHA256"));
            mac.update(head.getBytes(StandardCharsets.UTF_8));
            byte[] expected = ("v1," + Base64.getEncoder().encodeToString(mac.doFinal(body))).getBytes(StandardCharsets.UTF_8);
            for (String given : first(headers, "webhook-signature").split(" ")) {
                // MessageDigest.isEqual takes the same time wherever the two differ.
                if (MessageDigest.isEqual(given.getBytes(StandardCharsets.UTF_8), expected)) return true;
            }
        }
        return false;
    }

    static int receive(HttpExchange exchange) throws IOException, GeneralSecurityException {
        byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY_BYTES + 1);
        if (body.length > MAX_BODY_BYTES) return 413;
        if (!isAuthentic(exchange.getRequestHeaders(), body)) return 400;
        String id = first(exchange.getRequestHeaders(), "webhook-id");
        synchronized (SEEN) {
            if (!SEEN.contains(id)) handle(new String(body, StandardCharsets.UTF_8));
            SEEN.add(id);
        }
        return 204; // also for a repetition, and for a type that you do not know
    }

    static void handle(String event) {
        String type = read(event, "type");
        if (!type.equals("verification.completed") && !type.equals("verification.failed")) return;
        // Believe a verdict only when data.livemode is true: the sandbox knows made-up people only.
        System.out.println(type + " " + read(event, "reference") + " " + read(event, "verdict"));
    }

    static String first(Headers headers, String name) {
        String value = headers.getFirst(name);
        return value == null ? "" : value;
    }

    /** The first text of this name. Java has no JSON of its own: take your service's library in place of this. */
    static String read(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"((?:[^\"\\\\]|\\\\.)*)\"").matcher(json);
        return found.find() ? found.group(1) : "";
    }

    public static void main(String[] args) throws IOException {
        int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "4000"));
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.setExecutor(Executors.newFixedThreadPool(8));
        server.createContext("/", exchange -> {
            try (exchange) {
                exchange.sendResponseHeaders(receive(exchange), -1);
            } catch (GeneralSecurityException | RuntimeException error) {
                exchange.sendResponseHeaders(500, -1); // it is not stored, so it must come again
            }
        });
        server.start();
    }
}
