package org.lacuna.graph.program;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.LacunaOp;

/**
 * Trades time for memory (Chen et al. 2016, "Training deep nets with sublinear memory cost"): what the forward pass makes on
 * the way to certain values is not kept for the backward pass, which computes it again from those values, just before it
 * first needs it. The same kernels run on the same inputs, so the bits are the same.
 *
 * <p>What is cheap ({@link LacunaOp#isCheap()}) and made of values that are kept in any case need not be kept itself.
 */
final class Recomputation {
    private final Map<String, TensorSpec> specs;
    private final Map<String, Node> producers = new HashMap<>();
    private final Set<String> discarded = new HashSet<>();
    private final Map<String, String> again = new HashMap<>();
    private final List<Node> result = new ArrayList<>();

    private Recomputation(Map<String, TensorSpec> specs) {
        this.specs = specs;
    }

    /**
     * Rewrites.
     *
     * @param nodes sorted
     * @param kept variables that the backward pass starts from
     * @param cheap whether what is cheap is computed again on the way to others too
     * @param wanted variables that are read after the run
     * @param isForward whether a node belongs to the forward pass
     * @param specs where those of new variables are added
     */
    static List<Node> apply(List<Node> nodes, Set<String> kept, boolean cheap, Set<String> wanted, Predicate<Node> isForward, Map<String, TensorSpec> specs) {
        Recomputation r = new Recomputation(specs);
        for (Node node : nodes) {
            if (isForward.test(node)) {
                node.outputs().forEach(o -> r.producers.put(o, node));
            }
        }
        kept.forEach(k -> r.discardBefore(k, kept));
        if (cheap) {
            r.discardCheap(nodes.stream().filter(isForward).toList(), nodes.stream().filter(isForward.negate()).toList(), wanted);
        }
        for (Node node : nodes) {
            r.result.add(isForward.test(node) ? node : new Node(node.name(), node.op(), r.computedAgain(node), node.outputs()));
        }
        return r.result;
    }

    private void discardBefore(String name, Set<String> kept) {
        Node producer = producers.get(name);
        if (producer == null) {
            return;
        }
        for (String input : producer.inputs()) {
            if (producers.containsKey(input) && !kept.contains(input) && discarded.add(input)) {
                discardBefore(input, kept);
            }
        }
    }

    /** The last cheap node's outputs stay: the backward pass begins with them. */
    private void discardCheap(List<Node> forward, List<Node> backward, Set<String> wanted) {
        Set<String> read = new HashSet<>();
        backward.forEach(node -> read.addAll(node.inputs()));
        List<Node> cheap = forward.stream().filter(node -> node.op().isCheap()).toList();
        for (Node node : cheap.subList(0, Math.max(0, cheap.size() - 1))) {
            boolean madeOfKept = node.inputs().stream().noneMatch(i -> producers.containsKey(i) && (!read.contains(i) || discarded.contains(i)));
            if (madeOfKept && node.outputs().stream().anyMatch(read::contains) && node.outputs().stream().noneMatch(wanted::contains)) {
                discarded.addAll(node.outputs());
            }
        }
    }

    /** The node's inputs, those that were discarded computed again by nodes that are added here. */
    private List<String> computedAgain(Node node) {
        List<String> inputs = new ArrayList<>();
        for (String input : node.inputs()) {
            if (discarded.contains(input)) {
                if (!again.containsKey(input)) {
                    computeAgain(producers.get(input));
                }
                inputs.add(again.get(input));
            } else {
                inputs.add(input);
            }
        }
        return List.copyOf(inputs);
    }

    private void computeAgain(Node forward) {
        List<String> inputs = computedAgain(forward);
        List<String> outputs = new ArrayList<>();
        for (String output : forward.outputs()) {
            String name = output + ".again";
            again.put(output, name);
            specs.put(name, new TensorSpec(name, specs.get(output).dataType(), specs.get(output).shape()));
            outputs.add(name);
        }
        result.add(new Node(forward.name() + ".again", forward.op(), inputs, List.copyOf(outputs)));
    }
}
