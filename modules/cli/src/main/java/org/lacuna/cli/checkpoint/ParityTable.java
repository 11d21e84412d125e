package org.lacuna.cli.checkpoint;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.lacuna.model.parity.Compared;
import org.lacuna.model.parity.Quantity;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.Json;

/** What came of a comparison: a line for each quantity, or for each tensor. */
final class ParityTable {
    private static final int NAMED = 5;

    private final List<Compared> all;

    ParityTable(List<Compared> all) {
        this.all = all;
    }

    void print(PrintWriter out, boolean eachTensor) {
        line(out, "%-12s %8s %12s %11s  %s", "", "tensors", "difference", "tolerance", "tensor");
        for (Quantity quantity : Quantity.values()) {
            List<Compared> of = of(quantity);
            if (!of.isEmpty()) {
                row(out, quantity.key(), of.size(), worst(of));
            }
        }
        if (eachTensor) {
            line(out, "");
            all.forEach(c -> row(out, c.quantity().key(), 1, c));
        }
        line(out, "");
        line(out, "The difference is the largest, of the tensor where it takes the most of the tolerance. %s", Quantity.TOLERANCES);
    }

    private static void row(PrintWriter out, String name, int tensors, Compared c) {
        String note = c.quantity() == Quantity.GRADIENTS && c.difference() <= c.largest() ? String.format(Locale.ROOT, " (%.1e of its largest entry)", c.difference() / c.largest()) : "";
        line(out, "%-12s %8d %12.1e %11.1e  %s%s%s", name, tensors, c.difference(), c.tolerance(), c.tensor(), note, c.within() ? "" : "  OUT OF TOLERANCE");
    }

    private static void line(PrintWriter out, String format, Object... values) {
        out.println(String.format(Locale.ROOT, format, values).stripTrailing());
    }

    private List<Compared> of(Quantity quantity) {
        return all.stream().filter(c -> c.quantity() == quantity).toList();
    }

    private static Compared worst(List<Compared> of) {
        return of.stream().max(Comparator.comparingDouble(Compared::severity)).orElseThrow();
    }

    ObjectNode toJson(String file) {
        ObjectNode json = Json.object().put("file", file).put("within", all.stream().allMatch(Compared::within));
        for (Quantity quantity : Quantity.values()) {
            List<Compared> of = of(quantity);
            if (!of.isEmpty()) {
                json.withObject("/quantities").set(quantity.key(), toJson(worst(of)).put("tensors", of.size()));
            }
        }
        ArrayNode tensors = json.putArray("tensors");
        all.forEach(c -> tensors.add(toJson(c)));
        return json;
    }

    private static ObjectNode toJson(Compared c) {
        return Json.object().put("tensor", c.tensor()).put("difference", c.difference()).put("tolerance", c.tolerance()).put("largest", c.largest())
                .put("within", c.within());
    }

    /**
     * Fails if a tensor is out of tolerance.
     *
     * @throws RunException that names the worst ones
     */
    void check(String file) {
        List<Compared> out = all.stream().filter(c -> !c.within()).sorted(Comparator.comparingDouble(Compared::severity).reversed()).toList();
        if (!out.isEmpty()) {
            String named = out.stream().limit(NAMED).map(c -> String.format(Locale.ROOT, "%s (off by %.1e, allowed %.1e)", c.tensor(), c.difference(), c.tolerance()))
                    .collect(Collectors.joining(", "));
            throw new RunException(String.format(Locale.ROOT, "%s: out of tolerance, %d of %d tensors: %s%s", file, out.size(), all.size(), named,
                    out.size() > NAMED ? ", and " + (out.size() - NAMED) + " more" : ""));
        }
    }
}
