package org.lacuna.zoo.maven;

import com.sun.net.httpserver.BasicAuthenticator;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A Maven repository over HTTP on this machine, by the JDK's server: GET, HEAD and PUT of files below a folder, parts of a file, a user and a
 * password. It is what the protocol asks of a repository manager, which a test can't start.
 */
final class HttpRepository implements AutoCloseable {
    static final String USER = "ann";
    static final String PASSWORD = "correct horse";

    private final HttpServer server;
    private final Path root;
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private volatile long cutAfter = Long.MAX_VALUE;
    private volatile String wrongRange;
    private volatile long declared = -1;

    HttpRepository(Path root) throws IOException {
        this.root = root;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/releases", this::answer).setAuthenticator(new BasicAuthenticator("models") {
            @Override
            public boolean checkCredentials(String user, String password) {
                return user.equals(USER) && password.equals(PASSWORD);
            }
        });
        server.createContext("/forbidden", exchange -> reply(exchange, 403));
        server.createContext("/loop", exchange -> {
            exchange.getResponseHeaders().set("Location", exchange.getRequestURI().toString());
            reply(exchange, 302);
        });
        server.start();
    }

    String url(String context) {
        return "http://localhost:" + server.getAddress().getPort() + "/" + context;
    }

    /** Method and path of each request that had the right password, and the part that it asked for. */
    List<String> requests() {
        return requests;
    }

    /** The connection of a GET ends after so many bytes. */
    void cutAfter(long bytes) {
        cutAfter = bytes;
    }

    /** What stands in Content-Range whatever part is asked for. */
    void wrongRange(String range) {
        wrongRange = range;
    }

    /** What stands in Content-Length of a GET of an archive, whatever its length; 0 for none at all. */
    void declares(long length) {
        declared = length;
    }

    @Override
    public void close() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        Path file = root.resolve(exchange.getRequestURI().getPath().substring("/releases/".length()));
        String range = exchange.getRequestHeaders().getFirst("Range");
        requests.add(exchange.getRequestMethod() + " " + file.getFileName() + (range == null ? "" : " " + range));
        if (exchange.getRequestMethod().equals("PUT")) {
            Files.createDirectories(file.getParent());
            Files.write(file, exchange.getRequestBody().readAllBytes());
            reply(exchange, 201);
        } else if (!Files.isRegularFile(file)) {
            reply(exchange, 404);
        } else if (exchange.getRequestMethod().equals("HEAD")) {
            reply(exchange, 200);
        } else {
            long told = file.toString().endsWith(".zip") ? declared : -1;
            send(exchange, told, Files.readAllBytes(file), range == null ? 0 : Integer.parseInt(range.replaceAll("bytes=([0-9]+)-.*", "$1")));
        }
    }

    private void send(HttpExchange exchange, long told, byte[] bytes, int from) throws IOException {
        if (from > 0) {
            exchange.getResponseHeaders().set("Content-Range", wrongRange != null ? wrongRange : "bytes " + from + "-" + (bytes.length - 1) + "/" + bytes.length);
        }
        int length = bytes.length - from;
        exchange.sendResponseHeaders(from > 0 ? 206 : 200, told >= 0 ? told : length == 0 ? -1 : length);
        try (exchange; OutputStream body = exchange.getResponseBody()) {
            body.write(bytes, from, (int) Math.min(length, cutAfter));
        }
    }

    private static void reply(HttpExchange exchange, int status) throws IOException {
        try (exchange) {
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(status, -1);
        }
    }
}
