// Receives Loa's webhooks; Java 17 or later, nothing to install but a JDK.
// LOA_SECRET=whsec_... PORT=9000 java Receiver.java
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public final class Receiver {
    private static final long TOLERANCE_S = 300;
    private static final Set<String> SEEN = ConcurrentHashMap.newKeySet(); // keep it in your database
    private static final Map<String, Integer> NEWEST = new ConcurrentHashMap<>(); // likewise

    public static void main(String[] args) throws IOException {
        int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "9000"));
        String host = System.getenv().getOrDefault("HOST", "127.0.0.1");
        HttpServer server = HttpServer.create(new InetSocketAddress(host, port), 0);
        server.setExecutor(Executors.newFixedThreadPool(4));
        server.createContext("/", Receiver::receive);
        server.start();
        System.out.println("listening");
    }

    private static void receive(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes(); // as it came, before any parsing
        String id = header(exchange, "webhook-id");
        if (!isGenuine(id, header(exchange, "webhook-timestamp"),
                header(exchange, "webhook-signature"), body)) {
            answer(exchange, 401, "wrong signature");
            return;
        }
        String message = new String(body, StandardCharsets.UTF_8);
        if ("subscription.confirm".equals(text(message, "type"))) {
            answer(exchange, 200, text(message, "challenge"));
            return;
        }
        if (SEEN.add(id)) {
            take(message);
        }
        answer(exchange, 204, "");
    }

    /** Your work: put the post into your document system, and do the rest later. */
    private static void take(String message) {
        String type = text(message, "type");
        if (!type.startsWith("post.")) {
            System.out.println(type); // subscription.test, and types to come: nothing to do
            return;
        }
        String post = text(message, "id");
        int revision = Integer.parseInt(find(message, "\"revision\":(\\d+)"));
        int state = 2 * revision + (type.equals("post.withdrawn") ? 1 : 0);
        if (state < NEWEST.getOrDefault(post, 0)) {
            return; // an older state that came late
        }
        NEWEST.put(post, state);
        System.out.println(type + " " + post + " " + revision + " " + text(message, "title"));
    }

    static boolean isGenuine(String id, String timestamp, String signatures, byte[] body) {
        if (!timestamp.matches("\\d{1,12}")
                || Math.abs(Instant.now().getEpochSecond() - Long.parseLong(timestamp)) > TOLERANCE_S) {
            return false;
        }
        try {
            String secret = System.getenv("LOA_SECRET").substring("whsec_".length());
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(Base64.getDecoder().decode(secret), "HmacSHA256"));
            mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
            byte[] wanted = ("v1," + Base64.getEncoder().encodeToString(mac.doFinal(body)))
                    .getBytes(StandardCharsets.UTF_8);
            for (String signature : signatures.split(" ")) {
                if (MessageDigest.isEqual(wanted, signature.getBytes(StandardCharsets.UTF_8))) {
                    return true;
                }
            }
            return false;
        } catch (GeneralSecurityException error) {
            throw new IllegalStateException(error);
        }
    }

    /** The first string of that name. Take a JSON library (Jackson, Gson) for more than these. */
    private static String text(String json, String name) {
        return find(json, "\"" + name + "\":\"([^\"\\\\]*(?:\\\\.[^\"\\\\]*)*)\"");
    }

    private static String find(String json, String pattern) {
        Matcher found = Pattern.compile(pattern).matcher(json);
        return found.find() ? found.group(1) : "";
    }

    private static String header(HttpExchange exchange, String name) {
        String value = exchange.getRequestHeaders().getFirst(name);
        return value == null ? "" : value;
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }
}
