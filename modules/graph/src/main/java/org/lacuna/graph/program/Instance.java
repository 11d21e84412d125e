package org.lacuna.graph.program;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lacuna.graph.Device;
import org.lacuna.graph.FlatMath;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A {@link Program} with memory: feed the placeholders, run, read the outputs. For one thread at a time. */
public final class Instance {
    private final Program program;
    private final Map<String, Tensor> tensors = new HashMap<>();
    private final Calls calls;
    /** The calls of the first run after a restart, where gradients add up over runs: they replace what is there. */
    private final Calls first;
    private boolean fresh = true;
    private final Runnable[] copies;
    private final ByteBuffer[][] dead;
    private final ByteBuffer arenaFill;
    /** Null where somebody else rounds the parameters, or nobody has to. */
    private final FlatMath.Pass rounding;

    Instance(Program program, ParameterStore.Flat parameters, ParameterStore.Rounded rounded, ParameterStore.Flat gradients, Map<String, Tensor> states, boolean debug) {
        this.program = program;
        Device device = program.device();
        if (states != null && !program.states().keySet().containsAll(states.keySet())) {
            throw new ProgramException("the program's states are " + program.states().keySet() + ", those given " + states.keySet());
        }
        if (!program.gradients().isEmpty() && gradients == null) {
            throw new ProgramException("the program computes gradients: give the instance a place for them");
        }
        for (String name : program.placeholders()) {
            TensorSpec spec = program.specs().get(name);
            tensors.put(name, states != null && program.states().containsKey(name) ? shared(states, spec) : device.allocate(spec));
        }
        program.states().forEach((name, output) -> tensors.put(output, tensors.get(name).view(program.specs().get(output), 0)));
        program.constants().forEach((name, array) -> tensors.put(name, constant(device, program.specs().get(name), array)));
        for (String name : program.parameters()) {
            tensors.put(name, parameter(parameters, program.specs().get(name)));
        }
        ParameterStore.Rounded copy = rounded == null && program.readsRounded() ? parameters.rounded() : rounded;
        for (String name : program.parameters()) {
            if (program.readsRounded(name)) {
                tensors.put(Formats.copy(name), copy.tensor(name, Formats.copy(name)));
            }
        }
        rounding = copy == rounded ? null : device.flatMath().round(parameters, copy);
        program.gradientTargets().forEach((variable, parameter) -> tensors.put(variable, gradients.tensor(parameter)));
        if (program.accumulates()) {
            program.gradients().keySet().forEach(parameter -> tensors.put(Accumulation.before(parameter), gradients.tensor(parameter)));
        }
        Device.Memory arena = device.allocate(program.arena().plan().bytes());
        List<Node> nodes = program.nodes();
        Runnable[][][] bound = new Runnable[nodes.size()][][];
        for (int i = 0; i < bound.length; i++) {
            bound[i] = bind(device, arena, i, nodes.get(i).inputs());
        }
        calls = new Calls(bound);
        first = program.accumulates() ? new Calls(replacing(bound, device, arena)) : calls;
        copies = copies(gradients);
        dead = debug ? deadAfter(arena) : null;
        arenaFill = debug ? arena.tensor(new TensorSpec("arena", DataType.INT8, program.arena().plan().bytes()), 0).bytes() : null;
    }

    private static Tensor shared(Map<String, Tensor> states, TensorSpec wanted) {
        Tensor state = states.get(wanted.name());
        if (state == null) {
            throw new ProgramException("the program's state " + wanted + " is not among those given: " + states.keySet());
        }
        if (!state.spec().equals(wanted)) {
            throw new ProgramException("the program's state " + wanted + " is given as " + state.spec());
        }
        return state;
    }

    /** @param inputs those of step {@code i} that the call reads */
    private Runnable[][] bind(Device device, Device.Memory arena, int i, List<String> inputs) {
        Node node = program.nodes().get(i);
        for (String output : node.outputs()) {
            if (program.arena().slot(output) >= 0) {
                tensors.put(output, arena.tensor(program.specs().get(output), program.arena().plan().offset(program.arena().slot(output))));
            }
        }
        Tensor[] in = inputs.stream().map(tensors::get).toArray(Tensor[]::new);
        Tensor[] out = node.outputs().stream().map(tensors::get).toArray(Tensor[]::new);
        int slot = program.arena().scratchSlot(i);
        Tensor scratch = slot < 0 ? null
                : arena.tensor(new TensorSpec("scratch", DataType.FLOAT, program.arena().needs().get(slot).bytes() / Float.BYTES), program.arena().plan().offset(slot));
        return device.bind(node.op(), in, out, scratch, program.panels());
    }

    private static Tensor parameter(ParameterStore.Flat parameters, TensorSpec wanted) {
        Tensor tensor = parameters.tensor(wanted.name());
        if (!tensor.spec().equals(wanted)) {
            throw new ProgramException("the graph's parameter " + wanted + " is " + tensor.spec() + " in the parameter store");
        }
        return tensor;
    }

    private static Tensor constant(Device device, TensorSpec spec, INDArray array) {
        Tensor t = device.allocate(spec);
        INDArray flat = array.dup('c');
        switch (spec.dataType()) {
            case FLOAT -> t.set(flat.data().asFloat());
            case DOUBLE -> t.set(flat.data().asDouble());
            case INT -> t.set(flat.data().asInt());
            default -> throw new ProgramException("constant " + spec + ": a program's constants are FLOAT, DOUBLE or INT");
        }
        return t;
    }

    /** Where a gradient is added to those of the runs before, it is made or copied over them instead. */
    private Runnable[][][] replacing(Runnable[][][] adding, Device device, Device.Memory arena) {
        Map<String, String> targets = program.gradientTargets();
        Runnable[][][] replacing = adding.clone();
        for (int i = 0; i < replacing.length; i++) {
            Node node = program.nodes().get(i);
            String parameter = targets.get(node.outputs().get(0));
            if (parameter == null || !node.inputs().contains(Accumulation.before(parameter))) {
                continue;
            }
            if (node.op().adds()) {
                replacing[i] = bind(device, arena, i, node.inputs().stream().filter(name -> !name.equals(Accumulation.before(parameter))).toList());
            } else {
                ByteBuffer from = tensors.get(node.inputs().get(0)).bytes();
                ByteBuffer to = tensors.get(node.outputs().get(0)).bytes();
                int bytes = from.capacity();
                replacing[i] = new Runnable[][] {{() -> to.put(0, from, 0, bytes)}};
            }
        }
        return replacing;
    }

    /** Copies of gradients that could not be written to their place at once. */
    private Runnable[] copies(ParameterStore.Flat gradients) {
        Map<String, String> targets = program.gradientTargets();
        List<Runnable> copies = new ArrayList<>();
        program.gradients().forEach((parameter, variable) -> {
            if (!parameter.equals(targets.get(variable))) {
                ByteBuffer from = tensors.get(variable).bytes();
                ByteBuffer to = gradients.tensor(parameter).bytes();
                int bytes = from.capacity();
                copies.add(() -> to.put(0, from, 0, bytes));
            }
        });
        return copies.toArray(Runnable[]::new);
    }

    private ByteBuffer[][] deadAfter(Device.Memory arena) {
        List<List<ByteBuffer>> regions = new ArrayList<>();
        for (int i = 0; i <= calls.steps(); i++) {
            regions.add(new ArrayList<>());
        }
        for (int slot = 0; slot < program.arena().needs().size(); slot++) {
            MemoryPlan.Need need = program.arena().needs().get(slot);
            regions.get(need.last()).add(arena.tensor(new TensorSpec("dead", DataType.INT8, need.bytes()), program.arena().plan().offset(slot)).bytes());
        }
        regions.get(calls.steps()).clear(); // outputs stay
        return regions.stream().map(r -> r.toArray(ByteBuffer[]::new)).toArray(ByteBuffer[][]::new);
    }

    /** A placeholder to be filled, or a declared output to be read after a run. */
    public Tensor tensor(String name) {
        if (!program.placeholders().contains(name) && !program.outputs().contains(name)) {
            throw new ProgramException("'" + name + "' is neither a placeholder nor a declared output of this program");
        }
        return tensors.get(name);
    }

    /**
     * The program's states by the names of their placeholders, for another instance to go on with. They start as zeros; writing to them
     * changes what the next run is given.
     */
    public Map<String, Tensor> states() {
        Map<String, Tensor> states = new LinkedHashMap<>();
        program.states().keySet().forEach(name -> states.put(name, tensors.get(name)));
        return states;
    }

    /** Lets the next run's gradients replace those that are there, where they would be added to them. */
    public void restart() {
        fresh = true;
    }

    /** Runs all steps. Allocates nothing. */
    public void run() {
        run(null, null);
    }

    /** Runs all steps and adds to {@code nanos[i]} the time that step i took. */
    public void run(long[] nanos) {
        run(null, nanos);
    }

    /**
     * Runs all steps, the panels of each shared by a team. Allocates nothing.
     *
     * @param team that runs nothing else meanwhile; null for the calling thread alone
     * @param nanos as in {@link #run(long[])}, or null
     */
    public void run(Workers team, long[] nanos) {
        roundParameters(team);
        if (dead != null) {
            runFilling();
            fresh = false;
            return;
        }
        long before = System.nanoTime();
        for (int i = 0; i < calls.steps(); i++) {
            step(i, team);
            if (nanos != null) {
                long now = System.nanoTime();
                nanos[i] += now - before;
                before = now;
            }
        }
        for (Runnable copy : copies) {
            copy.run();
        }
        fresh = false;
    }

    private void roundParameters(Workers team) {
        if (rounding == null) {
            return;
        }
        if (team != null) {
            team.run(rounding.blocks(), rounding);
            return;
        }
        for (int i = 0; i < rounding.blocks(); i++) {
            rounding.accept(i);
        }
    }

    private void step(int i, Workers team) {
        (fresh ? first : calls).run(i, team);
    }

    private void runFilling() {
        fillNaN(arenaFill);
        for (int i = 0; i < calls.steps(); i++) {
            step(i, null);
            for (ByteBuffer region : dead[i]) {
                fillNaN(region);
            }
        }
        for (Runnable copy : copies) {
            copy.run();
        }
    }

    /** NaN as a float, and both halves NaN as bf16s. */
    private static final int NANS = 0x7fc07fc0;

    private static void fillNaN(ByteBuffer region) {
        int i = 0;
        for (; i + 4 <= region.capacity(); i += 4) {
            region.putInt(i, NANS);
        }
        for (; i < region.capacity(); i++) {
            region.put(i, (byte) -1);
        }
    }

    /**
     * Runs again step by step and tells where the first NaN or infinity stands: the name of a parameter, placeholder
     * or variable, or empty if all is finite. Slow; for after a step that went wrong.
     */
    public Optional<String> firstNonFinite() {
        for (String name : program.parameters()) {
            if (!finite(tensors.get(name))) {
                return Optional.of(name);
            }
        }
        for (String name : program.placeholders()) {
            if (!finite(tensors.get(name))) {
                return Optional.of(name);
            }
        }
        roundParameters(null);
        fresh = true; // what runs before left is not this one's
        for (int i = 0; i < calls.steps(); i++) {
            step(i, null);
            for (String name : program.nodes().get(i).outputs()) {
                if (!finite(tensors.get(name))) {
                    return Optional.of(name);
                }
            }
        }
        return Optional.empty();
    }

    private static boolean finite(Tensor t) {
        if (t.dataType() == DataType.BFLOAT16) {
            for (int i = 0; i < t.length(); i++) {
                if (!Float.isFinite(Float.intBitsToFloat(t.bytes().getShort(i * Short.BYTES) << 16))) {
                    return false;
                }
            }
            return true;
        }
        if (t.dataType() != DataType.FLOAT) {
            return true;
        }
        for (long i = 0; i < t.length(); i++) {
            if (!Float.isFinite(t.getFloat(i))) {
                return false;
            }
        }
        return true;
    }
}
