package org.lacuna.graph.op;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Chooses each token's experts and their weights, as the routers of Mixtral (Jiang et al., arXiv 2401.04088) and OLMoE
 * (Muennighoff et al., arXiv 2409.02060) do: the k experts of the largest logits, weighted by the softmax.
 *
 * <pre>
 * in:  logits [B, T, E]
 * out: experts [B, T, k] INT   by falling logit; of equal logits the lower index first
 *      weights [B, T, k]       softmax over all E logits, of the chosen ones; renormalised: divided by their sum
 * integer arguments: k, whether weights are renormalised (0 or 1)
 * </pre>
 * The choice has no gradient; that of the weights: {@link RouteGrad}.
 *
 * <p>Logits that are not finite choose experts all the same, k different ones: infinities by their order, NaN behind all
 * numbers. The token's weights are NaN, all of them, if a logit is NaN or +∞, or if all are −∞.
 */
public final class Route extends LacunaOp {
    public static final String NAME = "lacuna_route";

    public Route() {}

    private Route(SameDiff sd, SDVariable logits, int k, boolean renormalised) {
        super(sd, logits);
        addIArgument(k, renormalised ? 1 : 0);
    }

    /**
     * Adds the op to the graph.
     *
     * @param k experts of a token
     * @param renormalised whether a token's weights add up to 1
     * @return the choices under {@code experts}, and their weights under {@code weights}
     */
    public static SDVariable[] of(SameDiff sd, String experts, String weights, SDVariable logits, int k, boolean renormalised) {
        SDVariable[] out = new Route(sd, logits, k, renormalised).outputVariables(experts);
        out[1].rename(weights);
        return out;
    }

    /** How many experts a token has. */
    public int k() {
        return integer(0);
    }

    /** Whether a token's weights add up to 1. */
    public boolean renormalised() {
        return integer(1) == 1;
    }

    @Override
    public String opName() {
        return NAME;
    }

    @Override
    public int getNumOutputs() {
        return 2;
    }

    @Override
    public DataType outputType(int index, List<DataType> inputs) {
        return index == 0 ? DataType.INT32 : inputs.get(0);
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        long[] logits = in[0];
        if (logits.length != 3 || k() < 1 || k() > logits[2]) {
            throw new IllegalArgumentException(NAME + " wants logits [B, T, E] and 1 to E experts for a token, not " + Arrays.toString(logits) + " and " + k());
        }
        long[] out = {logits[0], logits[1], k()};
        return new long[][] {out, out.clone()};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        int k = k();
        int width = Math.toIntExact(in[0].size(2));
        int rows = Math.toIntExact(in[0].length()) / width;
        double[] logits = in[0].dup('c').data().asDouble();
        int[] experts = new int[rows * k];
        double[] weights = new double[rows * k];
        for (int row = 0; row < rows; row++) {
            double[] all = Arrays.copyOfRange(logits, row * width, (row + 1) * width);
            int[] chosen = IntStream.range(0, width).boxed().sorted((a, b) -> order(all[a], all[b])).limit(k).mapToInt(e -> e).toArray();
            double[] p = softmax(all);
            double sum = renormalised() ? Arrays.stream(chosen).mapToDouble(e -> p[e]).sum() : 1;
            for (int r = 0; r < k; r++) {
                experts[row * k + r] = chosen[r];
                weights[row * k + r] = p[chosen[r]] / sum;
            }
        }
        out[0].assign(Nd4j.createFromArray(experts).reshape(out[0].shape()));
        out[1].assign(Nd4j.createFromArray(weights).reshape(out[1].shape()).castTo(out[1].dataType()));
    }

    /** Negative where {@code a} comes before {@code b}: the larger one, and numbers before NaN. */
    private static int order(double a, double b) {
        if (Double.isNaN(a) || Double.isNaN(b)) {
            return Boolean.compare(Double.isNaN(a), Double.isNaN(b));
        }
        return a > b ? -1 : a < b ? 1 : 0;
    }

    static double[] softmax(double... logits) {
        double largest = Arrays.stream(logits).max().orElseThrow();
        double[] p = Arrays.stream(logits).map(l -> Math.exp(l - largest)).toArray();
        double sum = Arrays.stream(p).sum();
        return Arrays.stream(p).map(e -> e / sum).toArray();
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(RouteGrad.of(sameDiff, gradients.get(1), arg(0), outputVariables()[0], renormalised()));
    }
}
