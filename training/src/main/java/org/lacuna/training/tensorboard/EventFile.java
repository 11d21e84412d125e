package org.lacuna.training.tensorboard;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.stream.Stream;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.nd4j.shade.protobuf.ByteString;
import org.nd4j.shade.protobuf.CodedOutputStream;
import org.tensorflow.framework.DataType;
import org.tensorflow.framework.Summary;
import org.tensorflow.framework.SummaryMetadata;
import org.tensorflow.framework.TensorProto;

/**
 * TensorBoard's event file of a process: the numbers and texts of each line of {@code metrics.jsonl}, an object's under {@code object/key}, and
 * tokens a second.
 *
 * <p>A process that goes on with a run writes a file of its own, and never changes an earlier one, which TensorBoard may be reading. It
 * begins with a session's start at its first step: TensorBoard then forgets what earlier files have of that step and later ones.
 * The file is made when there is something to write.
 */
public final class EventFile implements AutoCloseable {
    /** How the file's name begins: milliseconds since 1970 follow, since TensorBoard reads files in the order of their names. */
    public static final String PREFIX = "events.out.tfevents.";

    // Fields of tensorflow.Event and tensorflow.SessionLog, which ND4J has no classes of.
    private static final int WALL_TIME = 1;
    private static final int STEP = 2;
    private static final int FILE_VERSION = 3;
    private static final int SUMMARY = 5;
    private static final int SESSION_LOG = 7;
    private static final int STATUS = 1;
    private static final int START = 1;
    private static final double MILLI = 1e-3;
    /** What tells TensorBoard that a tensor of strings is text to be shown. */
    private static final SummaryMetadata TEXT = SummaryMetadata.newBuilder().setPluginData(SummaryMetadata.PluginData.newBuilder().setPluginName("text")).build();

    private final Path folder;
    private Path file;
    private FileChannel channel;

    /** {@code folder}: the run's. */
    public EventFile(Path folder) {
        this.folder = folder;
    }

    private interface Content {
        void write(CodedOutputStream event) throws IOException;
    }

    /** Writes the numbers and texts of a line of metrics. */
    public void append(ObjectNode line) {
        long step = line.path("step").asLong();
        if (channel == null) {
            open();
            event(0, event -> event.writeString(FILE_VERSION, "brain.Event:2"));
            restart(step);
        }
        Summary.Builder summary = Summary.newBuilder();
        ObjectNode figures = line.deepCopy();
        figures.remove("step");
        double seconds = line.path("time").path("seconds").asDouble();
        if (seconds > 0 && line.path("tokens").isNumber()) {
            figures.put("tokens_per_second", line.path("tokens").asDouble() / seconds);
        }
        add("", figures, summary);
        event(step, event -> event.writeMessage(SUMMARY, summary.build()));
    }

    /** Says that the steps from this one on are taken again. */
    public void restart(long step) {
        if (channel != null) {
            event(step, event -> event.writeByteArray(SESSION_LOG, message(log -> log.writeEnum(STATUS, START))));
        }
    }

    private static void add(String prefix, ObjectNode object, Summary.Builder summary) {
        object.fields().forEachRemaining(field -> {
            JsonNode value = field.getValue();
            if (value instanceof ObjectNode inner) {
                add(prefix + field.getKey() + "/", inner, summary);
            } else if (value.isNumber()) {
                summary.addValue(Summary.Value.newBuilder().setTag(prefix + field.getKey()).setSimpleValue((float) value.asDouble()));
            } else if (value.isTextual() && !value.asText().isEmpty()) {
                summary.addValue(Summary.Value.newBuilder().setTag(prefix + field.getKey()).setMetadata(TEXT)
                        .setTensor(TensorProto.newBuilder().setDtype(DataType.DT_STRING).addStringVal(ByteString.copyFromUtf8(value.asText()))));
            }
        });
    }

    private static byte[] message(Content content) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        content.write(out);
        out.flush();
        return bytes.toByteArray();
    }

    private void event(long step, Content content) {
        try {
            ByteBuffer record = Records.frame(message(event -> {
                event.writeDouble(WALL_TIME, System.currentTimeMillis() * MILLI);
                event.writeInt64(STEP, step);
                content.write(event);
            }));
            while (record.hasRemaining()) {
                channel.write(record);
            }
        } catch (IOException e) {
            throw new RunException(file + ": can't be written: " + AtomicFiles.reason(e), e);
        }
    }

    private void open() {
        try {
            file = folder.resolve(String.format(Locale.ROOT, "%s%013d", PREFIX, Math.max(System.currentTimeMillis(), latest() + 1)));
            channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new RunException(folder + ": no event file can be made there: " + AtomicFiles.reason(e), e);
        }
    }

    /** When the newest file there is was made, by its name; the clock may have been put back since. */
    private long latest() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).filter(name -> name.matches("\\Q" + PREFIX + "\\E[0-9]{13}"))
                    .map(name -> Long.parseLong(name.substring(PREFIX.length()))).max(Long::compare).orElse(0L);
        }
    }

    @Override
    public void close() {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            throw new RunException(file + ": can't be closed: " + AtomicFiles.reason(e), e);
        }
    }
}
