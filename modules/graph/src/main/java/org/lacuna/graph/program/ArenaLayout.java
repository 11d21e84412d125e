package org.lacuna.graph.program;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.lacuna.graph.Device;
import org.lacuna.graph.TensorSpec;

/** What lies in a program's arena, and where: the values that its steps make, and the steps' working memory. */
final class ArenaLayout {
    private final Device device;
    private final Map<String, Integer> slots = new HashMap<>();
    private final List<MemoryPlan.Need> needs = new ArrayList<>();
    private final int[] scratchSlots;
    private final MemoryPlan plan;

    /**
     * Lays out.
     *
     * @param specs names of variables to what they are
     * @param external variables that lie elsewhere
     * @param lasting variables that are read after the last step
     * @param panels that each step is cut into
     */
    ArenaLayout(Device device, List<Node> nodes, Function<List<String>, TensorSpec[]> specs, Set<String> external, Set<String> lasting, int panels) {
        this.device = device;
        Map<String, Integer> lastUse = new HashMap<>();
        for (int i = 0; i < nodes.size(); i++) {
            for (String input : nodes.get(i).inputs()) {
                lastUse.put(input, i);
            }
        }
        lasting.forEach(name -> lastUse.put(name, nodes.size()));
        scratchSlots = new int[nodes.size()];
        for (int i = 0; i < nodes.size(); i++) {
            Node node = nodes.get(i);
            TensorSpec[] out = specs.apply(node.outputs());
            for (TensorSpec spec : out) {
                if (!external.contains(spec.name())) {
                    place(spec, node, i, Math.max(i, lastUse.getOrDefault(spec.name(), i)));
                }
            }
            long scratch = device.scratchBytes(node.op(), specs.apply(node.inputs()), out, panels);
            if (scratch > Integer.MAX_VALUE) {
                throw new ProgramException("op '" + node.op().opName() + "' (variable '" + node.outputs().get(0) + "') wants " + scratch
                        + " bytes of working memory for " + panels + " workers, more than the " + Integer.MAX_VALUE + " that a tensor can have: give it shorter rows or fewer workers");
            }
            scratchSlots[i] = scratch == 0 ? -1 : needs.size();
            if (scratch > 0) {
                needs.add(new MemoryPlan.Need(scratch, i, i));
            }
        }
        plan = MemoryPlan.of(needs);
    }

    /** Gives the output a place of its own, or that of an input that ends here. */
    private void place(TensorSpec output, Node node, int step, int last) {
        for (String input : node.inputs()) {
            int slot = slot(input);
            if (slot >= 0 && needs.get(slot).last() == step && needs.get(slot).bytes() == output.bytes() && mayHold(slot, node, output.name())) {
                slots.put(output.name(), slot);
                needs.set(slot, new MemoryPlan.Need(output.bytes(), needs.get(slot).first(), last));
                return;
            }
        }
        slots.put(output.name(), needs.size());
        needs.add(new MemoryPlan.Need(output.bytes(), step, last));
    }

    /** Whether every input of the node that lies there may be written over by the output, and no other output is there. */
    private boolean mayHold(int slot, Node node, String output) {
        for (int i = 0; i < node.inputs().size(); i++) {
            if (slot(node.inputs().get(i)) == slot && !device.inPlace(node.op(), i, node.outputs().indexOf(output))) {
                return false;
            }
        }
        return node.outputs().stream().noneMatch(o -> slot(o) == slot);
    }

    MemoryPlan plan() {
        return plan;
    }

    /** What each slot needs. */
    List<MemoryPlan.Need> needs() {
        return Collections.unmodifiableList(needs);
    }

    /** Index of the slot of the variable called {@code name}, or −1 where it lies elsewhere. */
    int slot(String name) {
        return slots.getOrDefault(name, -1);
    }

    /** Index of the slot of step {@code i}'s working memory, or −1 where it has none. */
    int scratchSlot(int i) {
        return scratchSlots[i];
    }
}
