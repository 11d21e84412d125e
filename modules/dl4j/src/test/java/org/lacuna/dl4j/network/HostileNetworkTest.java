package org.lacuna.dl4j.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.dropout.GaussianNoise;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.Upsampling2D;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping2D;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.dl4j.layer.FeedForwardBlock;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
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

    /** In place of a layer null, nothing, or a layer without what Deeplearning4j needs of it. */
    @Test
    void aLayerThatIsMissingIsTold() throws IOException {
        String saved = configuration();
        ObjectNode json = (ObjectNode) Json.parse("saved", saved);
        ((ObjectNode) json.withArray("confs").get(0)).putNull("layer");
        put(json);
        refused("a configuration has no layer but null; expected an object with the layer's @class");
        ((ObjectNode) json.withArray("confs").get(0)).remove("layer");
        put(json);
        refused("a configuration has no layer; expected an object");
        json = (ObjectNode) Json.parse("saved", saved);
        ((ObjectNode) json.withArray("confs").get(2).get("layer")).remove("lossFn");
        ((ObjectNode) json.withArray("confs").get(2).get("layer")).remove("activationFn");
        put(json);
        write();
        try {
            StoredNetwork.read(file);
        } catch (InputException e) {
            assertFalse(e.getMessage().contains("because"), e.getMessage());
        }
    }

    private void put(ObjectNode json) {
        entries.put(CONFIGURATION, json.toString().getBytes(StandardCharsets.UTF_8));
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
        replace("\"inner\" : 5", "\"inner\" : 200000000");
        refused("a feed-forward block's parameters follow from its sizes");
        entries.put(CONFIGURATION, good.getBytes(StandardCharsets.UTF_8));
        replace("\"activation\" : \"relu\"", "\"activation\" : \"boom\"");
        refused("no activation 'boom'");
        entries.put(CONFIGURATION, good.getBytes(StandardCharsets.UTF_8));
        replace("\"nin\" : 3", "\"nin\" : 500000000");
        refused("a network of 2000000074 parameters; at most");
        entries.put(CONFIGURATION, good.getBytes(StandardCharsets.UTF_8));
        replace("\"nin\" : 3", "\"nin\" : " + ((1L << 59) + 3)); // times 8 weights it would be 24 again
        refused("layer \"layer0\" (DenseLayer): nin is \"576460752303423491\"");
    }

    /** A network of images, as JSON, each layer's fields on a line of their own. */
    private static String images() {
        return new NeuralNetConfiguration.Builder().seed(1).list()
                .layer(new ConvolutionLayer.Builder(3, 3).nOut(4).name("conv").build()).layer(new BatchNormalization.Builder().name("norm").build())
                .layer(new LocalResponseNormalization.Builder().name("lrn").build())
                .layer(new SubsamplingLayer.Builder().kernelSize(2, 2).stride(2, 2).name("pool").build()).layer(new ZeroPaddingLayer.Builder(1, 2).name("pad").build())
                .layer(new Cropping2D.Builder(1, 2).name("crop").build()).layer(new Upsampling2D.Builder().size(2).name("up").build())
                .layer(new DenseLayer.Builder().nOut(4).name("dense").build()).layer(new OutputLayer.Builder(LossFunction.MCXENT).nOut(2).activation(Activation.SOFTMAX).build())
                .setInputType(InputType.convolutionalFlat(8, 8, 1)).build().toJson();
    }

    private static String edited(String layer, String field, String value) {
        String json = images();
        int from = json.lastIndexOf("\"layer\" : {", json.indexOf("\"layerName\" : \"" + layer + "\""));
        Matcher matcher = Pattern.compile("\"" + field + "\" : (\\[[^\\]]*\\]|[^,\n]*)").matcher(json);
        assertTrue(matcher.find(from) && matcher.start() < json.indexOf("\"variables\"", from), layer + " has no " + field);
        return json.substring(0, matcher.start()) + "\"" + field + "\" : " + value + json.substring(matcher.end());
    }

    @Test
    void sizesThatNativeCodeWouldNotCheck() throws IOException {
        MultiLayerNetwork good = new MultiLayerNetwork(MultiLayerConfiguration.fromJson(images()));
        good.init();
        good.save(file.toFile());
        INDArray table = Nd4j.zeros(2, 64);
        StoredNetwork stored = StoredNetwork.read(file);
        assertEquals(InputType.feedForward(2), Shapes.of("net.zip", stored.graph(), "x.csv", table).output());
        assertArrayEquals(good.output(table).data().asFloat(), stored.graph().output(table)[0].data().asFloat(), 0);
        try (ZipFile zip = new ZipFile(file.toFile()); InputStream in = zip.getInputStream(zip.getEntry(COEFFICIENTS))) {
            entries.put(COEFFICIENTS, in.readAllBytes());
        }
        for (String[] bad : new String[][] {{"pool", "stride", "[0, 0]"}, {"pool", "stride", "[2]"}, {"pool", "kernelSize", "[-1, 2]"}, {"pool", "padding", "[1000000000, 0]"},
                {"pool", "dilation", "[0, 1]"}, {"pool", "pnorm", "-5"}, {"pool", "eps", "-1"}, {"pool", "poolingType", "\"NONE\""}, {"pool", "stride", "[2.5, 2]"},
                {"pool", "cnn2dDataFormat", "\"NHWC\""}, {"conv", "kernelSize", "[100000, 100000]"}, {"conv", "stride", "[0, 1]"}, {"conv", "dilation", "[1, -1]"},
                {"crop", "cropping", "[-5, 0, 0, 0]"}, {"crop", "cropping", "[1, 1]"}, {"pad", "padding", "[1000000000, 0, 0, 0]"}, {"up", "size", "[1000000000, 1]"},
                {"up", "size", "[0, 0]"}, {"lrn", "n", "-5"}, {"lrn", "n", "1.5"}, {"lrn", "k", "-2"}, {"lrn", "beta", "1e300"}, {"norm", "eps", "-1"}, {"norm", "decay", "\"NaN\""},
                {"dense", "nout", "-4"}, {"dense", "hasBias", "7"}}) {
            entries.put(CONFIGURATION, edited(bad[0], bad[1], bad[2]).getBytes(StandardCharsets.UTF_8));
            refused("layer \"" + bad[0] + "\" (", "): " + bad[1] + " is \"", "; expected ");
        }
        entries.put(CONFIGURATION, edited("pool", "poolingType", "\"PNORM\"").getBytes(StandardCharsets.UTF_8));
        refused("layer \"pool\" (SubsamplingLayer): pnorm is \"0\"");
        entries.put(CONFIGURATION, edited("pool", "eps", "1, \"surprise\" : 1").getBytes(StandardCharsets.UTF_8));
        refused("layer \"pool\" (SubsamplingLayer): has \"surprise\"");
        for (String unknown : List.of("Deconvolution2D", "samediff.SameDiffLayer", "variational.VariationalAutoencoder", "PReLULayer")) {
            entries.put(CONFIGURATION, images().replace("layers.SubsamplingLayer\"", "layers." + unknown + "\"").getBytes(StandardCharsets.UTF_8));
            refused("layer \"pool\" is a \"" + unknown.substring(unknown.indexOf('.') + 1) + "\", which is not measured; those that are: ActivationLayer, BatchNormalization, ");
        }
        for (String[] big : new String[][] {{"up", "size", "[1024, 1024]"}, {"pad", "padding", "[1024, 1024, 1024, 1024]"}, {"pool", "padding", "[1024, 1024]"}, {"crop", "cropping", "[3, 3, 0, 0]"}, {"crop", "cropping", "[6, 6, 6, 6]"},
                {"pool", "kernelSize", "[9, 2]"}, {"norm", "nin", "3"}, {"up", "size", "[3, 2]"}, {"dense", "nin", "97"}}) {
            entries.put(CONFIGURATION, edited(big[0], big[1], big[2]).getBytes(StandardCharsets.UTF_8));
            write();
            String message = assertThrows(InputException.class, () -> Shapes.of("net.zip", StoredNetwork.read(file).graph(), "x.csv", table), Arrays.toString(big)).getMessage();
            assertTrue(message.startsWith("net.zip: layer \"") || message.startsWith(file.toString()), message);
        }
        entries.put(CONFIGURATION, images().getBytes(StandardCharsets.UTF_8));
        write();
        assertTrue(assertThrows(InputException.class, () -> Shapes.of("net.zip", StoredNetwork.read(file).graph(), "x.csv", Nd4j.zeros(2, 63))).getMessage()
                .startsWith("the network can't read x.csv, arrays of [2, 63]: layer \"0\" (ConvolutionLayer)"));
    }

    @Test
    void graphsOutOfOrder() throws IOException {
        ComputationGraph graph = new ComputationGraph(new NeuralNetConfiguration.Builder().seed(1).graphBuilder().addInputs("in")
                .addLayer("a", new DenseLayer.Builder().nIn(3).nOut(4).build(), "in").addVertex("part", new SubsetVertex(1, 2), "a").addVertex("both", new MergeVertex(), "a", "part")
                .addLayer("out", new OutputLayer.Builder(LossFunction.MCXENT).nIn(6).nOut(2).activation(Activation.SOFTMAX).build(), "both").setOutputs("out").build());
        graph.init();
        graph.save(file.toFile());
        INDArray table = Nd4j.zeros(2, 3);
        assertEquals(InputType.feedForward(2), Shapes.of("net.zip", StoredNetwork.read(file).graph(), "x.csv", table).output());
        try (ZipFile zip = new ZipFile(file.toFile())) {
            for (String name : List.of(CONFIGURATION, COEFFICIENTS)) {
                try (InputStream in = zip.getInputStream(zip.getEntry(name))) {
                    entries.put(name, in.readAllBytes());
                }
            }
        }
        String good = configuration();
        for (String[] bad : new String[][] {{"\"topologicalOrder\" : [ 0, 1, 2, 3, 4 ]", "\"topologicalOrder\" : [ 0, 1, 1, 3, 4 ]", "topologicalOrder is no order"},
                {"\"topologicalOrder\" : [ 0, 1, 2, 3, 4 ]", "\"topologicalOrder\" : [ 0, 1, 2, 3, 40 ]", "topologicalOrder is no order"},
                {"[ \"in\", \"a\", \"part\"", "[ \"in\", \"part\", \"a\"", "each vertex behind those that it reads"}, {"\"part\" : [ \"a\" ]", "\"part\" : [ \"b\" ]", "vertexInputs"},
                {"graph.SubsetVertex", "graph.StackVertex", "\"part\" is a \"StackVertex\", which is not measured"}, {"\"from\" : 1", "\"from\" : -1", "(SubsetVertex): from is \"-1\""},
                {"\"mergeAxis\" : 1", "\"mergeAxis\" : 3", "(MergeVertex): mergeAxis"}}) {
            replace(bad[0], bad[1]);
            refused(bad[2]);
            entries.put(CONFIGURATION, good.getBytes(StandardCharsets.UTF_8));
        }
        replace("\"to\" : 2", "\"to\" : 4");
        write();
        assertEquals("net.zip: vertex \"part\" (SubsetVertex) takes 1 to 4 of 4 values, counted from 0",
                assertThrows(InputException.class, () -> Shapes.of("net.zip", StoredNetwork.read(file).graph(), "x.csv", table)).getMessage());
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
