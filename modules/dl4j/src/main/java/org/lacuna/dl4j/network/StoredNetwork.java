package org.lacuna.dl4j.network;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UTFDataFormatException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lacuna.dl4j.layer.FeedForwardBlock;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A network from a file that Deeplearning4j saved, which is not trusted: {@code ModelSerializer} would deserialise Java objects and load any class
 * that the configuration names. Here
 * <ul>
 * <li>entries other than those that {@code net.save} writes are refused ({@code preprocessor.bin} is Java's own serialisation, and so was
 * {@code updater.bin}; {@code normalizer.bin} may name a class); the updater's state is not read;
 * <li>the configuration is bounded, may name only classes of the packages below, and holds nothing but what {@link AllowedConfiguration} lists;
 * <li>parameters are read as numbers, after their shape was held against the configuration and the file; no reader of ND4J's sees the file.
 * </ul>
 *
 * What layers make of an example is held against a bound by {@link Shapes}, once it is known what the example is.
 *
 * @param graph  the network; a {@code MultiLayerNetwork} as the graph that it is
 * @param kind   {@code MultiLayerNetwork} or {@code ComputationGraph}
 * @param names  of a MultiLayerNetwork, what its layers were called: in the graph they are numbers
 * @param config its configuration, as JSON
 * @param steps  optimizer steps that it was trained
 */
public record StoredNetwork(ComputationGraph graph, String kind, List<String> names, String config, long steps) {
    private static final String CONFIGURATION = "configuration.json";
    private static final String COEFFICIENTS = "coefficients.bin";
    private static final Set<String> ENTRIES = Set.of(CONFIGURATION, COEFFICIENTS, "updaterState.bin", "noParams.marker");
    private static final int MOST_CONFIGURATION = 16 << 20;
    /** What a byte of a zip can stand for at most. */
    private static final long MOST_INFLATED = 1032;
    private static final int MOST_DIMENSIONS = 32;
    /** What a configuration may name: what layers, vertices, weights, updaters, losses and activations are made of, and our layer. */
    private static final List<String> ALLOWED = List.of("org.deeplearning4j.nn.conf.", "org.deeplearning4j.nn.weights.", "org.deeplearning4j.preprocessors.",
            "org.nd4j.linalg.activations.", "org.nd4j.linalg.lossfunctions.", "org.nd4j.linalg.learning.", "org.nd4j.linalg.schedule.", FeedForwardBlock.class.getName());
    private static final Pattern CLASS_NAME = Pattern.compile("(?:[a-z_$][\\w$]*\\.)+[A-Z_$][\\w$.]*");

    /** Copies the list. */
    public StoredNetwork {
        names = List.copyOf(names);
    }

    /** The graph's name of a layer that is called by either. */
    String vertex(String name) {
        return names.contains(name) ? Integer.toString(names.indexOf(name)) : name;
    }

    /**
     * Reads the file.
     *
     * @throws InputException if it is no such file, or holds what is not to be trusted; the message says which entry and why
     */
    public static StoredNetwork read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new InputException(file + ": no such file; expected a network that Deeplearning4j saved (net.save(file))");
        }
        try (ZipFile zip = new ZipFile(file.toFile())) {
            checkEntries(file, zip);
            JsonNode json = Json.parse(file + ": " + CONFIGURATION, configuration(file, zip));
            checkClasses(file, json, CONFIGURATION);
            return json.has("confs") ? layers(file, zip, json) : graph(file, zip, json);
        } catch (ZipException e) {
            throw new InputException(file + ": not a zip file: " + e.getMessage() + "; expected a network that Deeplearning4j saved", e);
        } catch (EOFException e) {
            throw new InputException(file + ": ends within an entry; it was cut off or changed", e);
        } catch (IOException e) {
            throw new RunException(file + ": can't be read: " + AtomicFiles.reason(e), e);
        }
    }

    private static void checkEntries(Path file, ZipFile zip) {
        Set<String> seen = new TreeSet<>();
        for (ZipEntry entry : Collections.list(zip.entries())) {
            String name = entry.getName();
            if (!ENTRIES.contains(name)) {
                String why = switch (name) {
                    case "preprocessor.bin", "updater.bin" -> "is a serialised Java object, which could run anything";
                    case "normalizer.bin" -> "is a normalizer, which may name any class; normalize the data instead, and save the network without it";
                    default -> "is nothing that a network is saved with";
                };
                throw new InputException(file + ": the entry " + AllowedConfiguration.shown(name) + " " + why);
            }
            if (!seen.add(name)) {
                throw new InputException(file + ": has the entry " + name + " twice");
            }
        }
        if (!seen.contains(CONFIGURATION) || !seen.contains(COEFFICIENTS)) {
            throw new InputException(file + ": has no " + (seen.contains(CONFIGURATION) ? COEFFICIENTS : CONFIGURATION) + "; expected a network that Deeplearning4j saved");
        }
    }

    private static String configuration(Path file, ZipFile zip) throws IOException {
        byte[] bytes;
        try (InputStream in = zip.getInputStream(zip.getEntry(CONFIGURATION))) {
            bytes = in.readNBytes(MOST_CONFIGURATION + 1);
        }
        if (bytes.length > MOST_CONFIGURATION) {
            throw new InputException(file + ": " + CONFIGURATION + " is longer than " + MOST_CONFIGURATION + " bytes, which no network's is");
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw new InputException(file + ": " + CONFIGURATION + " is not UTF-8 text", e);
        }
    }

    /** Refuses any class name but the allowed, wherever it stands: types are told by {@code @class}, distributions' also by {@code type}. */
    private static void checkClasses(Path file, JsonNode json, String where) {
        if (json.isObject()) {
            for (Map.Entry<String, JsonNode> field : json.properties()) {
                String key = field.getKey();
                String value = field.getValue().asText();
                boolean names = field.getValue().isTextual() && (key.startsWith("@") || key.equals("type") && value.contains("."));
                if (key.equals("@class") && !field.getValue().isTextual() || names && !allowed(value)) {
                    refuse(file, where, value);
                }
                checkClasses(file, field.getValue(), where + "/" + AllowedConfiguration.cut(key));
            }
        } else if (json.isArray()) {
            for (int i = 0; i < json.size(); i++) {
                checkClasses(file, json.get(i), where + "/" + i);
            }
        } else if (json.isTextual() && CLASS_NAME.matcher(json.asText()).matches() && !allowed(json.asText())) {
            refuse(file, where, json.asText());
        }
    }

    private static boolean allowed(String name) {
        return CLASS_NAME.matcher(name).matches() && ALLOWED.stream().anyMatch(prefix -> prefix.endsWith(".") ? name.startsWith(prefix) : name.equals(prefix));
    }

    private static void refuse(Path file, String where, String name) {
        throw new InputException(file + ": " + where + " names the class " + AllowedConfiguration.shown(name) + ", which is not loaded from a file; a network may be of Deeplearning4j's own layers and "
                + FeedForwardBlock.class.getName());
    }

    private static StoredNetwork layers(Path file, ZipFile zip, JsonNode json) throws IOException {
        JsonNode allowed = AllowedConfiguration.layers(file + ": " + CONFIGURATION, json);
        MultiLayerConfiguration config = made(file, () -> MultiLayerConfiguration.fromJson(allowed.toString()));
        checkBlocks(file, made(file, () -> config.getConfs().stream().map(NeuralNetConfiguration::getLayer).toList()));
        INDArray parameters = parameters(file, zip, made(file, () -> config.getConfs().stream().mapToLong(c -> c.getLayer().initializer().numParams(c)).reduce(0, Math::addExact)));
        List<String> names = config.getConfs().stream().map(c -> String.valueOf(c.getLayer().getLayerName())).toList();
        ComputationGraph graph = made(file, () -> {
            if (parameters != null) {
                config.setDataType(parameters.dataType());
            }
            MultiLayerNetwork network = new MultiLayerNetwork(config);
            network.init(parameters, false);
            return network.toComputationGraph();
        });
        return new StoredNetwork(graph, "MultiLayerNetwork", names, json.toString(), config.getIterationCount());
    }

    private static StoredNetwork graph(Path file, ZipFile zip, JsonNode json) throws IOException {
        if (!json.path("vertices").isObject()) {
            throw new InputException(file + ": " + CONFIGURATION + " is that of no network: neither confs nor vertices");
        }
        JsonNode allowed = AllowedConfiguration.graph(file + ": " + CONFIGURATION, json);
        ComputationGraphConfiguration config = made(file, () -> ComputationGraphConfiguration.fromJson(allowed.toString()));
        checkBlocks(file, made(file, () -> config.getVertices().values().stream().filter(LayerVertex.class::isInstance)
                .map(vertex -> ((LayerVertex) vertex).getLayerConf().getLayer()).toList()));
        INDArray parameters = parameters(file, zip, made(file, () -> config.getVertices().values().stream().mapToLong(vertex -> vertex.numParams(false)).reduce(0, Math::addExact)));
        ComputationGraph graph = made(file, () -> {
            if (parameters != null) {
                config.setDataType(parameters.dataType());
            }
            ComputationGraph network = new ComputationGraph(config);
            network.init(parameters, false);
            return network;
        });
        return new StoredNetwork(graph, "ComputationGraph", List.of(), json.toString(), config.getIterationCount());
    }

    private static void checkBlocks(Path file, List<Layer> layers) {
        for (Layer layer : layers) {
            if (layer instanceof FeedForwardBlock block) {
                try {
                    block.check();
                } catch (RuntimeException e) {
                    throw new InputException(file + ": " + CONFIGURATION + ": layer " + AllowedConfiguration.shown(String.valueOf(layer.getLayerName())) + ": " + e.getMessage(), e);
                }
            }
        }
    }

    @FunctionalInterface
    private interface Maker<T> {
        T make();
    }

    /** What Deeplearning4j makes of what it was given: whatever it throws, the file is wrong. */
    private static <T> T made(Path file, Maker<T> maker) {
        try {
            return maker.make();
        } catch (RuntimeException | StackOverflowError e) {
            String reason = e instanceof NullPointerException ? CONFIGURATION + " lacks a field that a layer or a vertex needs, or has null there"
                    : String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            throw new InputException(file + ": Deeplearning4j makes no network of it: " + (reason.length() > 300 ? reason.substring(0, 300) + "…" : reason), e);
        }
    }

    /** The parameters, a row; null where there are none. */
    private static INDArray parameters(Path file, ZipFile zip, long expected) throws IOException {
        String where = file + ": " + COEFFICIENTS;
        if (expected < 0 || expected > AllowedConfiguration.MOST_PARAMETERS) {
            throw new InputException(file + ": " + CONFIGURATION + " is of a network of " + expected + " parameters; at most " + AllowedConfiguration.MOST_PARAMETERS + " are read");
        }
        ZipEntry entry = zip.getEntry(COEFFICIENTS);
        if (expected == 0 && zip.getEntry("noParams.marker") != null) {
            return null;
        }
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(zip.getInputStream(entry), 1 << 16))) {
            Header shape = Header.read(where, in);
            if (!shape.type.equals("LONG") || shape.length < 4 || shape.length > 2 * MOST_DIMENSIONS + 4) {
                throw new InputException(where + ": its shape is told by " + shape.length + " numbers of " + AllowedConfiguration.shown(shape.type) + "; expected what Nd4j.write writes");
            }
            long[] info = new long[(int) shape.length];
            for (int i = 0; i < info.length; i++) {
                info[i] = in.readLong();
            }
            if (info[0] < 0 || info.length != 2 * info[0] + 4) {
                throw new InputException(where + ": says that it has " + info[0] + " dimensions, in a shape of " + info.length + " numbers");
            }
            long length = 1;
            for (int i = 1; i <= info[0]; i++) {
                // Not negative, and never so large that a product of two overflows.
                if (info[i] < 0 || info[i] > AllowedConfiguration.MOST_PARAMETERS || (length *= info[i]) > AllowedConfiguration.MOST_PARAMETERS) {
                    throw new InputException(where + ": a dimension is " + info[i] + "; the network has " + expected + " parameters");
                }
            }
            Header data = Header.read(where, in);
            DataType type = switch (data.type) {
                case "FLOAT" -> DataType.FLOAT;
                case "DOUBLE" -> DataType.DOUBLE;
                default -> throw new InputException(where + ": holds numbers of " + AllowedConfiguration.shown(data.type) + "; FLOAT and DOUBLE are read");
            };
            if (length != expected || data.length != expected) {
                throw new InputException(where + ": holds " + data.length + " numbers of the shape's " + length + ", but the configuration's network has " + expected + " parameters");
            }
            if (expected * type.width() > entry.getCompressedSize() * MOST_INFLATED) {
                throw new InputException(where + ": is too short for the network's " + expected + " parameters");
            }
            INDArray parameters = Nd4j.createUninitialized(type, 1, expected);
            DataBuffer values = parameters.data();
            for (long i = 0; i < expected; i++) {
                if (type == DataType.FLOAT) {
                    values.put(i, in.readFloat());
                } else {
                    values.put(i, in.readDouble());
                }
            }
            if (in.read() >= 0) {
                throw new InputException(where + ": goes on behind the network's " + expected + " parameters");
            }
            return parameters;
        }
    }

    /** What precedes an array's numbers in ND4J's format. */
    private record Header(long length, String type) {
        static Header read(String where, DataInputStream in) throws IOException {
            try {
                String allocation = in.readUTF();
                if (!allocation.equals("LONG_SHAPE") && !allocation.equals("MIXED_DATA_TYPES")) {
                    throw new InputException(where + ": " + AllowedConfiguration.shown(allocation) + " is no form of array that is read; save the network by Deeplearning4j 1.0.0-beta4 or newer");
                }
                return new Header(in.readLong(), in.readUTF());
            } catch (UTFDataFormatException e) {
                throw new InputException(where + ": not what Nd4j.write writes", e);
            }
        }
    }
}
