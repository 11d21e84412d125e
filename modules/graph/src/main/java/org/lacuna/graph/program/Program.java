package org.lacuna.graph.program;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Precision;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.graph.op.OpCost;
import org.lacuna.graph.op.ToBfloat16;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A SameDiff graph, compiled for one shape of its placeholders: the ops that the outputs (and, for training, the
 * parameters' gradients) need, sorted once, their shapes inferred once, their memory planned once. An {@link Instance}
 * of it, which has memory of its own, then runs as a flat list of calls. A program itself never changes: any number of
 * instances share it.
 */
public final class Program {
    private final Device device;
    private final List<Node> nodes;
    private final Map<String, TensorSpec> specs;
    private final List<String> placeholders;
    private final Map<String, INDArray> constants;
    private final List<String> parameters;
    private final Map<String, String> gradients;
    private final List<String> outputs;
    private final Map<String, String> states;
    private final int panels;
    private final ArenaLayout arena;
    private final boolean accumulates;

    private Program(Builder b, List<Node> nodes, Map<String, TensorSpec> specs, Map<String, INDArray> constants,
            List<String> parameters, Map<String, String> gradients) {
        device = b.device;
        panels = b.panels;
        accumulates = b.accumulates;
        states = b.states.outputs();
        this.nodes = nodes;
        this.specs = specs;
        this.constants = constants;
        this.parameters = parameters;
        this.gradients = gradients;
        placeholders = List.copyOf(b.shapes.keySet());
        outputs = List.copyOf(b.outputs);
        Set<String> external = new LinkedHashSet<>(gradientTargets().keySet());
        external.removeAll(outputs);
        external.addAll(states.values());
        if (accumulates) {
            gradients.keySet().forEach(parameter -> external.add(Accumulation.before(parameter)));
        }
        Set<String> lasting = new LinkedHashSet<>(outputs);
        lasting.addAll(copiedGradients());
        arena = new ArenaLayout(device, nodes, this::specsOf, external, lasting, panels);
    }

    /** Starts the description of a program that runs {@code graph} on {@code device}. */
    public static Builder of(SameDiff graph, Device device) {
        return new Builder(graph, device);
    }

    /** What a program is compiled for. */
    public static final class Builder {
        private final SameDiff graph;
        private Device device;
        private final Map<String, long[]> shapes = new LinkedHashMap<>();
        private final Map<String, long[]> fixed = new HashMap<>();
        private final Set<String> outputs = new LinkedHashSet<>();
        private final Set<String> kept = new LinkedHashSet<>();
        private final States states = new States();
        private int panels = 1;
        private boolean accumulates;
        private Precision precision = Precision.FP32;
        /** By which parameters the loss is differentiated; null for none. */
        private Predicate<String> differentiated;

        private Builder(SameDiff graph, Device device) {
            this.graph = graph;
            this.device = device;
        }

        /** The shape of a placeholder; each one that the outputs need must be given. */
        public Builder placeholder(String name, long... shape) {
            shapes.put(name, shape.clone());
            return this;
        }

        /**
         * A placeholder that nobody feeds: it is read like a parameter, and has no gradient.
         *
         * @param name also what an instance's parameters call it
         */
        public Builder parameter(String name, long... shape) {
            fixed.put(name, shape.clone());
            return this;
        }

        /** Variables whose values can be read after a run. */
        public Builder outputs(String... names) {
            outputs.addAll(Arrays.asList(names));
            return this;
        }

        /**
         * What a run gives for {@code output}, the next run is given as {@code placeholder}, both in one memory that starts as zeros: a
         * cache of keys, say. Both have one shape and type, and only the op that makes the output reads the placeholder.
         *
         * @throws ProgramException if one of the two belongs to a state already
         */
        public Builder state(String placeholder, String output) {
            states.add(placeholder, output);
            return this;
        }

        /** The numbers that matrices are multiplied in; fp32 unless said. */
        public Builder precision(Precision precision) {
            device = device.in(precision);
            this.precision = precision;
            return this;
        }

        /** Also computes the gradient of the graph's loss variable with respect to every parameter. */
        public Builder gradients() {
            return gradients(parameter -> true);
        }

        /**
         * The same with respect to some of them: what only the others would need is not computed.
         *
         * @param parameters which, by name
         */
        public Builder gradients(Predicate<String> parameters) {
            differentiated = parameters;
            return this;
        }

        /**
         * Lets the gradients of several runs add up, each run's added to those of the runs before since {@link Instance#restart}. That takes no vector more, but room in
         * the arena for the largest gradient that its op does not add where it lies.
         */
        public Builder accumulating(boolean accumulating) {
            accumulates = accumulating;
            return this;
        }

        /**
         * What the forward pass makes on the way to these variables is not kept for the gradients but computed again, from
         * these variables: less memory, more time, the same bits. Norms and activations are in fp32 computed again in any case; in bf16
         * they take half of the memory and twice the share of the step.
         */
        public Builder recompute(Collection<String> from) {
            kept.addAll(from);
            return this;
        }

        /** Cuts each op's work for so many threads that compute an instance together; the bits are the same. */
        public Builder panels(int panels) {
            this.panels = panels;
            return this;
        }

        /**
         * Compiles.
         *
         * @throws ProgramException when an op cannot run here or shapes don't fit, naming the op and the variable
         */
        public Program build() {
            LacunaOps.register();
            SameDiff source = differentiated != null ? GradientGraph.of(graph) : graph;
            states.checkNames(graph);
            Set<String> wanted = new LinkedHashSet<>(outputs);
            wanted.addAll(states.outputs().values());
            Map<String, String> gradientNames = new LinkedHashMap<>();
            List<String> parameters = new ArrayList<>();
            for (SDVariable v : graph.variables()) {
                if (v.getVariableType() == VariableType.VARIABLE) {
                    parameters.add(v.name());
                    SDVariable gradient = differentiated != null && differentiated.test(v.name()) ? source.getGradForVariable(v.name()) : null;
                    if (gradient != null) {
                        gradientNames.put(v.name(), gradient.name());
                        wanted.add(gradient.name());
                    }
                }
            }
            for (String name : wanted) {
                if (!source.hasVariable(name)) {
                    throw new ProgramException("output '" + name + "' is no variable of the graph");
                }
            }
            for (String name : kept) {
                if (!graph.hasVariable(name)) {
                    throw new ProgramException("'" + name + "', to compute again from, is no variable of the graph");
                }
            }
            List<Node> nodes = GraphNodes.sorted(source, wanted);
            Map<String, TensorSpec> specs = new LinkedHashMap<>();
            Map<String, INDArray> constants = new LinkedHashMap<>();
            Set<String> used = new LinkedHashSet<>();
            for (Node node : nodes) {
                used.addAll(node.inputs());
            }
            used.addAll(wanted);
            Set<String> produced = new LinkedHashSet<>();
            nodes.forEach(n -> produced.addAll(n.outputs()));
            used.removeAll(produced);
            for (String name : used) {
                leaf(source, name, parameters, specs, constants);
            }
            for (Node node : nodes) {
                infer(node, specs);
            }
            parameters.removeIf(p -> !used.contains(p));
            for (String name : shapes.keySet()) {
                if (!specs.containsKey(name)) {
                    if (!graph.hasVariable(name) || !graph.getVariable(name).isPlaceHolder()) {
                        throw new ProgramException("'" + name + "' is no placeholder of the graph");
                    }
                    specs.put(name, new TensorSpec(name, graph.getVariable(name).dataType(), shapes.get(name))); // fed, but not needed
                }
            }
            List<Node> formatted = Formats.choose(Waiting.apply(nodes, wanted, specs), specs, parameters, wanted, device);
            List<Node> all = Recomputation.apply(formatted, kept, precision == Precision.FP32, wanted, this::isForward, specs);
            states.check(all, specs, device);
            if (accumulates) {
                all = Accumulation.apply(all, gradientNames, outputs, specs);
            }
            return new Program(this, all, specs, constants, parameters, gradientNames);
        }

        private boolean isForward(Node node) {
            return node.op() instanceof ToBfloat16 ? graph.hasVariable(node.inputs().get(0)) : node.outputs().stream().allMatch(graph::hasVariable);
        }

        private void leaf(SameDiff source, String name, List<String> parameters, Map<String, TensorSpec> specs, Map<String, INDArray> constants) {
            SDVariable v = source.getVariable(name);
            if (v.isPlaceHolder() && fixed.containsKey(name)) {
                parameters.add(name);
                specs.put(name, new TensorSpec(name, v.dataType(), fixed.get(name)));
            } else if (v.isPlaceHolder()) {
                long[] shape = shapes.get(name);
                if (shape == null) {
                    throw new ProgramException("placeholder '" + name + "' has no shape; give it to the builder");
                }
                specs.put(name, new TensorSpec(name, v.dataType(), shape));
            } else if (parameters.contains(name)) {
                specs.put(name, new TensorSpec(name, v.dataType(), v.getShape().clone()));
            } else {
                INDArray array = v.getArr();
                if (array == null) {
                    throw new ProgramException("constant '" + name + "' has no value");
                }
                constants.put(name, array);
                specs.put(name, new TensorSpec(name, array.dataType(), array.shape()));
            }
        }

        private void infer(Node node, Map<String, TensorSpec> specs) {
            long[][] in = new long[node.inputs().size()][];
            List<DataType> types = new ArrayList<>();
            for (int i = 0; i < in.length; i++) {
                TensorSpec spec = specs.get(node.inputs().get(i));
                in[i] = spec.shape();
                types.add(spec.dataType());
            }
            if (!device.runs(node.op().opName())) {
                throw new ProgramException("op '" + node.op().opName() + "' (variable '" + node.outputs().get(0) + "') has no kernel on this device");
            }
            long[][] out;
            try {
                out = node.op().outputShapes(in);
            } catch (IllegalArgumentException e) {
                throw new ProgramException("op '" + node.op().opName() + "' (variable '" + node.outputs().get(0) + "'): " + e.getMessage(), e);
            }
            for (int i = 0; i < out.length; i++) {
                String name = node.outputs().get(i);
                specs.put(name, new TensorSpec(name, node.op().outputType(i, types), out[i]));
            }
        }
    }

    /** Gradient variables that are written straight to a parameter's place: variable name to parameter name. */
    Map<String, String> gradientTargets() {
        Set<String> produced = new LinkedHashSet<>();
        nodes.forEach(n -> produced.addAll(n.outputs()));
        Map<String, String> targets = new HashMap<>();
        gradients.forEach((parameter, variable) -> {
            if (produced.contains(variable) && !outputs.contains(variable)) {
                targets.putIfAbsent(variable, parameter);
            }
        });
        return targets;
    }

    /** Gradient variables that have to be copied, since they are outputs, or no op's, or several parameters' gradient. */
    private Set<String> copiedGradients() {
        Map<String, String> targets = gradientTargets();
        Set<String> copied = new LinkedHashSet<>();
        gradients.forEach((parameter, variable) -> {
            if (!parameter.equals(targets.get(variable))) {
                copied.add(variable);
            }
        });
        copied.removeAll(targets.keySet());
        return copied;
    }

    TensorSpec[] specsOf(List<String> names) {
        return names.stream().map(specs::get).toArray(TensorSpec[]::new);
    }

    /**
     * Memory and calls for one thread at a time.
     *
     * @param parameters the values; read at each run
     * @param gradients where a run leaves the gradients, or null where the program has none; those of one run replace
     *     those of the run before, unless the program accumulates
     */
    public Instance instance(ParameterStore.Flat parameters, ParameterStore.Flat gradients) {
        return instance(parameters, null, gradients);
    }

    /**
     * The same, with a rounded copy of the parameters that the caller keeps up to date, since it runs several instances on the
     * same values; without one, each run rounds them itself.
     *
     * @param rounded read only where {@link #readsRounded}
     */
    public Instance instance(ParameterStore.Flat parameters, ParameterStore.Rounded rounded, ParameterStore.Flat gradients) {
        return instance(parameters, rounded, gradients, null);
    }

    /**
     * The same, with another instance's states, of this program or of one for other shapes: one for many tokens fills a cache, one for
     * a single token goes on with it. The instances take turns.
     *
     * @param states the other's ({@link Instance#states}), or null for its own
     * @throws ProgramException if they are not this program's states
     */
    public Instance instance(ParameterStore.Flat parameters, ParameterStore.Rounded rounded, ParameterStore.Flat gradients, Map<String, Tensor> states) {
        return new Instance(this, parameters, rounded, gradients, states, false);
    }

    /** Whether parameters are read in bf16. */
    public boolean readsRounded() {
        return parameters.stream().anyMatch(this::readsRounded);
    }

    /** Whether a parameter is. */
    public boolean readsRounded(String parameter) {
        return specs.containsKey(Formats.copy(parameter));
    }

    /** An instance that fills memory with NaN before its first use and after its last: a read of dead memory shows. */
    public Instance debugInstance(ParameterStore.Flat parameters, ParameterStore.Flat gradients) {
        return new Instance(this, parameters, null, gradients, null, true);
    }

    /** How many bytes of arena an instance has: activations, gradients of activations and working memory. */
    public long arenaBytes() {
        return arena.plan().bytes();
    }

    /** The largest sum of tensors alive at one step, which no plan can beat. */
    public long liveBytes() {
        return arena.plan().liveBytes();
    }

    /** The ops in the order in which they run: {@code op -> variable}. */
    public List<String> steps() {
        List<String> steps = new ArrayList<>();
        nodes.forEach(n -> steps.add(n.op().opName() + " -> " + String.join(", ", n.outputs())));
        return Collections.unmodifiableList(steps);
    }

    /** The name of the op at each step. */
    public List<String> opNames() {
        return nodes.stream().map(n -> n.op().opName()).toList();
    }

    /** What the op at each step takes. */
    public List<OpCost> costs() {
        return nodes.stream().map(n -> OpCost.of(n.op(), specsOf(n.inputs()), specsOf(n.outputs()))).toList();
    }

    Device device() {
        return device;
    }

    int panels() {
        return panels;
    }

    /** Whether gradients add up over runs. */
    boolean accumulates() {
        return accumulates;
    }

    List<Node> nodes() {
        return nodes;
    }

    Map<String, TensorSpec> specs() {
        return specs;
    }

    List<String> placeholders() {
        return placeholders;
    }

    Map<String, INDArray> constants() {
        return constants;
    }

    List<String> parameters() {
        return parameters;
    }

    /** Parameter name to the name of its gradient variable. */
    Map<String, String> gradients() {
        return gradients;
    }

    List<String> outputs() {
        return outputs;
    }

    /** State's placeholder to the variable that is kept there. */
    Map<String, String> states() {
        return states;
    }

    ArenaLayout arena() {
        return arena;
    }
}
