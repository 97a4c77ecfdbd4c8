import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Sends `times` bodies of `bytes` bytes to `url` and prints the status of each answer. */
class EarlyRefusals {
  public static void main(String[] arguments) throws Exception {
    var body = new byte[Integer.parseInt(arguments[1])];
    var authorization = arguments[3];
    for (int i = 0; i < Integer.parseInt(arguments[2]); i += 1) {
      var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
      var request = HttpRequest.newBuilder(URI.create(arguments[0]))
          .header("Content-Type", "application/json")
          .header("Authorization", authorization)
          .POST(HttpRequest.BodyPublishers.ofByteArray(body))
          .build();
      System.out.println(client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode());
    }
  }
}
