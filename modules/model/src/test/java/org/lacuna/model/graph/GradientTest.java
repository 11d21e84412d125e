package org.lacuna.model.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.activation.Activation;
import org.lacuna.graph.activation.Activations;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.model.lora.Adapters;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** For every form of feed-forward block: the whole graph's gradient, run by the references in double, against central differences. */
class GradientTest {
    private static final double STEP = 1e-5;

    static Stream<FeedForward> forms() {
        List<FeedForward> forms = new ArrayList<>(List.of(FeedForward.dRelu(), FeedForward.gated("relu").withThresholds(List.of(0.3)), FeedForward.ungated("relu").withThresholds(List.of(0.3))));
        for (Activation f : Activations.all()) {
            forms.add(FeedForward.gated(f.name()));
            forms.add(FeedForward.ungated(f.name()));
        }
        return forms.stream();
    }

    @ParameterizedTest
    @MethodSource("forms")
    void gradientEqualsDifferences(FeedForward form) {
        gradientEqualsDifferences(config(form), LowRank.none());
    }

    /** Of B as of A, and of the weights beside them, whose layers' inputs they change. */
    @ParameterizedTest
    @MethodSource("adapted")
    void gradientOfAdaptersEqualsDifferences(FeedForward form) {
        gradientEqualsDifferences(config(form), Adapters.matching(config(form), 3, 4, List.of("q_proj", "v_proj", "o_proj", "*.mlp.*")));
    }

    static Stream<FeedForward> adapted() {
        return Stream.of(FeedForward.gated("silu"), FeedForward.ungated("gelu"), FeedForward.dRelu());
    }

    private static ModelConfig config(FeedForward form) {
        return ModelConfig.llama(11, 6, 7, 1, 4, 2, 2, 1e-5, RotaryPosition.plain(10000), false, form, 8, 0.02, OptionalInt.empty(), List.of());
    }

    private static void gradientEqualsDifferences(ModelConfig config, LowRank adapters) {
        Random random = new Random(1);
        SameDiff graph = DecoderGraph.training(config, adapters, Forms.everywhere(config).withDropout(0.3), DataType.DOUBLE);
        List<TensorSpec> parameters = new ArrayList<>(DecoderParameters.of(config));
        parameters.addAll(adapters.parameters(config));
        Map<String, INDArray> weights = new HashMap<>();
        for (TensorSpec spec : parameters) {
            weights.put(spec.name(), normal(random, spec.shape()).muli(0.5).addi(spec.shape().length == 1 ? 1 : 0));
            graph.associateArrayWithVariable(weights.get(spec.name()), spec.name());
        }
        Map<String, INDArray> inputs = inputs(random, config);
        Map<String, INDArray> gradients = graph.calculateGradients(inputs, weights.keySet());
        for (TensorSpec spec : parameters) {
            INDArray weight = weights.get(spec.name());
            INDArray direction = normal(random, spec.shape());
            direction.divi(direction.norm2Number());
            double difference = (at(graph, inputs, spec.name(), weight.add(direction.mul(STEP)))
                    - at(graph, inputs, spec.name(), weight.sub(direction.mul(STEP)))) / (2 * STEP);
            graph.associateArrayWithVariable(weight, spec.name());
            double gradient = gradients.get(spec.name()).mul(direction).sumNumber().doubleValue();
            assertEquals(difference, gradient, 1e-6 * Math.max(1, Math.abs(difference)), spec.name());
            assertTrue(gradients.get(spec.name()).norm2Number().doubleValue() > 1e-6, spec.name() + " has no gradient");
        }
    }

    private static double at(SameDiff graph, Map<String, INDArray> inputs, String weight, INDArray value) {
        graph.associateArrayWithVariable(value, weight);
        return graph.output(inputs, DecoderGraph.OBJECTIVE).get(DecoderGraph.OBJECTIVE).getDouble(0);
    }

    private static Map<String, INDArray> inputs(Random random, ModelConfig config) {
        int rows = 2;
        int length = 5;
        int[] ids = random.ints(rows * length, 0, config.vocabulary()).toArray();
        int[] targets = random.ints(rows * length, 0, config.vocabulary()).toArray();
        int[] positions = new int[rows * length];
        double[] weights = new double[rows * length];
        for (int i = 0; i < ids.length; i++) {
            positions[i] = i % length;
            weights[i] = random.nextDouble();
        }
        targets[2] = -1;
        weights[2] = 0;
        Map<String, INDArray> inputs = new HashMap<>();
        inputs.put(DecoderGraph.INPUT_IDS, Nd4j.createFromArray(ids).reshape('c', rows, length));
        inputs.put(DecoderGraph.TARGETS, Nd4j.createFromArray(targets).reshape('c', rows, length));
        inputs.put(DecoderGraph.POSITIONS, Nd4j.createFromArray(positions).reshape('c', rows, length));
        inputs.put(DecoderGraph.TOKEN_WEIGHT, Nd4j.createFromArray(weights).reshape('c', rows, length));
        inputs.put(DecoderGraph.DROPOUT_KEY, Nd4j.createFromArray(7, -9));
        inputs.put(DecoderGraph.OBJECTIVE_COEFFICIENTS, Nd4j.createFromArray(random.doubles(1 + Forms.everywhere(config).penalties().size(), 0.3, 0.7).toArray()));
        return inputs;
    }

    private static INDArray normal(Random random, long... shape) {
        long n = 1;
        for (long d : shape) {
            n *= d;
        }
        double[] values = new double[Math.toIntExact(n)];
        for (int i = 0; i < n; i++) {
            values[i] = random.nextGaussian();
        }
        return Nd4j.createFromArray(values).reshape('c', shape);
    }
}
