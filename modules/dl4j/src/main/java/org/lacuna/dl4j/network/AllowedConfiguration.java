package org.lacuna.dl4j.network;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.lacuna.dl4j.layer.FeedForwardBlock;
import org.lacuna.run.InputException;

/**
 * All that a configuration may hold: each class that is read with each of its fields, and the bounds of what stands there. Deeplearning4j hands
 * sizes on to native code that does not check them, so nothing gets to it but what this lists. What only training reads (updaters, dropout,
 * constraints, initial weights) is left out of what Deeplearning4j sees, whatever it is.
 */
final class AllowedConfiguration {
    /** No width is larger, and no more parameters are read. */
    static final long MOST_PARAMETERS = 1L << 29;
    /** Of a layer, its widths times its kernel: parameters can be counted without overflow. */
    private static final double MOST_PRODUCT = 1L << 40;
    private static final int MOST_EXTENT = 1024;
    private static final int MOST_TEXT = 1000;
    private static final int MOST_STEPS = 1 << 20;
    private static final String CLASS = "@class";
    private static final String CONF = "org.deeplearning4j.nn.conf.";
    private static final String LAYER = CONF + "layers.";
    private static final String FUNCTION = "org.nd4j.linalg.activations.impl.Activation";
    private static final String LOSS = "org.nd4j.linalg.lossfunctions.impl.Loss";
    /** Where a layer or a vertex stands, which messages call by its name. */
    private static final Set<String> NAMED_BELOW = Set.of("confs", "layer", "layerConf", "vertices");
    private static final JsonNodeFactory MAKE = JsonNodeFactory.instance;

    /** What may stand in a place; gives what is handed on. */
    @FunctionalInterface
    private interface Value {
        JsonNode of(String where, JsonNode value);
    }

    private static final Value FLAG = (where, value) -> {
        if (!value.isBoolean()) {
            throw wrong(where, value, "true or false");
        }
        return BooleanNode.valueOf(value.booleanValue());
    };
    private static final Value TEXT = (where, value) -> {
        if (!value.isTextual() || value.textValue().length() > MOST_TEXT) {
            throw wrong(where, value, "a text of at most " + MOST_TEXT + " characters");
        }
        return TextNode.valueOf(value.textValue());
    };
    private static final Value NUMBER = number(-1e6, 1e6);
    private static final Value SHARE = number(0, 1);
    private static final Value WIDTH = whole(0, MOST_PARAMETERS);
    private static final Value FILLED = whole(1, MOST_PARAMETERS);
    private static final Value COUNT = whole(0, Long.MAX_VALUE);
    private static final Value PAIR_FROM_1 = all(2, 2, whole(1, MOST_EXTENT));
    private static final Value PAIR_FROM_0 = all(2, 2, whole(0, MOST_EXTENT));
    private static final Value SIDES = all(4, 4, whole(0, MOST_EXTENT));
    private static final Value IMAGES = word("NCHW");
    private static final Value SEQUENCES = word("NCW");
    private static final Value NULL = instead(NullNode.instance);
    private static final Value WEIGHTS = instead(MAKE.objectNode().put(CLASS, "org.deeplearning4j.nn.weights.WeightInitXavier"));
    private static final Value UPDATER = instead(MAKE.objectNode().put(CLASS, "org.nd4j.linalg.learning.config.Sgd").put("learningRate", 1));
    private static final Value NOTHING = instead(MAKE.arrayNode());

    private static final Map<String, Map<String, Value>> ACTIVATIONS = classes(FUNCTION, Map.ofEntries(
            Map.entry("Cube", Map.of()), Map.entry("ELU", Map.of("alpha", NUMBER)), Map.entry("GELU", Map.of("precise", FLAG)), Map.entry("HardSigmoid", Map.of()),
            Map.entry("HardTanH", Map.of()), Map.entry("Identity", Map.of()), Map.entry("LReLU", Map.of("alpha", NUMBER)), Map.entry("Mish", Map.of()),
            Map.entry("RReLU", Map.of("l", NUMBER, "u", NUMBER)), Map.entry("RationalTanh", Map.of()), Map.entry("RectifiedTanh", Map.of()),
            Map.entry("ReLU", Map.of("max", orNull(NUMBER), "negativeSlope", orNull(NUMBER), "threshold", orNull(NUMBER))), Map.entry("ReLU6", Map.of()),
            Map.entry("SELU", Map.of()), Map.entry("Sigmoid", Map.of()), Map.entry("SoftPlus", Map.of()), Map.entry("SoftSign", Map.of()), Map.entry("Softmax", Map.of()),
            Map.entry("Swish", Map.of()), Map.entry("TanH", Map.of()), Map.entry("ThresholdedReLU", Map.of("theta", NUMBER))));
    private static final Value ACTIVATION = (where, value) -> object(ACTIVATIONS, where, value);

    private static final Map<String, Value> WEIGHTED = Map.of("weights", orNull(all(0, 1 << 20, NUMBER)));
    private static final Map<String, Value> CLIPPED = with(WEIGHTED, Map.of("softmaxClipEps", number(0, 0.1)));
    private static final Map<String, Map<String, Value>> LOSSES = classes(LOSS, Map.ofEntries(
            Map.entry("BinaryXENT", with(WEIGHTED, Map.of("clipEps", number(0, 0.1)))), Map.entry("CosineProximity", Map.of()), Map.entry("Hinge", Map.of()),
            Map.entry("KLD", Map.of()), Map.entry("L1", WEIGHTED), Map.entry("L2", WEIGHTED), Map.entry("MAE", WEIGHTED), Map.entry("MAPE", WEIGHTED), Map.entry("MCXENT", CLIPPED),
            Map.entry("MSE", WEIGHTED), Map.entry("MSLE", WEIGHTED), Map.entry("NegativeLogLikelihood", CLIPPED), Map.entry("Poisson", Map.of()),
            Map.entry("SparseMCXENT", CLIPPED), Map.entry("SquaredHinge", Map.of()), Map.entry("Wasserstein", Map.of())));
    private static final Map<String, Value> WITH_LOSS = Map.of("lossFn", (where, value) -> object(LOSSES, where, value));

    private static final Map<String, Value> ANY_LAYER = Map.of("layerName", orNull(TEXT), "constraints", NULL, "idropout", NULL,
            "gradientNormalization", instead(TextNode.valueOf("None")), "gradientNormalizationThreshold", instead(LongNode.valueOf(1)));
    private static final Map<String, Value> PLAIN = with(ANY_LAYER, Map.of("activationFn", ACTIVATION, "biasInit", NUMBER, "gainInit", NUMBER, "biasUpdater", NULL, "iupdater", UPDATER,
            "regularization", NOTHING, "regularizationBias", NOTHING, "weightInitFn", WEIGHTS, "weightNoise", NULL), Map.of("timeDistributedFormat", orNull(SEQUENCES)),
            Map.of("nin", WIDTH, "nout", WIDTH));
    private static final Map<String, Value> BIASED = with(PLAIN, Map.of("hasBias", FLAG));
    private static final Map<String, Value> RECURRENT = with(PLAIN, Map.of("rnnDataFormat", SEQUENCES, "weightInitFnRecurrent", NULL));
    private static final Map<String, Value> LSTM = with(RECURRENT, Map.of("gateActivationFn", ACTIVATION, "forgetGateBiasInit", NUMBER, "helperAllowFallback", FLAG));
    private static final Map<String, Value> WINDOW = Map.of("kernelSize", PAIR_FROM_1, "stride", PAIR_FROM_1, "padding", PAIR_FROM_0, "dilation", PAIR_FROM_1,
            "convolutionMode", word("Strict", "Truncate", "Same", "Causal"), "cnn2dDataFormat", IMAGES, "cudnnAllowFallback", FLAG);
    private static final Map<String, Value> CONVOLUTION = with(BIASED, WINDOW, Map.of("cudnnAlgoMode", instead(TextNode.valueOf("PREFER_FASTEST")), "cudnnBwdDataAlgo", NULL,
            "cudnnBwdFilterAlgo", NULL, "cudnnFwdAlgo", NULL));
    private static final Map<String, Value> POOLS = Map.of("poolingType", word("MAX", "AVG", "SUM", "PNORM"), "pnorm", whole(0, MOST_EXTENT));
    private static final Map<String, Value> POOLING = with(ANY_LAYER, WINDOW, POOLS, Map.of("avgPoolIncludePadInDivisor", FLAG, "eps", SHARE));
    private static final Map<String, Value> BLOCK = with(ANY_LAYER, Map.of("nIn", FILLED, "nOut", FILLED, "inner", FILLED,
            "activation", TEXT, "threshold", NUMBER, "gated", FLAG, "biased", FLAG, "rule", orNull(TEXT), "ruleValue", NUMBER), Map.of("penalty", orNull(TEXT), "lambda", NUMBER,
            "penaltyParameters", all(0, 16, NUMBER), "layerParams", AllowedConfiguration::parameters, "paramWeightInit", NULL, "updater", UPDATER, "biasUpdater", NULL,
            "weightInit", instead(TextNode.valueOf("XAVIER"))), Map.of("regularization", NOTHING, "regularizationBias", NOTHING));
    private static final Value WRAPPED = AllowedConfiguration::layer;

    private static final Map<String, Map<String, Value>> LAYERS = with(classes(LAYER, Map.ofEntries(
            Map.entry("ActivationLayer", with(ANY_LAYER, Map.of("activationFn", ACTIVATION))),
            Map.entry("BatchNormalization", with(PLAIN, Map.of("beta", NUMBER, "gamma", NUMBER, "decay", SHARE, "eps", SHARE, "lockGammaBeta", FLAG, "minibatch", FLAG, "useLogStd", FLAG,
                    "cnn2DFormat", IMAGES, "cudnnAllowFallback", FLAG))),
            Map.entry("Convolution1DLayer", with(CONVOLUTION, Map.of("rnnDataFormat", SEQUENCES))), Map.entry("ConvolutionLayer", CONVOLUTION),
            Map.entry("DenseLayer", with(BIASED, Map.of("hasLayerNorm", FLAG))), Map.entry("DropoutLayer", PLAIN), Map.entry("EmbeddingLayer", BIASED),
            Map.entry("EmbeddingSequenceLayer", with(BIASED, Map.of("inferInputLength", FLAG, "inputLength", whole(1, MOST_STEPS), "outputFormat", SEQUENCES))),
            Map.entry("GlobalPoolingLayer", with(ANY_LAYER, POOLS, Map.of("collapseDimensions", FLAG, "poolingDimensions", orNull(all(0, 2, whole(2, 3)))))),
            Map.entry("GravesLSTM", LSTM), Map.entry("LSTM", LSTM),
            Map.entry("LocalResponseNormalization", with(ANY_LAYER, Map.of("n", whole(1, MOST_EXTENT), "k", number(0, 1e6), "alpha", number(0, 1e6), "beta", number(0, 100),
                    "dataFormat", IMAGES, "cudnnAllowFallback", FLAG))),
            Map.entry("LossLayer", with(PLAIN, WITH_LOSS)), Map.entry("OutputLayer", with(BIASED, WITH_LOSS)),
            Map.entry("RnnLossLayer", with(PLAIN, WITH_LOSS, Map.of("rnnDataFormat", SEQUENCES))), Map.entry("RnnOutputLayer", with(BIASED, WITH_LOSS, Map.of("rnnDataFormat", SEQUENCES))),
            Map.entry("Subsampling1DLayer", POOLING), Map.entry("SubsamplingLayer", POOLING),
            Map.entry("Upsampling2D", with(ANY_LAYER, Map.of("size", PAIR_FROM_1, "format", IMAGES))),
            Map.entry("ZeroPaddingLayer", with(ANY_LAYER, Map.of("padding", SIDES, "dataFormat", IMAGES))),
            Map.entry("convolutional.Cropping2D", with(ANY_LAYER, Map.of("cropping", SIDES, "dataFormat", IMAGES))),
            Map.entry("misc.FrozenLayer", with(ANY_LAYER, Map.of("layer", WRAPPED))), Map.entry("misc.FrozenLayerWithBackprop", with(ANY_LAYER, Map.of("underlying", WRAPPED))),
            Map.entry("recurrent.Bidirectional", with(ANY_LAYER, Map.of("fwd", WRAPPED, "bwd", WRAPPED, "mode", word("ADD", "MUL", "AVERAGE", "CONCAT"), "nin", WIDTH, "nout", WIDTH,
                    "rnndataFormat", SEQUENCES))),
            Map.entry("recurrent.LastTimeStep", with(ANY_LAYER, Map.of("underlying", WRAPPED))),
            Map.entry("recurrent.SimpleRnn", with(RECURRENT, Map.of("hasLayerNorm", FLAG))))), Map.of(FeedForwardBlock.class.getName(), BLOCK));

    private static final Map<String, Map<String, Value>> PREPROCESSORS = classes(CONF + "preprocessor.", Map.of(
            "CnnToFeedForwardPreProcessor", Map.of("inputHeight", WIDTH, "inputWidth", WIDTH, "numChannels", WIDTH, "format", IMAGES),
            "FeedForwardToCnnPreProcessor", Map.of("inputHeight", whole(1, MOST_STEPS), "inputWidth", whole(1, MOST_STEPS), "numChannels", whole(1, MOST_STEPS)),
            "FeedForwardToRnnPreProcessor", Map.of("rnnDataFormat", SEQUENCES), "RnnToFeedForwardPreProcessor", Map.of("rnnDataFormat", SEQUENCES)));
    private static final Value PREPROCESSOR = (where, value) -> object(PREPROCESSORS, where, value);

    private static final Map<String, Value> LAYER_CONF = Map.of("layer", orNull(AllowedConfiguration::layer), "cacheMode", instead(TextNode.valueOf("NONE")),
            "dataType", word("FLOAT", "DOUBLE", "HALF", "BFLOAT16"), "epochCount", COUNT, "iterationCount", COUNT,
            "miniBatch", FLAG, "minimize", FLAG, "seed", whole(Long.MIN_VALUE, Long.MAX_VALUE));
    /** Of a network's defaults, which are of no layer. */
    private static final Value DEFAULTS = (where, value) -> fields(with(LAYER_CONF, Map.of("maxNumLineSearchIterations", instead(LongNode.valueOf(1)),
            "optimizationAlgo", instead(TextNode.valueOf("STOCHASTIC_GRADIENT_DESCENT")), "stepFunction", NULL, "variables", NOTHING)), where, value);
    private static final Value CONFIGURATION = (where, value) -> {
        if (value.isObject() && !value.hasNonNull("layer")) {
            throw new InputException(where + ": a configuration has no layer" + (value.has("layer") ? " but null" : "") + "; expected an object with the layer's @class and its fields");
        }
        return DEFAULTS.of(where, value);
    };

    private static final Map<String, Map<String, Value>> VERTICES = classes(CONF + "graph.", Map.ofEntries(
            Map.entry("ElementWiseVertex", Map.of("op", word("Add", "Subtract", "Product", "Average", "Max"))),
            Map.entry("L2NormalizeVertex", Map.of("dimension", orNull(all(0, 1, whole(1, 1))), "eps", SHARE)),
            Map.entry("LayerVertex", Map.of("layerConf", CONFIGURATION, "outputVertex", FLAG, "preProcessor", orNull(PREPROCESSOR))),
            Map.entry("MergeVertex", Map.of("mergeAxis", whole(1, 1), "modified", FLAG)), Map.entry("PreprocessorVertex", Map.of("preProcessor", PREPROCESSOR)),
            Map.entry("ScaleVertex", Map.of("scaleFactor", NUMBER)), Map.entry("ShiftVertex", Map.of("shiftFactor", NUMBER)),
            Map.entry("SubsetVertex", Map.of("from", WIDTH, "to", WIDTH)), Map.entry("rnn.DuplicateToTimeSeriesVertex", Map.of("inputName", TEXT)),
            Map.entry("rnn.LastTimeStepVertex", Map.of("maskArrayInputName", orNull(TEXT))), Map.entry("rnn.ReverseTimeSeriesVertex", Map.of("maskArrayInputName", orNull(TEXT)))));
    private static final Value NAMES = all(0, 1 << 16, TEXT);
    private static final Map<String, Value> NETWORK = Map.of("backpropType", instead(TextNode.valueOf("Standard")), "cacheMode", instead(TextNode.valueOf("NONE")),
            "dataType", word("FLOAT", "DOUBLE", "HALF", "BFLOAT16"), "epochCount", COUNT, "iterationCount", COUNT,
            "inferenceWorkspaceMode", instead(TextNode.valueOf("ENABLED")), "trainingWorkspaceMode", instead(TextNode.valueOf("ENABLED")), "validateOutputLayerConfig", FLAG,
            "tbpttBackLength", instead(LongNode.valueOf(1)), "tbpttFwdLength", instead(LongNode.valueOf(1)));
    private static final Map<String, Value> LAYERED = with(NETWORK, Map.of("confs", all(1, 1 << 16, CONFIGURATION), "inputPreProcessors", orNull(byName(PREPROCESSOR))));
    private static final Map<String, Value> GRAPH = with(NETWORK, Map.of("defaultConfiguration", orNull(DEFAULTS), "networkInputs", NAMES, "networkOutputs", NAMES,
            "topologicalOrder", orNull(all(1, 1 << 16, whole(0, 1 << 16))), "topologicalOrderStr", orNull(NAMES), "vertexInputs", byName(NAMES),
            "vertices", byName((where, value) -> object(VERTICES, where, value))));

    private AllowedConfiguration() {}

    /**
     * Of a MultiLayerNetwork's configuration what Deeplearning4j is to see.
     *
     * @param where what messages begin with
     * @throws InputException if it holds anything that is not listed here; the message names the layer, its class and the field
     */
    static JsonNode layers(String where, JsonNode json) {
        return fields(LAYERED, where, json);
    }

    /** The same of a ComputationGraph's, whose vertices have to be in the order that they are computed in. */
    static JsonNode graph(String where, JsonNode json) {
        JsonNode allowed = fields(GRAPH, where, json);
        Set<String> known = new HashSet<>();
        allowed.path("networkInputs").forEach(name -> known.add(name.textValue()));
        Set<String> all = new TreeSet<>(known);
        allowed.path("vertices").fieldNames().forEachRemaining(all::add);
        for (Map.Entry<String, JsonNode> vertex : allowed.path("vertexInputs").properties()) {
            for (JsonNode from : vertex.getValue()) {
                if (!all.contains(vertex.getKey()) || !all.contains(from.textValue())) {
                    throw wrong(where + ": vertexInputs: " + shown(vertex.getKey()), from, "a vertex or an input of the network");
                }
            }
        }
        JsonNode order = allowed.path("topologicalOrder");
        JsonNode names = allowed.path("topologicalOrderStr");
        if (order.isArray() != names.isArray()) {
            throw new InputException(where + ": has one of topologicalOrder and topologicalOrderStr; expected both, or neither");
        }
        if (order.isArray()) {
            checkOrder(where, allowed, all, known, order, names);
        }
        return allowed;
    }

    private static void checkOrder(String where, JsonNode allowed, Set<String> all, Set<String> known, JsonNode order, JsonNode names) {
        Set<Integer> numbers = new HashSet<>();
        order.forEach(number -> numbers.add(number.intValue()));
        Set<String> named = new HashSet<>();
        for (JsonNode name : names) {
            for (JsonNode from : allowed.path("vertexInputs").path(name.textValue())) {
                if (!known.contains(from.textValue())) {
                    throw wrong(where + ": topologicalOrderStr", name, "each vertex behind those that it reads");
                }
            }
            known.add(name.textValue());
            named.add(name.textValue());
        }
        if (!named.equals(all) || names.size() != all.size() || numbers.size() != all.size() || order.size() != all.size() || numbers.stream().anyMatch(number -> number >= all.size())) {
            throw new InputException(where + ": topologicalOrder is no order of the network's " + all.size() + " inputs and vertices");
        }
    }

    private static JsonNode layer(String where, JsonNode value) {
        String name = value.path("layerName").asText();
        ObjectNode layer = object(LAYERS, where + ": layer " + shown(name), value);
        double product = Math.max(1, layer.path("nin").asDouble()) * Math.max(1, layer.path("nout").asDouble());
        for (JsonNode extent : layer.path("kernelSize")) {
            product *= extent.asDouble();
        }
        String named = where + ": layer " + shown(name) + " (" + simple(layer.path(CLASS).asText()) + "): ";
        if (product > MOST_PRODUCT) {
            throw new InputException(named + "its widths and kernel are of " + product + " parameters; at most " + MOST_PARAMETERS + " are read");
        }
        if (layer.path("poolingType").asText().equals("PNORM") && layer.path("pnorm").asLong() < 1) {
            throw wrong(named + "pnorm", layer.path("pnorm"), "a whole number from 1 to " + MOST_EXTENT);
        }
        return layer;
    }

    /** A block's shapes, which {@link FeedForwardBlock#check} holds against its sizes. */
    private static JsonNode parameters(String where, JsonNode value) {
        Value shapes = byName(all(1, 2, FILLED));
        return fields(Map.of("weightParams", shapes, "biasParams", shapes), where, value);
    }

    private static ObjectNode object(Map<String, Map<String, Value>> classes, String where, JsonNode value) {
        String name = value.path(CLASS).asText();
        Map<String, Value> fields = classes.get(name);
        if (fields == null) {
            throw new InputException(where + " is " + (name.isEmpty() ? "of no class" : "a " + shown(simple(name))) + ", which is not measured; those that are: "
                    + classes.keySet().stream().map(AllowedConfiguration::simple).sorted().collect(Collectors.joining(", ")));
        }
        return fields(with(fields, Map.of(CLASS, instead(TextNode.valueOf(name)))), where + " (" + simple(name) + ")", value);
    }

    private static ObjectNode fields(Map<String, Value> fields, String where, JsonNode value) {
        if (!value.isObject()) {
            throw wrong(where, value, "an object");
        }
        ObjectNode allowed = MAKE.objectNode();
        for (Map.Entry<String, JsonNode> field : value.properties()) {
            Value may = fields.get(field.getKey());
            if (may == null) {
                throw new InputException(where + ": has " + shown(field.getKey()) + ", which Deeplearning4j 1.0.0-M2.1 does not write there");
            }
            allowed.set(field.getKey(), may.of(NAMED_BELOW.contains(field.getKey()) ? where : where + ": " + field.getKey(), field.getValue()));
        }
        return allowed;
    }

    private static Value whole(long least, long most) {
        return (where, value) -> {
            if (!value.isNumber() || !value.canConvertToExactIntegral() || !value.canConvertToLong() || value.longValue() < least || value.longValue() > most) {
                throw wrong(where, value, "a whole number from " + least + " to " + most);
            }
            return LongNode.valueOf(value.longValue());
        };
    }

    private static Value number(double least, double most) {
        return (where, value) -> {
            if (!value.isNumber() || !(value.doubleValue() >= least && value.doubleValue() <= most)) {
                throw wrong(where, value, "a number from " + least + " to " + most);
            }
            return DoubleNode.valueOf(value.doubleValue());
        };
    }

    private static Value word(String... words) {
        return (where, value) -> {
            if (!value.isTextual() || !List.of(words).contains(value.textValue())) {
                throw wrong(where, value, String.join(", ", words));
            }
            return TextNode.valueOf(value.textValue());
        };
    }

    private static Value all(int least, int most, Value each) {
        return (where, value) -> {
            if (!value.isArray() || value.size() < least || value.size() > most) {
                throw wrong(where, value, "a list of " + (least == most ? "" : least + " to ") + most);
            }
            ArrayNode list = MAKE.arrayNode();
            for (JsonNode element : value) {
                list.add(each.of(where, element));
            }
            return list;
        };
    }

    private static Value byName(Value each) {
        return (where, value) -> {
            if (!value.isObject()) {
                throw wrong(where, value, "an object");
            }
            ObjectNode named = MAKE.objectNode();
            value.properties().forEach(entry -> named.set(entry.getKey(), each.of(where + ": " + shown(entry.getKey()), entry.getValue())));
            return named;
        };
    }

    private static Value orNull(Value value) {
        return (where, given) -> given.isNull() ? given : value.of(where, given);
    }

    /** What measuring has no use for. */
    private static Value instead(JsonNode fixed) {
        return (where, value) -> fixed;
    }

    private static Map<String, Map<String, Value>> classes(String prefix, Map<String, Map<String, Value>> bySuffix) {
        return bySuffix.entrySet().stream().collect(Collectors.toUnmodifiableMap(entry -> prefix + entry.getKey(), Map.Entry::getValue));
    }

    @SafeVarargs
    private static <T> Map<String, T> with(Map<String, T>... parts) {
        Map<String, T> all = new HashMap<>();
        for (Map<String, T> part : parts) {
            all.putAll(part);
        }
        return Map.copyOf(all);
    }

    private static InputException wrong(String where, JsonNode value, String expected) {
        return new InputException(where + " is " + shown(value.isValueNode() ? value.asText() : value.toString()) + "; expected " + expected);
    }

    private static String simple(String name) {
        return name.substring(name.lastIndexOf('.') + 1);
    }

    /** What a file says, for a message. */
    static String shown(String text) {
        return "\"" + cut(text) + "\"";
    }

    static String cut(String text) {
        return (text.length() > 80 ? text.substring(0, 80) + "…" : text).replaceAll("\\p{Cntrl}", "?");
    }
}
