package org.lacuna.graph.program;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Supplier;
import org.lacuna.graph.op.Add;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.Zeros;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;

/** Reads from a SameDiff graph the ops that certain variables need, in an order in which they can run. */
final class GraphNodes {
    /** Stock ops whose gradient (or value) SameDiff 1.0.0-M2.1 gets wrong, with what to use instead. */
    private static final Map<String, String> WRONG = wrong();

    /** What runs in place of the stock ops that SameDiff's gradient function puts into a graph by itself. */
    private static final Map<String, Supplier<LacunaOp>> STANDINS = Map.of(
            "add", Add::new, // the gradients of a variable that is used several times
            "zeroslike", Zeros::new); // the gradient of an output that nobody reads

    private final Map<String, Node> producers = new HashMap<>();
    private final Map<Node, Integer> position = new HashMap<>();
    private final Map<Node, String> stockNames = new HashMap<>();

    private GraphNodes() {}

    private static Map<String, String> wrong() {
        Map<String, String> wrong = new HashMap<>();
        for (String gather : List.of("gather", "gather_nd")) {
            wrong.put(gather, "lacuna_embedding");
        }
        for (String gelu : List.of("gelu", "precise_gelu")) {
            wrong.put(gelu, "lacuna_activation");
        }
        for (String loss : List.of("sparse_softmax_cross_entropy_loss_with_logits", "softmax_cross_entropy_loss",
                "softmax_cross_entropy_loss_with_logits", "mean_sqerr_loss", "absolute_difference_loss", "cosine_distance_loss",
                "hinge_loss", "huber_loss", "log_loss", "log_poisson_loss", "mean_pairwssqerr_loss", "sigm_cross_entropy_loss", "l2_loss")) {
            wrong.put(loss, "lacuna_lm_head_loss, or a loss of plain arithmetic");
        }
        for (String other : List.of("where", "Where", "where_np", "select", "cumsum", "log_softmax", "reduce_logsumexp", "logsumexp")) {
            wrong.put(other, "an op of Lacuna's");
        }
        return wrong;
    }

    /**
     * The nodes that {@code wanted} needs, sorted.
     *
     * @throws ProgramException when one of them is a stock op that a program does not run
     */
    static List<Node> sorted(SameDiff graph, Collection<String> wanted) {
        GraphNodes all = new GraphNodes();
        for (SameDiffOp op : graph.getOps().values()) {
            all.add(op);
        }
        Set<Node> needed = all.needed(wanted);
        all.dropRecomputed(needed);
        return all.order(needed);
    }

    private void add(SameDiffOp entry) {
        DifferentialFunction function = entry.getOp();
        List<String> inputs = entry.getInputsToOp() == null ? List.of() : entry.getInputsToOp();
        List<String> outputs = entry.getOutputsOfOp();
        LacunaOp op = null;
        if (function instanceof LacunaOp ours) {
            op = ours;
        } else if (STANDINS.containsKey(function.opName())) {
            op = STANDINS.get(function.opName()).get();
        } else if (WRONG.containsKey(function.opName())) {
            throw new ProgramException("op '" + function.opName() + "' (variable '" + outputs.get(0) + "'): its gradient is wrong in SameDiff 1.0.0-M2.1; use "
                    + WRONG.get(function.opName()) + " instead");
        }
        Node node = new Node(entry.getName(), op, List.copyOf(inputs), List.copyOf(outputs));
        position.put(node, position.size());
        for (String output : outputs) {
            producers.put(output, node);
        }
        if (op == null) {
            stockNames.put(node, function.opName());
        }
    }

    private Set<Node> needed(Collection<String> wanted) {
        Set<Node> needed = new HashSet<>();
        List<String> open = new ArrayList<>(wanted);
        while (!open.isEmpty()) {
            Node node = producers.get(open.remove(open.size() - 1));
            if (node != null && needed.add(node)) {
                if (node.op() == null) {
                    throw new ProgramException("op '" + stockNames.get(node) + "' (variable '" + node.outputs().get(0)
                            + "'): a program runs Lacuna's ops and 'add'; SameDiff's own execution runs this graph");
                }
                open.addAll(node.inputs());
            }
        }
        return needed;
    }

    /** Removes each node whose outputs a later one gives as well, where nothing between the two needs them. */
    private void dropRecomputed(Set<Node> needed) {
        for (Node again : List.copyOf(needed)) {
            LacunaOp.Recomputes what = again.op().recomputes();
            if (what == null) {
                continue;
            }
            List<String> inputs = what.inputs().stream().map(again.inputs()::get).toList();
            Node first = needed.stream()
                    .filter(n -> n.op().opName().equals(what.opName()) && n.inputs().equals(inputs)
                            && Arrays.equals(n.op().iArgs(), again.op().iArgs()) && Arrays.equals(n.op().tArgs(), again.op().tArgs()))
                    .findFirst().orElse(null);
            if (first == null || needed(again.inputs()).contains(first)) {
                continue;
            }
            List<String> outputs = new ArrayList<>(again.outputs());
            for (int i = 0; i < first.outputs().size(); i++) {
                outputs.set(what.outputs().get(i), first.outputs().get(i));
            }
            Node merged = new Node(again.name(), again.op(), again.inputs(), outputs);
            needed.remove(first);
            needed.remove(again);
            needed.add(merged);
            position.put(merged, position.get(again));
            outputs.forEach(o -> producers.put(o, merged));
        }
    }

    /** Kahn's algorithm; among the nodes that can run, the one that stands first in the graph runs first. */
    private List<Node> order(Set<Node> needed) {
        Map<Node, Integer> waiting = new HashMap<>();
        Map<Node, List<Node>> users = new HashMap<>();
        PriorityQueue<Node> ready = new PriorityQueue<>((a, b) -> position.get(a) - position.get(b));
        for (Node node : needed) {
            Set<Node> before = new HashSet<>();
            for (String input : node.inputs()) {
                Node producer = producers.get(input);
                if (producer != null && before.add(producer)) {
                    users.computeIfAbsent(producer, n -> new ArrayList<>()).add(node);
                }
            }
            waiting.put(node, before.size());
            if (before.isEmpty()) {
                ready.add(node);
            }
        }
        List<Node> sorted = new ArrayList<>();
        while (!ready.isEmpty()) {
            Node node = ready.remove();
            sorted.add(node);
            for (Node user : users.getOrDefault(node, List.of())) {
                if (waiting.merge(user, -1, Integer::sum) == 0) {
                    ready.add(user);
                }
            }
        }
        if (sorted.size() != needed.size()) {
            throw new ProgramException("the graph has a cycle");
        }
        return sorted;
    }
}
