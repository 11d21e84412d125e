package org.lacuna.dl4j.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.dropout.GaussianNoise;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.dl4j.layer.FeedForwardBlock;
import org.lacuna.run.InputException;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.schedule.ExponentialSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

class HostileNetworkTest {
    private static final String CONFIGURATION = "configuration.json";
    private static final String COEFFICIENTS = "coefficients.bin";
    /** Set by {@link Evil} when somebody loads it. */
    private static final String LOADED = "lacuna.test.evil";

    @TempDir
    private Path folder;
    private Path file;
    private MultiLayerNetwork network;
    private Map<String, byte[]> entries;

    /** What must not be loaded because a file names it. */
    static final class Evil {
        static {
            System.setProperty(LOADED, "yes");
        }
    }

    @BeforeEach
    void save() throws IOException {
        network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder().seed(1).weightInit(WeightInit.RELU)
                .updater(new Adam(new ExponentialSchedule(ScheduleType.ITERATION, 0.1, 0.9))).l2(1e-4).list()
                .layer(new DenseLayer.Builder().nIn(3).nOut(4).activation(Activation.LEAKYRELU).dropOut(new GaussianNoise(0.1)).build())
                .layer(new FeedForwardBlock.Builder().nIn(4).inner(5).nOut(4).rule("top_k", 0.5).build())
                .layer(new OutputLayer.Builder(LossFunction.MCXENT).nIn(4).nOut(2).activation(Activation.SOFTMAX).build()).build());
        network.init();
        file = folder.resolve("network.zip");
        network.save(file.toFile());
        entries = new LinkedHashMap<>();
        try (ZipFile zip = new ZipFile(file.toFile())) {
            for (ZipEntry entry : Collections.list(zip.entries())) {
                try (InputStream in = zip.getInputStream(entry)) {
                    entries.put(entry.getName(), in.readAllBytes());
                }
            }
        }
    }

    private void write() throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue());
            }
        }
    }

    private void refused(String... words) throws IOException {
        write();
        String message = assertThrows(InputException.class, () -> StoredNetwork.read(file)).getMessage();
        for (String word : words) {
            assertTrue(message.contains(word), message);
        }
        assertTrue(message.startsWith(file.toString()), message);
    }

    private String configuration() {
        return new String(entries.get(CONFIGURATION), StandardCharsets.UTF_8);
    }

    private void replace(String what, String by) {
        assertTrue(configuration().contains(what), () -> what + " in " + configuration());
        entries.put(CONFIGURATION, configuration().replace(what, by).getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void whatDeeplearning4jSavedIsReadToTheSameBits() throws IOException {
        write();
        StoredNetwork stored = StoredNetwork.read(file);
        assertEquals("MultiLayerNetwork", stored.kind());
        assertArrayEquals(network.params().toFloatVector(), stored.graph().params().toFloatVector(), 0);
        var x = Nd4j.createFromArray(new float[][] {{1, -2, 3}, {0.5f, 0, -1}});
        assertArrayEquals(network.output(x).data().asFloat(), stored.graph().output(x)[0].data().asFloat(), 0);

        network.toComputationGraph().save(file.toFile(), true);
        StoredNetwork graph = StoredNetwork.read(file);
        assertEquals("ComputationGraph", graph.kind());
        assertArrayEquals(network.params().toFloatVector(), graph.graph().params().toFloatVector(), 0);
    }

    @Test
    void classesOfStrangersAreNotLoaded() throws IOException {
        String evil = HostileNetworkTest.class.getName() + "$Evil";
        for (String named : List.of("org.deeplearning4j.nn.conf.layers.DenseLayer", "org.nd4j.linalg.activations.impl.ActivationLReLU", "org.nd4j.linalg.schedule.ExponentialSchedule",
                "org.deeplearning4j.nn.conf.dropout.GaussianNoise", "org.lacuna.dl4j.layer.FeedForwardBlock")) {
            Map<String, byte[]> before = new LinkedHashMap<>(entries);
            replace("\"" + named + "\"", "\"" + evil + "\"");
            refused("names the class \"" + evil + "\"");
            entries = before;
        }
        replace("\"layerName\" : \"layer0\"", "\"layerName\" : \"layer0\", \"dist\" : {\"type\" : \"" + evil + "\"}");
        refused("names the class \"" + evil + "\"", "/dist");
        replace(evil, "javax.swing.JEditorPane");
        refused("javax.swing.JEditorPane");
        replace("javax.swing.JEditorPane", "[\\\"org.lacuna.X\\\"");
        refused("names the class");
        assertNull(System.getProperty(LOADED), "the class was loaded");
    }

    @Test
    void ourOwnNamesBehindAnAllowedPrefixAreNoneOfOurs() throws IOException {
        replace("\"org.lacuna.dl4j.layer.FeedForwardBlock\"", "\"org.lacuna.dl4j.layer.FeedForwardBlock$Builder\"");
        refused("names the class");
    }

    @Test
    void serialisedObjectsAndWhatElseIsNoPartOfANetwork() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(new ArrayList<>(List.of("x")));
        }
        for (String name : List.of("preprocessor.bin", "updater.bin", "normalizer.bin", "../outside", "dictionary")) {
            entries.put(name, bytes.toByteArray());
            refused("the entry \"" + name + "\"");
            entries.remove(name);
        }
        byte[] coefficients = entries.remove(COEFFICIENTS);
        refused("has no coefficients.bin");
        entries.put(COEFFICIENTS, coefficients);
        entries.remove(CONFIGURATION);
        refused("has no configuration.json");
    }

    @Test
    void configurationsThatAreNone() throws IOException {
        String good = configuration();
        entries.put(CONFIGURATION, new byte[17 << 20]);
        refused("is longer than");
        for (String bad : List.of("", "{", "[]", "{\"confs\": 1}", "{\"confs\": []}", "{\"vertices\": {}}", "{\"vertices\": {\"a\": {}}}", "[".repeat(5000),
                good.replace("\"confs\"", "\"confs\" : [], \"confs\""))) {
            entries.put(CONFIGURATION, bad.getBytes(StandardCharsets.UTF_8));
            refused();
        }
        entries.put(CONFIGURATION, new byte[] {'"', (byte) 0xff, '"'});
        refused("UTF-8");
        entries.put(CONFIGURATION, good.getBytes(StandardCharsets.UTF_8));
        replace("\"inner\" : 5", "\"inner\" : 2000000000");
        refused("a feed-forward block's parameters follow from its sizes");
        entries.put(CONFIGURATION, good.getBytes(StandardCharsets.UTF_8));
        replace("\"activation\" : \"relu\"", "\"activation\" : \"boom\"");
        refused("no activation 'boom'");
        entries.put(CONFIGURATION, good.getBytes(StandardCharsets.UTF_8));
        replace("\"nin\" : 3", "\"nin\" : 2000000000");
        refused("parameters");
        entries.put(CONFIGURATION, good.getBytes(StandardCharsets.UTF_8));
        replace("\"nin\" : 3", "\"nin\" : " + ((1L << 59) + 3)); // times 8 weights it would be 24 again
        refused("nin is \"576460752303423491\"");
    }

    @Test
    void coefficientsThatDontFit() throws IOException {
        byte[] good = entries.get(COEFFICIENTS);
        for (int length : new int[] {0, 1, 11, 60, good.length - 1}) {
            entries.put(COEFFICIENTS, Arrays.copyOf(good, length));
            refused("ends within an entry");
        }
        entries.put(COEFFICIENTS, Arrays.copyOf(good, good.length + 1));
        refused("goes on behind the network's");
        for (long declared : new long[] {-1, 0, 1, Integer.MAX_VALUE, Long.MAX_VALUE}) {
            entries.put(COEFFICIENTS, coefficients("LONG_SHAPE", 8, new long[] {2, 1, declared, 1, 1, 0, 1, 99}, "FLOAT", declared));
            refused(COEFFICIENTS);
            entries.put(COEFFICIENTS, coefficients("LONG_SHAPE", 8, new long[] {2, 1, 86, 1, 1, 0, 1, 99}, "FLOAT", declared));
            refused(COEFFICIENTS);
            entries.put(COEFFICIENTS, coefficients("LONG_SHAPE", declared, new long[] {2}, "FLOAT", 86));
            refused(COEFFICIENTS);
        }
        entries.put(COEFFICIENTS, coefficients("LONG_SHAPE", 8, new long[] {2, 1, 86, 1, 1, 0, 1, 99}, "UTF8", 86));
        refused("\"UTF8\"");
        entries.put(COEFFICIENTS, coefficients("LONG_SHAPE", 8, new long[] {2, 1, 86, 1, 1, 0, 1, 99}, "FLOAT", 86));
        refused("ends within an entry");
        // Memory for as many parameters as a short file says that it has.
        replace("\"nin\" : 3", "\"nin\" : 100000000");
        long many = 100_000_000L * 4 + 4 + 60 + 10;
        entries.put(COEFFICIENTS, coefficients("LONG_SHAPE", 8, new long[] {2, 1, many, 1, 1, 0, 1, 99}, "FLOAT", many));
        refused("is too short for the network's " + many + " parameters");
        replace("\"nin\" : 100000000", "\"nin\" : 3");
        entries.put(COEFFICIENTS, coefficients("JAVACPP", 8, new long[0], "FLOAT", 86));
        refused("\"JAVACPP\"");
    }

    /** An array's header as {@code Nd4j.write} writes it, without numbers behind it. */
    private static byte[] coefficients(String allocation, long shapeLength, long[] shape, String type, long length) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeUTF(allocation);
        out.writeLong(shapeLength);
        out.writeUTF("LONG");
        for (long number : shape) {
            out.writeLong(number);
        }
        out.writeUTF("MIXED_DATA_TYPES");
        out.writeLong(length);
        out.writeUTF(type);
        return bytes.toByteArray();
    }

    @Test
    void whatIsNoZip() throws IOException {
        Files.writeString(file, "no zip");
        assertTrue(assertThrows(InputException.class, () -> StoredNetwork.read(file)).getMessage().contains("not a zip file"));
        assertTrue(assertThrows(InputException.class, () -> StoredNetwork.read(folder.resolve("none.zip"))).getMessage().contains("no such file"));
        byte[] whole;
        write();
        whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, whole.length / 2));
        assertThrows(InputException.class, () -> StoredNetwork.read(file));
    }
}
