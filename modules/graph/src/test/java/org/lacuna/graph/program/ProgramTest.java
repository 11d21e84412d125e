package org.lacuna.graph.program;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.op.Add;
import org.lacuna.graph.op.LacunaOps;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class ProgramTest {
    private final Device device = new CpuDevice();

    @BeforeAll
    static void register() {
        LacunaOps.register();
    }

    /** loss = (w + x) + w, of one element. */
    private static SameDiff graph() {
        SameDiff sd = SameDiff.create();
        SDVariable w = sd.var("w", DataType.FLOAT, 1);
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, -1);
        SDVariable y = Add.of(sd, "y", w, x);
        Add.of(sd, "loss", y, w);
        sd.setLossVariables("loss");
        return sd;
    }

    private ParameterStore store() {
        return new ParameterStore(device, List.of(new TensorSpec("w", DataType.FLOAT, 1)));
    }

    @Test
    void runsForwardAndBackward() {
        ParameterStore store = store();
        store.tensor("w").set(2f);
        ParameterStore.Flat gradients = store.like();
        Program program = Program.of(graph(), device).placeholder("x", 1).outputs("loss", "y").gradients().build();
        Instance run = program.instance(store.values(), gradients);
        run.tensor("x").set(3f);
        run.run();
        assertEquals(7f, run.tensor("loss").getFloat(0));
        assertEquals(5f, run.tensor("y").getFloat(0));
        assertEquals(2f, gradients.tensor("w").getFloat(0));
        store.tensor("w").set(10f);
        run.run();
        assertEquals(23f, run.tensor("loss").getFloat(0));
        assertEquals(2f, gradients.tensor("w").getFloat(0));
    }

    @Test
    void printsNothing() {
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            Program.of(graph(), device).placeholder("x", 1).outputs("loss").gradients().build();
        } finally {
            System.setOut(before);
        }
        assertEquals("", printed.toString(StandardCharsets.UTF_8));
    }

    @Test
    void leavesOutWhatNobodyNeeds() {
        Program program = Program.of(graph(), device).placeholder("x", 1).outputs("y").build();
        assertEquals(List.of("lacuna_add -> y"), program.steps());
    }

    @Test
    void refusesAStockOpWhoseGradientIsWrong() {
        SameDiff sd = graph();
        SDVariable table = sd.var("table", Nd4j.rand(DataType.FLOAT, 4, 2));
        sd.gather("rows", table, new int[] {1, 1}, 0);
        ProgramException e = assertThrows(ProgramException.class,
                () -> Program.of(sd, device).placeholder("x", 1).outputs("loss").gradients().build());
        assertTrue(e.getMessage().contains("'gather'") && e.getMessage().contains("'rows'"), e.getMessage());
    }

    @Test
    void refusesAStockOpThatItDoesNotRun() {
        SameDiff sd = graph();
        sd.math.abs("size", sd.getVariable("y"));
        ProgramException e = assertThrows(ProgramException.class,
                () -> Program.of(sd, device).placeholder("x", 1).outputs("size").build());
        assertTrue(e.getMessage().contains("'abs'") && e.getMessage().contains("'size'"), e.getMessage());
    }

    @Test
    void saysWhatIsMissing() {
        assertTrue(assertThrows(ProgramException.class, () -> Program.of(graph(), device).outputs("loss").build())
                .getMessage().contains("'x' has no shape"));
        assertTrue(assertThrows(ProgramException.class, () -> Program.of(graph(), device).placeholder("x", 1).outputs("z").build())
                .getMessage().contains("'z' is no variable"));
        ProgramException shapes = assertThrows(ProgramException.class,
                () -> Program.of(graph(), device).placeholder("x", 2).outputs("loss").build());
        assertTrue(shapes.getMessage().contains("lacuna_add") && shapes.getMessage().contains("'y'"), shapes.getMessage());
        Instance run = Program.of(graph(), device).placeholder("x", 1).outputs("loss").build().instance(store().values(), null);
        assertTrue(assertThrows(ProgramException.class, () -> run.tensor("y")).getMessage().contains("'y'"));
    }

    @Test
    void findsTheFirstValueThatIsNotFinite() {
        ParameterStore store = store();
        Instance run = Program.of(graph(), device).placeholder("x", 1).outputs("loss").build().instance(store.values(), null);
        store.tensor("w").set(Float.MAX_VALUE);
        run.tensor("x").set(0f);
        assertEquals(Optional.of("loss"), run.firstNonFinite());
        store.tensor("w").set(Float.NaN);
        assertEquals(Optional.of("w"), run.firstNonFinite());
        store.tensor("w").set(0f);
        assertEquals(Optional.empty(), run.firstNonFinite());
    }

    @Test
    void aSavedGraphRunsTheSame() throws Exception {
        java.nio.file.Path file = java.nio.file.Files.createTempFile("graph", ".fb");
        SameDiff sd = SameDiff.create();
        SDVariable w = sd.var("w", Nd4j.createFromArray(2f));
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, -1);
        Add.of(sd, "y", w, x);
        sd.save(file.toFile(), false);
        SameDiff loaded = SameDiff.load(file.toFile(), false);
        java.nio.file.Files.delete(file);
        assertArrayEquals(new float[] {5f}, loaded.output(java.util.Map.of("x", Nd4j.createFromArray(3f)), "y").get("y").toFloatVector());
        ParameterStore store = store();
        store.tensor("w").set(2f);
        Instance run = Program.of(loaded, device).placeholder("x", 1).outputs("y").build().instance(store.values(), null);
        run.tensor("x").set(3f);
        run.run();
        assertEquals(5f, run.tensor("y").getFloat(0));
        assertTrue(loaded.summary().contains("lacuna_add"));
    }
}
