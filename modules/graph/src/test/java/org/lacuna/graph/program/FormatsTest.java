package org.lacuna.graph.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.lacuna.graph.Device;
import org.lacuna.graph.FlatMath;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Precision;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.activation.Activations;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.op.Add;
import org.lacuna.graph.op.Embedding;
import org.lacuna.graph.op.Gated;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.graph.op.Linear;
import org.lacuna.graph.op.LmHeadLoss;
import org.lacuna.graph.op.RmsNorm;
import org.lacuna.graph.op.ToBfloat16;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/** Which values of a bf16 program are kept in bf16, and which have a rounded copy. */
class FormatsTest {
    private static final int HIDDEN = 7;
    private static final int INNER = 9;
    private static final int VOCABULARY = 11;

    private final Device device = new CpuDevice();
    private final SmallLlama llama = new SmallLlama(2);

    /** norm → gate and up → gated → down → sum with the residual, then with a biased linear of the norm → norm → loss on tied weights. */
    private static SameDiff graph() {
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        SDVariable words = sd.var("words", DataType.FLOAT, VOCABULARY, HIDDEN);
        SDVariable x = Embedding.of(sd, "x", words, sd.placeHolder("ids", DataType.INT, 1, 3));
        SDVariable norm = RmsNorm.of(sd, "norm", x, sd.var("normWeight", DataType.FLOAT, HIDDEN), 1e-5);
        SDVariable[] zu = Linear.of(sd, List.of("gate", "up"), norm, List.of(sd.var("wg", DataType.FLOAT, INNER, HIDDEN), sd.var("wu", DataType.FLOAT, INNER, HIDDEN)), List.of());
        SDVariable i = Gated.of(sd, "gated", Activations.byName("silu"), zu[0], zu[1]);
        SDVariable down = Linear.of(sd, "down", i, sd.var("wd", DataType.FLOAT, HIDDEN, INNER));
        SDVariable biased = Linear.of(sd, List.of("biased"), norm, List.of(sd.var("wb", DataType.FLOAT, HIDDEN, HIDDEN)), List.of(sd.var("bias", DataType.FLOAT, HIDDEN)))[0];
        SDVariable sum = Add.of(sd, "all", Add.of(sd, "sum", x, down), biased);
        SDVariable last = RmsNorm.of(sd, "last", sum, sd.var("lastWeight", DataType.FLOAT, HIDDEN), 1e-5);
        LmHeadLoss.of(sd, "loss", "nll", last, words, sd.placeHolder("targets", DataType.INT, 1, 3), sd.placeHolder("weight", DataType.FLOAT, 1, 3));
        sd.setLossVariables("loss");
        return sd;
    }

    private Program program(Precision precision, String... outputs) {
        return Program.of(graph(), device).placeholder("ids", 1, 3).placeholder("targets", 1, 3).placeholder("weight", 1, 3)
                .precision(precision).outputs(outputs).gradients().build();
    }

    private static Set<String> narrow(Program program) {
        Set<String> names = new TreeSet<>();
        program.specs().forEach((name, spec) -> {
            if (spec.dataType() == DataType.BFLOAT16) {
                names.add(name);
            }
        });
        return names;
    }

    /** Those of the graph itself: gradients' names are SameDiff's affair. */
    private static Set<String> narrowForward(Program program) {
        SameDiff graph = graph();
        Set<String> names = narrow(program);
        names.removeIf(name -> !graph.hasVariable(name.replace(".bf16", "")));
        return names;
    }

    /** For each op of that name the formats of its inputs and outputs: B for bf16, F for float, – for others. */
    private static List<String> formats(Program program, String op) {
        return program.nodes().stream().filter(n -> n.op().opName().equals(op)).map(n -> formats(program, n.inputs()) + " " + formats(program, n.outputs())).toList();
    }

    private static String formats(Program program, List<String> names) {
        StringBuilder formats = new StringBuilder();
        for (TensorSpec spec : program.specsOf(names)) {
            formats.append(spec.dataType() == DataType.BFLOAT16 ? 'B' : spec.dataType() == DataType.FLOAT ? 'F' : '-');
        }
        return formats.toString();
    }

    /** The inputs of the nodes that round. */
    private static List<String> roundedBySteps(Program program) {
        return program.nodes().stream().filter(n -> n.op() instanceof ToBfloat16).map(n -> n.inputs().get(0)).toList();
    }

    @Test
    void whatOnlyProductsAndElementwiseOpsReadIsNarrow() {
        Program program = program(Precision.BF16, "loss", "nll");
        // Not x, sum and all, which are the residual stream; not biased, which is added up where it lies; of the parameters, copies of factors.
        assertEquals(Set.of("norm", "gate", "up", "gated", "down", "last", "wg.bf16", "wu.bf16", "wd.bf16", "wb.bf16", "words.bf16"), narrowForward(program));
        assertTrue(program.readsRounded());
        assertEquals(List.of("F- F"), formats(program, "lacuna_embedding"), "the table itself, not its copy");
        assertEquals(Set.of("BBB BB", "BB B", "BBF F"), Set.copyOf(formats(program, "lacuna_linear")));
    }

    @Test
    void gradientsFollowTheSameRule() {
        Program program = program(Precision.BF16, "loss", "nll");
        assertEquals(List.of("BBF-F FFFF"), formats(program, "lacuna_lm_head_loss_grad"));
        assertEquals(List.of("BBB BB"), formats(program, "lacuna_gated_grad"));
        assertEquals(Set.of("BB F"), Set.copyOf(formats(program, "lacuna_linear_dw")));
        assertEquals(List.of("F F"), formats(program, "lacuna_linear_db"), "the gradient itself, not its copy");
        List<String> dx = new ArrayList<>(formats(program, "lacuna_linear_dx"));
        dx.sort(null);
        assertEquals(List.of("BB B", "BB B", "BBBB F"), dx, "two products are added up in float");
        assertEquals(Set.of("FFF FF"), Set.copyOf(formats(program, "lacuna_rms_norm_grad")));
    }

    /** The gradient of the residual stream is a factor of two layers' gradients. */
    @Test
    void aCopyIsMadeOnceBeforeItIsFirstRead() {
        Program program = program(Precision.BF16, "loss", "nll");
        List<String> rounded = roundedBySteps(program);
        assertEquals(1, rounded.size(), rounded.toString());
        String copy = Formats.copy(rounded.get(0));
        List<Integer> readers = new ArrayList<>();
        for (int i = 0; i < program.nodes().size(); i++) {
            if (program.nodes().get(i).inputs().contains(copy)) {
                readers.add(i);
            }
        }
        assertEquals(4, readers.size(), "dx and dW of down and of biased");
        assertEquals(List.of(copy), program.nodes().get(readers.get(0) - 1).outputs());
    }

    @Test
    void aDeclaredOutputStaysInFloatAndIsRoundedOnce() {
        Program program = program(Precision.BF16, "loss", "nll", "gated", "down");
        assertEquals(Set.of("norm", "gate", "up", "gated.bf16", "last", "wg.bf16", "wu.bf16", "wd.bf16", "wb.bf16", "words.bf16"), narrowForward(program));
        assertEquals(1, roundedBySteps(program).stream().filter("gated"::equals).count(), "for the layer and its dW");
        assertEquals(2, roundedBySteps(program).size());
    }

    @Test
    void anFp32ProgramHasNone() {
        Program program = program(Precision.FP32, "loss", "nll");
        assertEquals(Set.of(), narrow(program));
        assertEquals(List.of(), roundedBySteps(program));
        assertFalse(program.readsRounded());
    }

    private Program narrowLlama() {
        return llama.program(device, Precision.BF16).outputs("loss", "nll", "1.intermediate").gradients().build();
    }

    @Test
    void deadMemoryIsNotRead() {
        Program program = narrowLlama();
        ParameterStore store = llama.store(device);
        ParameterStore.Flat gradients = store.like();
        SmallLlama.assertSameBits(llama.run(program, device), SmallLlama.run(program, program.debugInstance(store.values(), gradients), store, gradients));
    }

    @Test
    void roundedParametersMayBeTheCallers() {
        Program program = narrowLlama();
        ParameterStore store = llama.store(device);
        ParameterStore.Flat gradients = store.like();
        ParameterStore.Rounded rounded = store.values().rounded();
        FlatMath.Pass rounding = device.flatMath().round(store.values(), rounded);
        Instance own = program.instance(store.values(), gradients);
        Instance given = program.instance(store.values(), rounded, gradients);
        round(rounding);
        Map<String, float[]> before = SmallLlama.run(program, own, store, gradients);
        SmallLlama.assertSameBits(before, SmallLlama.run(program, given, store, gradients));

        store.normal("0.wd", 0.5, new Random(3)); // a matrix that only products read
        Map<String, float[]> after = SmallLlama.run(program, own, store, gradients);
        assertFalse(Arrays.equals(before.get("nll"), after.get("nll")), "an instance that rounds for itself sees the change");
        SmallLlama.assertSameBits(before, SmallLlama.run(program, given, store, gradients));
        round(rounding);
        SmallLlama.assertSameBits(after, SmallLlama.run(program, given, store, gradients));
    }

    private static void round(FlatMath.Pass rounding) {
        for (int block = 0; block < rounding.blocks(); block++) {
            rounding.accept(block);
        }
    }
}
