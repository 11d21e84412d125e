package org.lacuna.dl4j.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.data.Corpora;
import org.lacuna.data.Corpus;
import org.lacuna.data.DataRecipe;
import org.lacuna.data.sample.Windows;
import org.lacuna.dl4j.data.CorpusIterator;
import org.lacuna.dl4j.example.Clusters;
import org.lacuna.dl4j.layer.FeedForwardBlock;
import org.lacuna.eval.command.CompareCommand;
import org.lacuna.eval.command.EvalCommand;
import org.lacuna.eval.robustness.Point;
import org.lacuna.eval.robustness.ResultJson;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.SiteResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.Estimator;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import picocli.CommandLine;

/** The README's example: two networks trained by Deeplearning4j, saved, measured and compared. */
class NetworksTest {
    @TempDir
    private static Path folder;
    private static MultiLayerNetwork dense;
    private static MultiLayerNetwork sparse;
    private static DataSet test;

    /** The example's table, read anew. */
    private static DataSet table() throws IOException {
        List<String> lines = Files.readAllLines(folder.resolve("test.csv"));
        INDArray x = Nd4j.zeros(1000, 6);
        INDArray y = Nd4j.zeros(1000, 4);
        for (int i = 0; i < 1000; i++) {
            String[] cells = lines.get(i + 1).split(",");
            for (int j = 0; j < 6; j++) {
                x.putScalar(i, j, Float.parseFloat(cells[j]));
            }
            y.putScalar(i, Integer.parseInt(cells[6]), 1);
        }
        return new DataSet(x, y);
    }


    @BeforeAll
    static void train() throws IOException {
        Clusters.main(new String[] {folder.toString()});
        dense = MultiLayerNetwork.load(folder.resolve("dense.zip").toFile(), false);
        sparse = MultiLayerNetwork.load(folder.resolve("sparse.zip").toFile(), false);
        test = table();
        run(0, new EvalCommand(), "--dl4j", path("dense.zip"), "--data", path("test.csv"), "--out", path("dense"), "--replicates", "200");
        run(0, new EvalCommand(), "--dl4j", path("sparse.zip"), "--data", path("test.csv"), "--label", "class", "--out", path("sparse"), "--replicates", "200");
    }

    private static String path(String name) {
        return folder.resolve(name).toString();
    }

    private static String run(int code, Object command, String... args) {
        StringWriter out = new StringWriter();
        CommandLine line = new CommandLine(command).setOut(new PrintWriter(out)).setErr(new PrintWriter(out))
                .setExecutionExceptionHandler((failure, which, parsed) -> {
                    throw failure;
                });
        assertEquals(code, line.execute(args), out::toString);
        return out.toString();
    }

    private static RobustnessResult result(String name) {
        return ResultJson.read(folder.resolve(name).resolve("result.json"), RobustnessResult.class, RobustnessResult.VERSION);
    }

    @Test
    void eachNetworkHasACurveAndACriticalSparsity() {
        for (String name : List.of("dense", "sparse")) {
            RobustnessResult result = result(name);
            SiteResult curve = result.curve(SiteSet.INTERMEDIATE).orElseThrow();
            assertEquals(26, curve.points().size());
            assertEquals(result.dense().loss(), curve.points().get(0).loss(), 1e-6, "p = 1 leaves out zeros alone");
            assertTrue(curve.critical(Estimator.LINEAR).level().sparsity() > 0.3, name);
            assertTrue(Files.isRegularFile(folder.resolve(name).resolve("report.html")));
            JsonNode network = result.provenance().path("network");
            assertTrue(network.path("accuracy").asDouble() > 0.85, network.toString());
            assertEquals(26, network.path("accuracy_by_p").size());
            assertTrue(network.path("accuracy_by_p").get(25).asDouble() < 0.6, "without the layer the network is lost");
            assertEquals(3, network.path("critical_at_accuracy_99_percent").size());
            assertEquals(3, network.path("critical_at_loss_1_percent").size());
        }
    }

    @Test
    void lossAndAccuracyAreThoseOfDeeplearning4j() {
        assertEquals(dense.score(test, false), result("dense").dense().loss(), 1e-5);
        assertEquals(sparse.score(test, false), result("sparse").dense().loss(), 1e-5);
        double[] each = dense.scoreExamples(test, false).toDoubleVector();
        assertArrayEquals(each, result("dense").dense().windowLossSums().stream().mapToDouble(Double::doubleValue).toArray(), 1e-5);
        int right = dense.output(test.getFeatures()).argMax(1).eq(test.getLabels().argMax(1)).castTo(DataType.INT32).sumNumber().intValue();
        assertEquals(right / 1000.0, result("dense").provenance().at("/network/accuracy").asDouble());
    }

    @Test
    void aPointIsWhatLeavingOutByHandGives() {
        INDArray hidden = dense.feedForward(test.getFeatures()).get(1).dup();
        double loss = 0;
        long zeros = 0;
        for (int row = 0; row < 1000; row++) {
            // Top-p by sorting: the fewest largest magnitudes that hold half of their sum.
            float[] values = hidden.getRow(row).toFloatVector();
            Integer[] order = new Integer[values.length];
            double total = 0;
            for (int j = 0; j < values.length; j++) {
                order[j] = j;
                total += Math.abs(values[j]);
            }
            Arrays.sort(order, (a, b) -> Float.compare(Math.abs(values[b]), Math.abs(values[a])));
            double sum = 0;
            for (int j : order) {
                if (sum >= 0.5 * total) {
                    hidden.putScalar(row, j, 0);
                }
                sum += Math.abs(values[j]);
            }
            INDArray out = dense.getLayer(1).activate(hidden.getRow(row, true).dup(), false, LayerWorkspaceMgr.noWorkspaces());
            loss -= Math.log(out.getDouble(test.getLabels().getRow(row).argMax().getLong(0))) / 1000;
            zeros += hidden.getRow(row).eq(0).castTo(DataType.INT32).sumNumber().longValue();
        }
        Point point = result("dense").curve(SiteSet.INTERMEDIATE).orElseThrow().points().stream().filter(each -> each.p() == 0.5).findFirst().orElseThrow();
        assertEquals(loss, point.loss(), 1e-5);
        assertEquals(zeros / (1000.0 * 32), point.sparsity(), 1e-12);
    }

    @Test
    void compareTellsTheirDifference() {
        assertTrue(zeros("sparse") > zeros("dense"), zeros("sparse") + " " + zeros("dense"));
        String out = run(0, new CompareCommand(), path("sparse"), path("dense"), "--out", path("compared"));
        assertTrue(out.contains("sparse − dense: "), out);
        JsonNode report = Json.read(folder.resolve("compared").resolve("report.json"));
        JsonNode difference = report.at("/comparison/differences/2");
        assertEquals("linear", difference.path("estimator").asText());
        assertTrue(difference.at("/interval/low").asDouble() > 0, difference.toString());
        assertEquals("induced", report.at("/comparison/models/0/model/training").asText());
    }

    @Test
    void aComputationGraphOnACorpusAtANamedLayer() throws IOException {
        ComputationGraph graph = new ComputationGraph(new NeuralNetConfiguration.Builder().seed(3).updater(new Adam(0.02)).graphBuilder()
                .addInputs("ids").setInputTypes(InputType.recurrent(257))
                .addLayer("embedding", new EmbeddingSequenceLayer.Builder().nIn(257).nOut(8).build(), "ids")
                .addLayer("lstm", new LSTM.Builder().nIn(8).nOut(8).activation(Activation.TANH).build(), "embedding")
                .addLayer("ffn", new FeedForwardBlock.Builder().nIn(8).inner(16).nOut(8).activation("silu").rule("top_k", 0.5).build(), "lstm")
                .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "lstm", "ffn")
                .addLayer("out", new RnnOutputLayer.Builder(LossFunction.MCXENT).nIn(8).nOut(257).activation(Activation.SOFTMAX).build(), "sum")
                .setOutputs("out").build());
        graph.init();
        Path text = folder.resolve("text.txt");
        Files.writeString(text, "the cat sat on the mat and the dog sat on the log. ".repeat(80));
        Corpus corpus = Corpora.open(Recipes.parse("test", "data: {}", List.of("data.text=" + text), Data.class).data());
        graph.fit(CorpusIterator.shuffled(corpus.train(), 257, 16, 16, CorpusIterator.Features.IDS, 1), 1);
        graph.save(folder.resolve("graph.zip").toFile(), true);
        DataSet windows = CorpusIterator.dataSet(Windows.first(corpus.validation(), 8, 16), 257, CorpusIterator.Features.IDS);
        double loss = graph.score(windows, false) / 16;
        for (String layer : List.of("ffn", "lstm")) {
            run(0, new EvalCommand(), "--dl4j", path("graph.zip"), "--set", "data.text=" + text, "--windows", "8", "--window", "16", "--layer", layer, "--replicates", "40",
                    "--out", path("graph-" + layer));
            RobustnessResult result = result("graph-" + layer);
            assertEquals(loss, result.dense().loss(), 1e-5);
            assertEquals(loss, result.curve(SiteSet.INTERMEDIATE).orElseThrow().points().get(0).loss(), 1e-5);
            assertEquals(layer.equals("ffn") ? 16 : 8, result.model().intermediate());
            assertEquals(layer.equals("ffn") ? 0.5 : 0, result.dense().exactZeros().get(Site.INTERMEDIATE).get(0), 1e-12);
        }
    }

    @Test
    void oneOutputIsYesOrNoOrANumber() throws IOException {
        INDArray x = test.getFeatures();
        for (boolean yesOrNo : new boolean[] {true, false}) {
            MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder().seed(1).updater(new Adam(0.05)).list()
                    .layer(new DenseLayer.Builder().name("hidden").nIn(6).nOut(8).activation(Activation.RELU).build())
                    .layer(new OutputLayer.Builder(yesOrNo ? LossFunction.XENT : LossFunction.MSE).nIn(8).nOut(1)
                            .activation(yesOrNo ? Activation.SIGMOID : Activation.IDENTITY).build()).build());
            network.init();
            INDArray y = test.getLabels().getColumn(0, true).dup();
            for (int step = 0; step < 30; step++) {
                network.fit(new DataSet(x, y));
            }
            network.save(folder.resolve("one.zip").toFile());
            String table = Files.readString(folder.resolve("test.csv")).replaceAll(",[1-3]\n", ",x\n").replaceAll(",0\n", ",1\n").replaceAll(",x\n", ",0\n");
            Files.writeString(folder.resolve("one.csv"), table);
            run(0, new EvalCommand(), "--dl4j", path("one.zip"), "--data", path("one.csv"), "--layer", "hidden", "--out", path("one"), "--replicates", "40");
            RobustnessResult result = result("one");
            assertEquals(network.score(new DataSet(x, y), false), result.dense().loss(), 1e-5);
            JsonNode accuracy = result.provenance().at("/network/accuracy");
            double right = 0;
            double[] outputs = network.output(x).toDoubleVector();
            for (int i = 0; i < 1000; i++) {
                right += outputs[i] > 0.5 == y.getDouble(i) > 0.5 ? 1 : 0;
            }
            assertEquals(yesOrNo ? right / 1000 : 0, accuracy.asDouble());
            assertEquals(yesOrNo, !accuracy.isMissingNode());
        }
    }

    /** A network of one output takes any number for a label. */
    @Test
    void aLabelThatMayBeInTheFirstColumnIsWarnedOf() throws IOException {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder().seed(1).list().layer(new DenseLayer.Builder().nIn(2).nOut(3).build())
                .layer(new OutputLayer.Builder(LossFunction.MSE).nIn(3).nOut(1).activation(Activation.IDENTITY).build()).build());
        network.init();
        network.save(folder.resolve("first.zip").toFile());
        for (String[] table : new String[][] {{"1,0.5,0.25\n0,0.75,-1\n", "yes"}, {"0.5,0.25,1\n0.75,-1,0\n", "no"}, {"0.5,0.25,0.5\n1,2,3\n", "no"}, {"1,2,3\n4,5,6\n", "no"}}) {
            Files.writeString(folder.resolve("first.csv"), table[0]);
            String out = run(0, new EvalCommand(), "--dl4j", path("first.zip"), "--data", path("first.csv"), "--out", path("first"), "--replicates", "40");
            assertEquals(table[1].equals("yes"), out.contains("warning: first.csv: labels are read from the last column"), out);
        }
        Files.writeString(folder.resolve("first.csv"), "y,a,b\n1,0.5,0.25\n0,0.75,-1\n");
        assertFalse(run(0, new EvalCommand(), "--dl4j", path("first.zip"), "--data", path("first.csv"), "--label", "y", "--out", path("first"), "--replicates", "40").contains("warning"));
    }

    @Test
    void whatIsAskedForWronglyIsRefused() throws IOException {
        Path bad = folder.resolve("bad.csv");
        Files.writeString(bad, "1,2,3,4,5,6,0\n1,2,3,4,5,6\n1,x,3,4,5,6,1\n");
        assertTrue(refused("--data", bad.toString(), "--out", path("o")).contains("row 2 has 6 columns"));
        Files.writeString(bad, "1,2,0\n1,2,1\n");
        assertTrue(refused("--data", bad.toString(), "--out", path("o")).contains("can't read bad.csv, arrays of [2, 2]"));
        Files.writeString(bad, "1,2,3,4,5,6,7\n1,2,3,4,5,6,1\n");
        assertTrue(refused("--data", bad.toString(), "--out", path("o")).contains("the label of example 1 is 7.0; the network's 4 classes are 0 to 3"));
        assertTrue(refused("--data", path("test.csv"), "--out", path("o"), "--label", "g").contains("no column \"g\"; there are a, b, c"));
        assertTrue(refused("--data", path("test.csv"), "--out", path("o"), "--layer", "9").contains("no layer \"9\" before the output; there are 0 (DenseLayer)"));
        assertTrue(refused("--data", path("test.csv")).contains("--out DIR"));
        assertTrue(refused("--out", path("o")).contains("token ids"));
        assertFalse(Files.exists(folder.resolve("o")));
    }

    private static String refused(String... args) {
        List<String> all = new ArrayList<>(List.of("--dl4j", path("dense.zip")));
        all.addAll(List.of(args));
        Exception[] thrown = new Exception[1];
        new CommandLine(new EvalCommand()).setExecutionExceptionHandler((failure, which, parsed) -> {
            thrown[0] = failure;
            return 2;
        }).execute(all.toArray(String[]::new));
        return assertInstanceOf(InputException.class, thrown[0]).getMessage();
    }

    /** The part of a recipe that names a corpus. */
    record Data(DataRecipe data) {
    }

    @Test
    void theReadmeHoldsTheExample() throws IOException {
        String source = Files.readString(Path.of("src/main/java/org/lacuna/dl4j/example/Clusters.java"));
        assertTrue(Files.readString(Path.of("README.md")).contains("```java\n" + source.substring(source.indexOf("import java")) + "```"), "the README shows another Clusters.java");
    }

    private static double zeros(String name) {
        return result(name).dense().exactZeros().get(Site.INTERMEDIATE).get(0);
    }
}
