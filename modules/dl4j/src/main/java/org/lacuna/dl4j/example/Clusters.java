package org.lacuna.dl4j.example;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lacuna.dl4j.layer.FeedForwardBlock;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Trains a dense network and one with Lacuna's block and an L1 penalty on points around the corners of a cube, and saves them with a table to measure them on. */
public final class Clusters {
    private static final int CLASSES = 4;
    private static final int INPUTS = 6;

    private Clusters() {}

    /** Writes dense.zip, sparse.zip and test.csv to a folder. */
    public static void main(String[] args) throws IOException {
        Path folder = Files.createDirectories(Path.of(args.length > 0 ? args[0] : "runs/clusters"));
        network(new DenseLayer.Builder().nIn(INPUTS).nOut(32).activation(Activation.RELU).build())
                .save(folder.resolve("dense.zip").toFile());
        network(new FeedForwardBlock.Builder().nIn(INPUTS).inner(32).nOut(32).activation("relu").gated(false).biased(true).penalty("l1", 0.01).build())
                .save(folder.resolve("sparse.zip").toFile());
        Files.writeString(folder.resolve("test.csv"), csv(points(1000, 2)));
    }

    private static MultiLayerNetwork network(Layer hidden) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder().seed(5).updater(new Adam(0.02)).list()
                .layer(hidden)
                .layer(new OutputLayer.Builder(LossFunction.MCXENT).nIn(32).nOut(CLASSES).activation(Activation.SOFTMAX).build())
                .build());
        network.init();
        DataSet train = points(2048, 1);
        for (int step = 0; step < 150; step++) {
            network.fit(train);
        }
        return network;
    }

    /** Opposite corners are one class, so that no straight line tells the classes apart; half of the inputs are noise. */
    private static DataSet points(int count, long seed) {
        Random random = new Random(seed);
        float[][] x = new float[count][INPUTS];
        float[][] y = new float[count][CLASSES];
        for (int i = 0; i < count; i++) {
            int corner = random.nextInt(2 * CLASSES);
            for (int j = 0; j < INPUTS; j++) {
                x[i][j] = (float) ((j < 3 ? 2 * (corner >> j & 1) - 1 : 0) + 0.5 * random.nextGaussian());
            }
            y[i][Math.min(corner, 2 * CLASSES - 1 - corner)] = 1;
        }
        return new DataSet(Nd4j.createFromArray(x), Nd4j.createFromArray(y));
    }

    private static String csv(DataSet data) {
        StringBuilder text = new StringBuilder("a,b,c,d,e,f,class\n");
        for (int i = 0; i < data.numExamples(); i++) {
            for (float value : data.getFeatures().getRow(i).toFloatVector()) {
                text.append(value).append(',');
            }
            text.append(data.getLabels().getRow(i).argMax().getInt(0)).append('\n');
        }
        return text.toString();
    }
}
