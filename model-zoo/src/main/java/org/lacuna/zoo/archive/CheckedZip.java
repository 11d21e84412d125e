package org.lacuna.zoo.archive;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import org.apache.commons.compress.archivers.zip.UnixStat;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.lacuna.run.InputException;

/**
 * A zip whose headers were all found in order: those of the central directory, those before each content, and that both tell the same. What the
 * contents are is found out by {@link #copy}, which stops at the size that the header told.
 */
final class CheckedZip implements AutoCloseable {
    /** Of the central directory; a thousand long names with their attributes take a tenth. */
    static final int MAX_HEADER_BYTES = 8 << 20;
    /** Bytes of content for each byte of zip. Text shrinks to a tenth at best, weights hardly. */
    static final int MAX_RATIO = 20;
    /** What a zip may expand to in any case. */
    static final long FREE_BYTES = 16 << 20;

    private static final int END_SIGNATURE = 0x06054b50;
    private static final int END_BYTES = 22;
    private static final int LOCAL_SIGNATURE = 0x04034b50;
    private static final int LOCAL_BYTES = 30;
    /** A size that a zip64 field has in its place. */
    private static final long ELSEWHERE = 0xffff_ffffL;
    private static final int ENCRYPTED = 1;
    private static final int SIZES_FOLLOW = 8;

    private final Path path;
    private final FileChannel channel;
    private final ZipFile zip;
    private final List<ZipArchiveEntry> files = new ArrayList<>();
    private long bytes;

    private CheckedZip(Path path, FileChannel channel, ZipFile zip) {
        this.path = path;
        this.channel = channel;
        this.zip = zip;
    }

    static CheckedZip open(Path path) throws IOException {
        if (!Files.isRegularFile(path)) {
            throw new InputException(path + ": no such file");
        }
        FileChannel channel = FileChannel.open(path);
        try {
            HeaderChannel headers = new HeaderChannel(channel, MAX_HEADER_BYTES);
            ZipFile zip = ZipFile.builder().setSeekableByteChannel(headers).setUseUnicodeExtraFields(false).setIgnoreLocalFileHeader(true).get();
            headers.unbounded();
            CheckedZip checked = new CheckedZip(path, channel, zip);
            checked.check();
            return checked;
        } catch (IllegalArgumentException e) {
            channel.close();
            throw new IOException("its headers contradict themselves", e);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** The files in it, without entries that are folders. */
    List<ZipArchiveEntry> files() {
        return files;
    }

    /** The sum of the files' sizes. */
    long bytes() {
        return bytes;
    }

    /** Writes a file's content; never more than its header told. */
    void copy(ZipArchiveEntry entry, OutputStream output) throws IOException {
        CRC32 crc = new CRC32();
        long left = entry.getSize();
        try (InputStream in = new CheckedInputStream(zip.getInputStream(entry), crc)) {
            byte[] buffer = new byte[1 << 16];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                left -= read;
                if (left < 0) {
                    throw new InputException(path + ": " + EntryNames.shown(entry.getName()) + ": expands to more than the " + entry.getSize()
                            + " bytes that its header tells");
                }
                output.write(buffer, 0, read);
            }
        } catch (IOException e) {
            throw new InputException(path + ": " + EntryNames.shown(entry.getName()) + ": its content is damaged: " + e.getMessage(), e);
        }
        if (left > 0 || crc.getValue() != entry.getCrc()) {
            throw new InputException(path + ": " + EntryNames.shown(entry.getName()) + ": its content is damaged: its "
                    + (left > 0 ? "length" : "CRC-32") + " is not that of its header");
        }
    }

    @Override
    public void close() throws IOException {
        try (channel) {
            zip.close();
        }
    }

    private void check() throws IOException {
        List<ZipArchiveEntry> entries = Collections.list(zip.getEntries());
        if (entries.size() > Archive.MAX_ENTRIES) {
            throw new InputException(path + ": has " + entries.size() + " entries, more than " + Archive.MAX_ENTRIES + "; a model has fewer");
        }
        ByteBuffer end = ByteBuffer.allocate(END_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        if (!read(end, Math.max(0, channel.size() - END_BYTES)) || end.getInt(0) != END_SIGNATURE
                || Short.toUnsignedInt(end.getShort(10)) != entries.size()) {
            throw new InputException(path
                    + ": does not end with the number of its entries; it is damaged, or has a comment, which a model needs not");
        }
        List<String> problems = new ArrayList<>();
        EntryNames names = new EntryNames();
        for (ZipArchiveEntry entry : entries) {
            names.add(entry.getName(), entry.isDirectory());
            String problem = problem(entry);
            if (problem != null) {
                problems.add(EntryNames.shown(entry.getName()) + ": " + problem);
            } else if (!entry.isDirectory()) {
                files.add(entry);
                bytes = entry.getSize() > Long.MAX_VALUE - bytes ? Long.MAX_VALUE : bytes + entry.getSize();
            }
        }
        problems.addAll(names.problems());
        if (problems.isEmpty() && files.isEmpty()) {
            problems.add("holds no file");
        }
        if (problems.isEmpty()) {
            checkOverlap(entries, problems);
        }
        long bound = Math.addExact(FREE_BYTES, Math.multiplyExact(MAX_RATIO, channel.size()));
        if (bytes > bound) {
            problems.add("would expand to " + bytes + " bytes, more than " + bound + ", which is " + MAX_RATIO
                    + " times its size; no model shrinks so");
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems.stream().map(problem -> path + ": " + problem).toList());
        }
    }

    /** What is wrong with an entry beside its name, or null. */
    private String problem(ZipArchiveEntry entry) throws IOException {
        int type = (int) (entry.getExternalAttributes() >>> Short.SIZE) & UnixStat.FILE_TYPE_FLAG;
        if (type == UnixStat.LINK_FLAG) {
            return "is a symbolic link; a model holds ordinary files only";
        }
        if (type != 0 && type != (entry.isDirectory() ? UnixStat.DIR_FLAG : UnixStat.FILE_FLAG)) {
            return "is no ordinary file; a model holds nothing else";
        }
        if ((entry.getRawFlag() & ENCRYPTED) != 0) {
            return "is encrypted; publish it open";
        }
        if (entry.getMethod() != ZipEntry.STORED && entry.getMethod() != ZipEntry.DEFLATED) {
            return "is compressed by method " + entry.getMethod() + "; expected stored or deflated";
        }
        if (entry.getSize() < 0 || entry.getCompressedSize() < 0
                || entry.getMethod() == ZipEntry.STORED && entry.getSize() != entry.getCompressedSize()
                || entry.isDirectory() && entry.getSize() != 0) {
            return "its header tells a size that can't be";
        }
        return local(entry);
    }

    /** What the header before the content tells otherwise than the central directory, or null. */
    private String local(ZipArchiveEntry entry) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(LOCAL_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        if (!read(header, entry.getLocalHeaderOffset()) || header.getInt(0) != LOCAL_SIGNATURE) {
            return "has no header before its content; the zip is damaged";
        }
        int flags = Short.toUnsignedInt(header.getShort(6));
        ByteBuffer name = ByteBuffer.allocate(Short.toUnsignedInt(header.getShort(26)));
        boolean same = read(name, entry.getLocalHeaderOffset() + LOCAL_BYTES) && Arrays.equals(name.array(), entry.getRawName())
                && Short.toUnsignedInt(header.getShort(8)) == entry.getMethod() && (flags & ENCRYPTED) == 0;
        if (same && (flags & SIZES_FOLLOW) == 0) {
            same = Integer.toUnsignedLong(header.getInt(14)) == entry.getCrc() && size(header, 18, entry.getCompressedSize())
                    && size(header, 22, entry.getSize());
        }
        return same ? null : "the header before its content contradicts the central directory";
    }

    private static boolean size(ByteBuffer header, int offset, long expected) {
        long told = Integer.toUnsignedLong(header.getInt(offset));
        return told == expected || told == ELSEWHERE;
    }

    private boolean read(ByteBuffer into, long position) throws IOException {
        long at = position;
        while (into.hasRemaining()) {
            int read = channel.read(into, at);
            if (read < 0) {
                return false;
            }
            at += read;
        }
        return true;
    }

    /** One content that many entries share makes much of little too. */
    private void checkOverlap(List<ZipArchiveEntry> entries, List<String> problems) throws IOException {
        List<ZipArchiveEntry> ordered = new ArrayList<>(entries);
        ordered.sort(Comparator.comparingLong(ZipArchiveEntry::getLocalHeaderOffset));
        long end = 0;
        for (ZipArchiveEntry entry : ordered) {
            if (entry.getLocalHeaderOffset() < end) {
                problems.add(EntryNames.shown(entry.getName()) + ": shares bytes with the entry before it");
            }
            ByteBuffer lengths = ByteBuffer.allocate(2 * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            read(lengths, entry.getLocalHeaderOffset() + LOCAL_BYTES - lengths.capacity());
            if (entry.getCompressedSize() > channel.size()) {
                problems.add(EntryNames.shown(entry.getName()) + ": ends behind the end of the zip, which was cut short");
                return;
            }
            end = entry.getLocalHeaderOffset() + LOCAL_BYTES + Short.toUnsignedInt(lengths.getShort(0))
                    + Short.toUnsignedInt(lengths.getShort(Short.BYTES))
                    + entry.getCompressedSize();
            if (end > channel.size()) {
                problems.add(EntryNames.shown(entry.getName()) + ": ends behind the end of the zip, which was cut short");
            }
        }
    }

    /** A file's channel that gives no more than some bytes at first: a library reads all entries that a directory has, however many. */
    private static final class HeaderChannel implements SeekableByteChannel {
        private final FileChannel channel;
        private long left;

        HeaderChannel(FileChannel channel, long left) {
            this.channel = channel;
            this.left = left;
        }

        void unbounded() {
            left = Long.MAX_VALUE;
        }

        @Override
        public int read(ByteBuffer into) throws IOException {
            int read = channel.read(into);
            left -= Math.max(0, read);
            if (left < 0) {
                throw new IOException("its headers are longer than " + MAX_HEADER_BYTES + " bytes");
            }
            return read;
        }

        @Override
        public int write(ByteBuffer from) {
            throw new UnsupportedOperationException("it is only read");
        }

        @Override
        public long position() throws IOException {
            return channel.position();
        }

        @Override
        public SeekableByteChannel position(long position) throws IOException {
            channel.position(position);
            return this;
        }

        @Override
        public long size() throws IOException {
            return channel.size();
        }

        @Override
        public SeekableByteChannel truncate(long size) {
            throw new UnsupportedOperationException("it is only read");
        }

        @Override
        public boolean isOpen() {
            return channel.isOpen();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
