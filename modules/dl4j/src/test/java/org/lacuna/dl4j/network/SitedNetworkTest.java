package org.lacuna.dl4j.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration.ListBuilder;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.run.InputException;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Networks of many kinds: with nothing left out at any of their layers, each example's loss is what Deeplearning4j gives. */
class SitedNetworkTest {
    @TempDir
    private Path folder;

    private static ListBuilder layers() {
        return new NeuralNetConfiguration.Builder().seed(1).updater(new Sgd(0.1)).activation(Activation.TANH).l2(1e-3).list();
    }

    private static INDArray random(long... shape) {
        Random random = new Random(3);
        float[] values = new float[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Nd4j.createFromArray(values).reshape(shape);
    }

    private static final INDArray LABELS = Nd4j.createFromArray(new float[][] {{1, 0}, {0, 1}, {0, 1}});

    private void check(ListBuilder layers, INDArray x, INDArray labels) throws IOException {
        MultiLayerNetwork network = new MultiLayerNetwork(layers.build());
        network.init();
        DataSet data = new DataSet(x, labels);
        network.fit(data);
        Path file = folder.resolve("network.zip");
        network.save(file.toFile(), true);
        StoredNetwork stored = StoredNetwork.read(file);
        double[] expected = network.scoreExamples(data, false).toDoubleVector();
        INDArray output = network.output(x);
        for (int layer = 0; layer < network.getnLayers() - 1; layer++) {
            SitedNetwork sited = new SitedNetwork(stored.graph(), Integer.toString(layer));
            INDArray rows = sited.rows(x);
            // Another pass with other values must leave no trace.
            sited.output(rows.mul(0.5));
            assertArrayEquals(output.dup('c').data().asFloat(), sited.output(rows).dup('c').data().asFloat(), 1e-6f, "layer " + layer);
            assertArrayEquals(expected, sited.losses(labels), 1e-5, "layer " + layer);
        }
    }

    @Test
    void images() throws IOException {
        check(layers().layer(new ConvolutionLayer.Builder(3, 3).nOut(2).build()).layer(new BatchNormalization()).layer(new ActivationLayer(Activation.RELU))
                .layer(new SubsamplingLayer.Builder().kernelSize(2, 2).stride(2, 2).build()).layer(new DropoutLayer(0.5)).layer(new DenseLayer.Builder().nOut(4).build())
                .layer(new OutputLayer.Builder(LossFunction.MCXENT).nOut(2).activation(Activation.SOFTMAX).build())
                .setInputType(InputType.convolutionalFlat(8, 8, 1)), random(3, 64), LABELS);
    }

    @Test
    void sequences() throws IOException {
        INDArray labels = Nd4j.zeros(3, 2, 5);
        for (int b = 0; b < 3; b++) {
            for (int t = 0; t < 5; t++) {
                labels.putScalar(b, (b + t) % 2, t, 1);
            }
        }
        check(layers().layer(new Bidirectional(Bidirectional.Mode.CONCAT, new LSTM.Builder().nOut(3).build())).layer(new LSTM.Builder().nOut(3).build()).layer(new DenseLayer.Builder().nOut(4).build())
                .layer(new RnnOutputLayer.Builder(LossFunction.MCXENT).nOut(2).activation(Activation.SOFTMAX).build()).setInputType(InputType.recurrent(4)), random(3, 4, 5), labels);
        check(layers().layer(new LSTM.Builder().nOut(3).build()).layer(new LastTimeStep(new LSTM.Builder().nOut(3).build()))
                .layer(new OutputLayer.Builder(LossFunction.MCXENT).nOut(2).activation(Activation.SOFTMAX).build()).setInputType(InputType.recurrent(4)), random(3, 4, 5), LABELS);
        check(layers().layer(new LSTM.Builder().nOut(3).build()).layer(new GlobalPoolingLayer()).layer(new DenseLayer.Builder().nOut(2).activation(Activation.SIGMOID).build())
                .layer(new LossLayer.Builder(LossFunction.XENT).activation(Activation.SIGMOID).build()).setInputType(InputType.recurrent(4)), random(3, 4, 5), LABELS);
    }

    @Test
    void vectors() throws IOException {
        check(layers().layer(new FrozenLayer(new DenseLayer.Builder().nIn(4).nOut(3).build())).layer(new DenseLayer.Builder().nIn(3).nOut(3).build())
                .layer(new OutputLayer.Builder(LossFunction.MSE).nIn(3).nOut(1).activation(Activation.IDENTITY).build()), random(3, 4), random(3, 1));
    }

    @Test
    void whatHasNoLossOrNothingToLeaveOutIsRefused() {
        MultiLayerNetwork alone = new MultiLayerNetwork(layers().layer(new OutputLayer.Builder(LossFunction.MCXENT).nIn(3).nOut(2).build()).build());
        alone.init();
        assertThrows(InputException.class, () -> new SitedNetwork(alone.toComputationGraph(), null));
        MultiLayerNetwork endless = new MultiLayerNetwork(layers().layer(new DenseLayer.Builder().nIn(3).nOut(1).build()).layer(new DenseLayer.Builder().nIn(1).nOut(1).build()).build());
        endless.init();
        assertEquals("the network's output is no output layer, so it has no loss; end it with an OutputLayer, RnnOutputLayer or LossLayer",
                assertThrows(InputException.class, () -> new SitedNetwork(endless.toComputationGraph(), null)).getMessage());
    }
}
