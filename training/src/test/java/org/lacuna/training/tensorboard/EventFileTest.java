package org.lacuna.training.tensorboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.Json;
import org.nd4j.shade.protobuf.CodedInputStream;
import org.tensorflow.framework.DataType;
import org.tensorflow.framework.Summary;

class EventFileTest {
    @TempDir
    private Path temp;

    /** What a record says: its step, the file's version, whether a session starts, its numbers and its texts. */
    private record Event(long step, String version, boolean start, Map<String, Float> numbers, Map<String, String> texts) {

        Event(long step, String version, boolean start, Map<String, Float> numbers) {
            this(step, version, start, numbers, Map.of());
        }
    }

    /** Reads records as the format's description has it, with a checksum of its own. */
    private static List<Event> read(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        List<Event> events = new ArrayList<>();
        while (bytes.hasRemaining()) {
            byte[] length = new byte[8];
            bytes.get(length);
            assertEquals(masked(length), bytes.getInt(), "checksum of the length");
            byte[] data = new byte[(int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong()];
            bytes.get(data);
            assertEquals(masked(data), bytes.getInt(), "checksum of the data");
            events.add(event(data));
        }
        return events;
    }

    private static Event event(byte[] data) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(data);
        long step = 0;
        String version = "";
        boolean start = false;
        Map<String, Float> numbers = new LinkedHashMap<>();
        Map<String, String> texts = new LinkedHashMap<>();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (tag >>> 3) {
                case 1 -> assertEquals(System.currentTimeMillis() / 1000.0, in.readDouble(), 60);
                case 2 -> step = in.readInt64();
                case 3 -> version = in.readString();
                case 5 -> Summary.parseFrom(in.readByteArray()).getValueList().forEach(v -> {
                    if (v.getMetadata().getPluginData().getPluginName().equals("text")) {
                        assertEquals(DataType.DT_STRING, v.getTensor().getDtype());
                        texts.put(v.getTag(), v.getTensor().getStringVal(0).toStringUtf8());
                    } else {
                        numbers.put(v.getTag(), v.getSimpleValue());
                    }
                });
                case 7 -> start = Arrays.equals(new byte[] {8, 1}, in.readByteArray());
                default -> throw new AssertionError("field " + (tag >>> 3));
            }
        }
        return new Event(step, version, start, numbers, texts);
    }

    /** CRC-32C bit by bit (reversed polynomial 0x82F63B78), masked. */
    private static int masked(byte[] data) {
        int crc = -1;
        for (byte b : data) {
            crc ^= b & 0xFF;
            for (int i = 0; i < 8; i++) {
                crc = (crc & 1) == 0 ? crc >>> 1 : crc >>> 1 ^ 0x82F63B78;
            }
        }
        crc = ~crc;
        return (crc >>> 15 | crc << 17) + 0xa282ead8;
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(temp)) {
            return files.sorted().toList();
        }
    }

    private static ObjectNode line(String json) {
        return (ObjectNode) Json.parse("line", json);
    }

    @Test
    void theChecksumIsThatOfTheRfc() {
        byte[] digits = "123456789".getBytes(StandardCharsets.US_ASCII);
        int crc = 0xE3069283;
        assertEquals((crc >>> 15 | crc << 17) + 0xa282ead8, Records.masked(digits, digits.length));
        assertEquals(masked(digits), Records.masked(digits, digits.length));
    }

    @Test
    void theNumbersOfALineComeBack() throws IOException {
        try (EventFile file = new EventFile(temp)) {
            assertEquals(List.of(), files(), "nothing to write, no file");
            file.append(line("{\"step\":7,\"loss\":2.5,\"penalty\":{\"l1\":3,\"hoyer\":0.1},\"tokens\":100,\"note\":\"x\",\"time\":{\"seconds\":0.5}}"));
            file.append(line("{\"step\":7,\"validation\":{\"loss\":2.25,\"zeros\":0.5}}"));
            file.restart(5);
        }
        List<Event> events = read(files().get(0));
        assertEquals(new Event(0, "brain.Event:2", false, Map.of()), events.get(0));
        assertEquals(new Event(7, "", true, Map.of()), events.get(1));
        assertEquals(new Event(7, "", false, Map.of("loss", 2.5f, "penalty/l1", 3f, "penalty/hoyer", 0.1f, "tokens", 100f, "tokens_per_second", 200f, "time/seconds", 0.5f), Map.of("note", "x")), events.get(2));
        assertEquals(new Event(7, "", false, Map.of("validation/loss", 2.25f, "validation/zeros", 0.5f)), events.get(3));
        assertEquals(new Event(5, "", true, Map.of()), events.get(4));
        assertEquals(5, events.size());
    }

    @Test
    void aLaterProcessWritesALaterFile() throws IOException {
        Path ofTheFuture = Files.createFile(temp.resolve("events.out.tfevents.9000000000000"));
        try (EventFile file = new EventFile(temp)) {
            file.append(line("{\"step\":3,\"loss\":1}"));
        }
        assertEquals(List.of(ofTheFuture, temp.resolve("events.out.tfevents.9000000000001")), files());
        assertFalse(read(files().get(1)).isEmpty());
        try (EventFile file = new EventFile(temp.resolve("nowhere"))) {
            RunException e = assertThrows(RunException.class, () -> file.append(line("{\"step\":1,\"loss\":1}")));
            assertTrue(e.getMessage().contains("nowhere"), e.getMessage());
        }
    }
}
