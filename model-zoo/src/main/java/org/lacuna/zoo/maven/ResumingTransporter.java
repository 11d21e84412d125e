package org.lacuna.zoo.maven;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import org.apache.http.client.HttpResponseException;
import org.eclipse.aether.spi.connector.transport.GetTask;
import org.eclipse.aether.spi.connector.transport.PeekTask;
import org.eclipse.aether.spi.connector.transport.PutTask;
import org.eclipse.aether.spi.connector.transport.TransportListener;
import org.eclipse.aether.spi.connector.transport.Transporter;
import org.eclipse.aether.transfer.TransferCancelledException;
import org.lacuna.run.folder.AtomicFiles;

/**
 * Downloads archives so that one that was cut off, or whose process was killed, goes on where it was: into a file that keeps its name, from which the
 * resolver gets it when it is complete. Maven Resolver's transport can go on, its connector begins again each time. Whether the parts fit together
 * is found out by the repository's checksum; the file is gone then and the next download begins anew.
 */
final class ResumingTransporter implements Transporter {
    private static final String ARCHIVE = ".zip";
    private static final int RANGE_NOT_SATISFIABLE = 416;

    private final Transporter transporter;
    private final String repository;
    private final Path parts;

    /** {@code parts}: the folder of what is not complete, of one repository. */
    ResumingTransporter(Transporter transporter, String repository, Path parts) {
        this.transporter = transporter;
        this.repository = repository;
        this.parts = parts;
    }

    @Override
    public void get(GetTask task) throws Exception {
        if (!task.getLocation().getPath().endsWith(ARCHIVE)) {
            task.setListener(new Bounded(task.getListener()));
            transporter.get(task);
            return;
        }
        Files.createDirectories(parts);
        String name = UUID.nameUUIDFromBytes((repository + " " + task.getLocation()).getBytes(StandardCharsets.UTF_8)).toString();
        try (FileChannel lock = FileChannel.open(parts.resolve(name + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock held = tryLock(lock)) {
            if (held == null) {
                // Another downloads the same just now; each gets its own.
                transporter.get(task);
                return;
            }
            Path part = parts.resolve(name + ".part");
            download(task, part);
            handOver(task, part);
            Files.delete(part);
        }
    }

    @Override
    public int classify(Throwable error) {
        return transporter.classify(error);
    }

    @Override
    public void peek(PeekTask task) throws Exception {
        transporter.peek(task);
    }

    @Override
    public void put(PutTask task) throws Exception {
        transporter.put(task);
    }

    @Override
    public void close() {
        transporter.close();
    }

    private void download(GetTask task, Path part) throws Exception {
        long before = Files.exists(part) ? Files.size(part) : 0;
        try {
            fetch(task, part);
        } catch (IOException e) {
            if (before == 0 || Files.size(part) != before || e instanceof ConnectException || e instanceof SocketTimeoutException || e instanceof UnknownHostException) {
                throw e;
            }
            if (e instanceof HttpResponseException http && http.getStatusCode() == RANGE_NOT_SATISFIABLE) {
                // It was complete already, or is that of a longer file.
                Files.delete(part);
                fetch(task, part);
                return;
            }
            // A server that has no right answer when it is asked for the rest of a file is asked for all of it; what is there stays until that has come.
            Path whole = part.resolveSibling(part.getFileName() + ".whole");
            try {
                Files.deleteIfExists(whole);
                fetch(task, whole);
                Files.move(whole, part, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(whole);
            }
        }
    }

    private void fetch(GetTask task, Path part) throws Exception {
        try (PartWriter writer = new PartWriter(part)) {
            transporter.get(new GetTask(task.getLocation()).setDataFile(part.toFile(), true).setListener(writer));
        }
    }

    /** Ends the transfer of a list, a checksum or a signature that is longer than any is: a stranger's may never end. */
    private static final class Bounded extends TransportListener {
        private final TransportListener listener;
        private long bytes;

        Bounded(TransportListener listener) {
            this.listener = listener;
        }

        @Override
        public void transportStarted(long offset, long length) throws TransferCancelledException {
            bytes = offset;
            listener.transportStarted(offset, length);
        }

        @Override
        public void transportProgressed(ByteBuffer data) throws TransferCancelledException {
            bytes += data.remaining();
            if (bytes > MavenRepository.MAX_METADATA_BYTES) {
                throw new TransferCancelledException("longer than " + MavenRepository.MAX_METADATA_BYTES + " bytes, more than such a file has");
            }
            listener.transportProgressed(data);
        }
    }

    /**
     * Keeps what comes as it comes: the transport itself writes a copy that it throws away when it fails, and puts in the part's place when
     * it does not.
     */
    private static final class PartWriter extends TransportListener implements AutoCloseable {
        private final Path part;
        private FileChannel channel;

        PartWriter(Path part) {
            this.part = part;
        }

        @Override
        public void transportStarted(long offset, long length) throws TransferCancelledException {
            try {
                close();
                channel = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                channel.truncate(offset).position(offset);
            } catch (IOException e) {
                throw cancelled(e);
            }
        }

        @Override
        public void transportProgressed(ByteBuffer data) throws TransferCancelledException {
            try {
                ByteBuffer left = data.duplicate();
                while (left.hasRemaining()) {
                    channel.write(left);
                }
            } catch (IOException e) {
                throw cancelled(e);
            }
        }

        @Override
        public void close() throws IOException {
            if (channel != null) {
                channel.close();
            }
        }

        private TransferCancelledException cancelled(IOException e) {
            return new TransferCancelledException(part + ": can't be written: " + AtomicFiles.reason(e), e);
        }
    }

    private static void handOver(GetTask task, Path part) throws Exception {
        task.getListener().transportStarted(0, Files.size(part));
        try (InputStream in = Files.newInputStream(part); OutputStream out = task.newOutputStream()) {
            byte[] buffer = new byte[1 << 16];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                out.write(buffer, 0, read);
                task.getListener().transportProgressed(ByteBuffer.wrap(buffer, 0, read));
            }
        }
    }

    private static FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }
}
