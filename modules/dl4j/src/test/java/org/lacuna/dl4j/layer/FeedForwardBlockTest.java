package org.lacuna.dl4j.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleSupplier;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.samediff.SDLayerParams;
import org.deeplearning4j.nn.conf.layers.samediff.SameDiffLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.graph.activation.Activations;
import org.lacuna.graph.penalty.Penalties;
import org.lacuna.graph.penalty.Penalty;
import org.lacuna.sparsity.rule.RowScratch;
import org.lacuna.sparsity.rule.Rules;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.common.util.ArrayUtil;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class FeedForwardBlockTest {
    private static final double STEP = 1e-6;
    private static final int B = 3;

    private static FeedForwardBlock.Builder block() {
        return new FeedForwardBlock.Builder().nIn(3).inner(5).nOut(4);
    }

    private static MultiLayerNetwork vectors(FeedForwardBlock.Builder block, DataType type) {
        MultiLayerNetwork net = new MultiLayerNetwork(new NeuralNetConfiguration.Builder().seed(7).dataType(type).updater(new NoOp()).list()
                .layer(block.build())
                .layer(new OutputLayer.Builder(LossFunction.MCXENT).nIn(4).nOut(2).activation(Activation.SOFTMAX).build())
                .build());
        net.init();
        return net;
    }

    private static MultiLayerNetwork sequences(FeedForwardBlock.Builder block, DataType type) {
        MultiLayerNetwork net = new MultiLayerNetwork(new NeuralNetConfiguration.Builder().seed(7).dataType(type).updater(new NoOp()).list()
                .layer(block.build())
                .layer(new RnnOutputLayer.Builder(LossFunction.MCXENT).nIn(4).nOut(2).activation(Activation.SOFTMAX).build())
                .setInputType(InputType.recurrent(3))
                .build());
        net.init();
        return net;
    }

    private static DataSet vectorData(DataType type) {
        return new DataSet(random(type, 1, B, 3), Nd4j.createFromArray(new double[][] {{1, 0}, {0, 1}, {0, 1}}).castTo(type));
    }

    private static DataSet sequenceData(DataType type) {
        INDArray labels = Nd4j.zeros(type, B, 2, 4);
        for (int b = 0; b < B; b++) {
            for (int t = 0; t < 4; t++) {
                labels.putScalar(b, (b + t) % 2, t, 1);
            }
        }
        INDArray mask = Nd4j.createFromArray(new double[][] {{1, 1, 1, 1}, {1, 1, 0, 0}, {1, 1, 1, 0}}).castTo(type);
        return new DataSet(random(type, 2, B, 3, 4), labels, mask, mask);
    }

    private static INDArray random(DataType type, int seed, long... shape) {
        Random random = new Random(seed);
        return Nd4j.createFromArray(random.doubles(ArrayUtil.prodLong(shape), -1.5, 1.5).toArray()).reshape(shape).castTo(type);
    }

    /** The gradient that an updater gets, after division by the minibatch, against differences of the score with its penalty. */
    private static void checkGradients(String what, MultiLayerNetwork net, DataSet data) {
        net.setInput(data.getFeatures());
        net.setLabels(data.getLabels());
        net.setLayerMaskArrays(data.getFeaturesMaskArray(), data.getLabelsMaskArray());
        net.computeGradientAndScore();
        assertEquals(net.score(), net.score(data, true), 1e-12, what);
        INDArray gradient = net.gradient().gradient().dup().divi(B);
        INDArray params = net.params();
        INDArray values = params.dup();
        int n = (int) params.length();
        // Along two random directions, which a wrong derivative of any parameter shows in, and some parameters by themselves.
        List<INDArray> directions = new ArrayList<>(List.of(random(DataType.DOUBLE, 11, 1, n), random(DataType.DOUBLE, 12, 1, n)));
        for (int i = what.hashCode() & 3; i < n; i += 9) {
            INDArray one = Nd4j.zeros(DataType.DOUBLE, 1, n);
            directions.add(one.putScalar(0, i, 1));
        }
        for (INDArray direction : directions) {
            params.assign(values.add(direction.mul(STEP)));
            double more = net.score(data, true);
            params.assign(values.sub(direction.mul(STEP)));
            double less = net.score(data, true);
            assertEquals((more - less) / (2 * STEP), gradient.mul(direction).sumNumber().doubleValue(), 1e-7, what);
        }
        params.assign(values);
    }

    @Test
    void gradientsAreThoseOfTheLossAndThePenalty() {
        for (org.lacuna.graph.activation.Activation f : Activations.all()) {
            for (boolean gated : new boolean[] {true, false}) {
                for (String penalty : new String[] {null, "l1", "hoyer_square"}) {
                    FeedForwardBlock.Builder block = block().activation(f.name()).gated(gated).biased(gated);
                    if (penalty != null) {
                        block.penalty(penalty, 0.3);
                    }
                    MultiLayerNetwork net = vectors(block, DataType.DOUBLE);
                    checkGradients(f.name() + (gated ? ", gated, " : ", ungated, ") + penalty, net, vectorData(DataType.DOUBLE));
                }
            }
        }
    }

    @Test
    void gradientsOfReluWithAThreshold() {
        MultiLayerNetwork net = vectors(block().gated(false).fatRelu(0.3).penalty("l1", 0.1), DataType.DOUBLE);
        checkGradients("fatrelu", net, vectorData(DataType.DOUBLE));
        float[] v = ((FeedForwardRun) net.getLayer(0)).intermediate(vectorData(DataType.DOUBLE).getFeatures()).data().asFloat();
        for (float value : v) {
            assertTrue(value == 0 || value >= 0.3f, "" + value);
        }
    }

    @Test
    void gradientsOfSequencesWithMasksAndEveryPenalty() {
        for (Penalty penalty : Penalties.all()) {
            MultiLayerNetwork net = sequences(block().nIn(0).activation("silu").penalty(penalty.name(), 0.2), DataType.DOUBLE);
            checkGradients(penalty.name(), net, sequenceData(DataType.DOUBLE));
        }
    }

    @Test
    void thePenaltyInTheScoreIsLambdaTimesItsSumOverTheMinibatch() {
        MultiLayerNetwork net = vectors(block().penalty("l1", 0.25), DataType.DOUBLE);
        MultiLayerNetwork plain = vectors(block(), DataType.DOUBLE);
        plain.setParams(net.params());
        DataSet data = vectorData(DataType.DOUBLE);
        INDArray v = ((FeedForwardRun) net.getLayer(0)).intermediate(data.getFeatures());
        assertEquals(plain.score(data, true) + 0.25 * v.norm1Number().doubleValue() / B, net.score(data, true), 1e-12);
        assertEquals(plain.score(data, false), net.score(data, false), 1e-12);
        assertTrue(v.norm1Number().doubleValue() > 0.1);
    }

    @Test
    void aRulesGradientIsStraightThrough() {
        MultiLayerNetwork net = vectors(block().activation("silu").rule("top_k", 0.4), DataType.DOUBLE);
        net.initGradientsView();
        FeedForwardRun run = (FeedForwardRun) net.getLayer(0);
        INDArray x = random(DataType.DOUBLE, 3, B, 3);
        INDArray dy = random(DataType.DOUBLE, 4, B, 4);
        INDArray v = run.beforeRule(x);
        INDArray masked = v.dup();
        for (int b = 0; b < B; b++) {
            long[] kept = new long[1];
            assertEquals(2, Rules.byName("top_k").keep(v.getRow(b).toFloatVector(), 5, new double[] {0.4}, 0, kept, new RowScratch(5)));
            for (int j = 0; j < 5; j++) {
                if ((kept[0] >> j & 1) == 0) {
                    masked.putScalar(b, j, 0);
                }
            }
        }
        LayerWorkspaceMgr none = LayerWorkspaceMgr.noWorkspaces();
        assertEquals(masked, run.intermediate(x));
        run.setInput(x, none);
        assertArrayEquals(run.down(masked, x).dup().data().asDouble(), run.activate(true, none).dup('c').data().asDouble(), 1e-12);
        INDArray dx = run.backpropGradient(dy, none).getSecond();
        INDArray offset = masked.sub(v);
        // The surrogate: the mask adds what it took away as a constant.
        DoubleSupplier surrogate = () -> run.down(run.beforeRule(x).add(offset), x).mul(dy).sumNumber().doubleValue();
        INDArray gradient = net.getLayer(0).getGradientsViewArray();
        checkAgainst(surrogate, run.params(), gradient);
        checkAgainst(surrogate, x, dx);
    }

    private static void checkAgainst(DoubleSupplier f, INDArray at, INDArray gradient) {
        INDArray values = at.reshape(at.length());
        INDArray found = gradient.dup('c').reshape(gradient.length());
        for (long i = 0; i < values.length(); i++) {
            double value = values.getDouble(i);
            values.putScalar(i, value + STEP);
            double more = f.getAsDouble();
            values.putScalar(i, value - STEP);
            double less = f.getAsDouble();
            values.putScalar(i, value);
            assertEquals((more - less) / (2 * STEP), found.getDouble(i), 1e-7, "element " + i);
        }
    }

    @Test
    void savedAndLoadedItComputesTheSameBits(@TempDir Path folder) throws Exception {
        MultiLayerNetwork net = sequences(block().nIn(0).biased(true).fatRelu(0.1).rule("top_k", 0.6).penalty("displacement", 0.2), DataType.FLOAT);
        DataSet data = sequenceData(DataType.FLOAT);
        for (int i = 0; i < 2; i++) {
            net.fit(data);
        }
        net.save(folder.resolve("net.zip").toFile(), true);
        MultiLayerNetwork back = MultiLayerNetwork.load(folder.resolve("net.zip").toFile(), true);
        assertEquals(net.getLayerWiseConfigurations(), back.getLayerWiseConfigurations());
        assertEquals(net.params(), back.params());
        assertArrayEquals(net.output(data.getFeatures()).dup('c').data().asFloat(), back.output(data.getFeatures()).dup('c').data().asFloat(), 0);
        assertEquals(net.score(data, true), back.score(data, true));
        MultiLayerNetwork copy = net.clone();
        assertEquals(net.score(data, true), copy.score(data, true));
    }

    @Test
    void aComputationGraphTrainsIt() {
        ComputationGraph net = new ComputationGraph(new NeuralNetConfiguration.Builder().seed(3).updater(new Adam(0.02)).graphBuilder()
                .addInputs("in").setInputTypes(InputType.recurrent(3))
                .addLayer("lstm", new LSTM.Builder().nOut(4).build(), "in")
                .addLayer("ffn", new FeedForwardBlock.Builder().inner(8).nOut(4).activation("gelu").penalty("l1", 1e-3).build(), "lstm")
                .addLayer("out", new RnnOutputLayer.Builder(LossFunction.MCXENT).nOut(2).activation(Activation.SOFTMAX).build(), "ffn")
                .setOutputs("out").build());
        net.init();
        DataSet data = sequenceData(DataType.FLOAT);
        List<Double> scores = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            net.fit(data);
            scores.add(net.score());
        }
        assertTrue(scores.get(59) < 0.5 * scores.get(0), scores.toString());
    }

    @Test
    void whatCantBeIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new FeedForwardBlock.Builder().nIn(3).nOut(2).build());
        assertThrows(IllegalArgumentException.class, () -> block().activation("reluu").build());
        assertThrows(IllegalArgumentException.class, () -> block().fatRelu(-1).build());
        assertThrows(IllegalArgumentException.class, () -> block().rule("top_k", 1.5).build());
        assertThrows(IllegalArgumentException.class, () -> block().penalty("l1", -1).build());
        assertThrows(IllegalArgumentException.class, () -> block().penalty("l1", 1, 2).build());
        assertThrows(IllegalStateException.class, () -> vectors(block().dropOut(0.5), DataType.FLOAT));
    }

    /** What the class' Javadoc says of the stock layer: what comes back through it is doubled, which a later version may mend. */
    @Test
    void aStockLayerDoublesGradients() {
        MultiLayerNetwork net = new MultiLayerNetwork(new NeuralNetConfiguration.Builder().seed(7).dataType(DataType.DOUBLE).updater(new NoOp()).list()
                .layer(new Stock())
                .layer(new OutputLayer.Builder(LossFunction.MCXENT).nIn(3).nOut(2).activation(Activation.SOFTMAX).build()).build());
        net.init();
        DataSet data = vectorData(DataType.DOUBLE);
        net.setInput(data.getFeatures());
        net.setLabels(data.getLabels());
        net.computeGradientAndScore();
        double found = net.gradient().getGradientFor("0_w").getDouble(0) / B;
        INDArray w = net.getParam("0_w");
        w.putScalar(0, 1 + STEP);
        double more = net.score(data, true);
        w.putScalar(0, 1 - STEP);
        assertEquals(2 * (more - net.score(data, true)) / (2 * STEP), found, 1e-7);
    }

    /** Times a number. */
    static final class Stock extends SameDiffLayer {
        private static final long serialVersionUID = 1;

        @Override
        public SDVariable defineLayer(SameDiff sd, SDVariable input, Map<String, SDVariable> params, SDVariable mask) {
            return input.mul(params.get("w"));
        }

        @Override
        public void defineParameters(SDLayerParams params) {
            params.addWeightParam("w", 1);
        }

        @Override
        public void initializeParameters(Map<String, INDArray> params) {
            params.get("w").assign(1);
        }

        @Override
        public InputType getOutputType(int index, InputType input) {
            return input;
        }
    }

    @Test
    void parametersCanBeSet() {
        Layer layer = vectors(block(), DataType.FLOAT).getLayer(0);
        layer.setParam("down", Nd4j.ones(4, 5));
        assertEquals(20, layer.getParam("down").sumNumber().doubleValue());
    }
}
