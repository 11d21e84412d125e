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
 *
 * <p>A stranger's archive is as long as the server says, and is refused where the disk has no room for that; of one whose length the server does not
 * tell, {@value #MOST_UNTOLD} bytes are taken.
 */
final class ResumingTransporter implements Transporter {
    private static final String ARCHIVE = ".zip";
    private static final int RANGE_NOT_SATISFIABLE = 416;
    /** 4 GiB: repositories that are any tell a file's length. */
    static final long MOST_UNTOLD = 4L << 30;

    private final Transporter transporter;
    private final String repository;
    private final Path parts;
    private final long mostUntold;

    /**
     * {@code parts}: the folder of what is not complete, of one repository; {@code mostUntold}: bytes of an archive of untold length.
     */
    ResumingTransporter(Transporter transporter, String repository, Path parts, long mostUntold) {
        this.transporter = transporter;
        this.repository = repository;
        this.parts = parts;
        this.mostUntold = mostUntold;
    }

    @Override
    public void get(GetTask task) throws Exception {
        if (!task.getLocation().getPath().endsWith(ARCHIVE)) {
            task.setListener(new Bounded(task.getListener(), Room.OF_METADATA));
            transporter.get(task);
            return;
        }
        Files.createDirectories(parts);
        String name = UUID.nameUUIDFromBytes((repository + " " + task.getLocation()).getBytes(StandardCharsets.UTF_8)).toString();
        try (FileChannel lock = FileChannel.open(parts.resolve(name + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock held = tryLock(lock)) {
            if (held == null) {
                // Another downloads the same just now; each gets its own.
                task.setListener(new Bounded(task.getListener(), new Room(parts, mostUntold)));
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
        PartWriter writer = new PartWriter(part, new Room(parts, mostUntold));
        try (writer) {
            transporter.get(new GetTask(task.getLocation()).setDataFile(part.toFile(), true).setListener(writer));
        } catch (Exception e) {
            // The transport reads what it was not to, without keeping it, and may fail at that.
            if (writer.refusal != null) {
                Files.deleteIfExists(part);
                throw writer.refusal;
            }
            throw e;
        }
    }

    /** A transfer that was ended because it is longer than there is room or reason for. */
    static final class TooLongException extends TransferCancelledException {
        private static final long serialVersionUID = 1;

        TooLongException(String message) {
            super(message);
        }
    }

    /** How long a transfer may be: as its server tells and {@code folder}'s disk has room for, if there is one, else {@code mostUntold} bytes. */
    private record Room(Path folder, long mostUntold) {
        /** Of a list, a checksum or a signature. */
        static final Room OF_METADATA = new Room(null, MavenRepository.MAX_METADATA_BYTES);

        /** @param length of the whole file, negative if it is not told */
        void check(long offset, long length) throws TransferCancelledException {
            if (folder == null || length < 0) {
                return;
            }
            // What is left of it, and then a copy of all of it. A disk that can't be asked says 0, and so does a full one, which is told when it is written to.
            long free = folder.toFile().getUsableSpace();
            if (free > 0 && (length > free || length - offset > free - length)) {
                throw new TooLongException("it is " + length + " bytes long, and " + free + " are free at " + folder
                        + "; a download takes twice its length for a moment. Make room, or put the cache elsewhere by -Dlacuna.zoo.cache=");
            }
        }

        /** @param told whether the length is */
        void check(long bytes, boolean told) throws TransferCancelledException {
            if (bytes > mostUntold && (folder == null || !told)) {
                throw folder == null ? new TransferCancelledException("longer than " + mostUntold + " bytes, more than such a file has")
                        : new TooLongException("its server does not tell its length, and more than " + mostUntold
                                + " bytes came; ask the repository's owner for one that sends Content-Length");
            }
        }
    }

    /** Ends a transfer that is too long: a stranger's may never end. */
    private static final class Bounded extends TransportListener {
        private final TransportListener listener;
        private final Room room;
        private long bytes;
        private boolean told;

        Bounded(TransportListener listener, Room room) {
            this.listener = listener;
            this.room = room;
        }

        @Override
        public void transportStarted(long offset, long length) throws TransferCancelledException {
            room.check(offset, length);
            bytes = offset;
            told = length >= 0;
            listener.transportStarted(offset, length);
        }

        @Override
        public void transportProgressed(ByteBuffer data) throws TransferCancelledException {
            bytes += data.remaining();
            room.check(bytes, told);
            listener.transportProgressed(data);
        }
    }

    /**
     * Keeps what comes as it comes: the transport itself writes a copy that it throws away when it fails, and puts in the part's place when
     * it does not.
     */
    private static final class PartWriter extends TransportListener implements AutoCloseable {
        private final Path part;
        private final Room room;
        private FileChannel channel;
        private boolean told;
        private TooLongException refusal;

        PartWriter(Path part, Room room) {
            this.part = part;
            this.room = room;
        }

        @Override
        public void transportStarted(long offset, long length) throws TransferCancelledException {
            try {
                room.check(offset, length);
            } catch (TooLongException e) {
                refusal = e;
                throw e;
            }
            told = length >= 0;
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
                room.check(channel.position() + data.remaining(), told);
            } catch (TooLongException e) {
                refusal = e;
                throw e;
            } catch (IOException e) {
                throw cancelled(e);
            }
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
