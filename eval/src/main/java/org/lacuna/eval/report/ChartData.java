package org.lacuna.eval.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.lacuna.run.folder.Json;

/**
 * A page's charts as data for {@code report.js}: an object of charts by id, each with the labels and units of its axes, the lines across it and
 * its series. A number that is not finite is {@code null}.
 */
final class ChartData {
    private final ObjectNode charts = Json.object();

    /** A chart without series; the kinds are {@code report.js}'s. */
    ObjectNode chart(String id, String xLabel, String yLabel, String xKind, String yKind) {
        ObjectNode chart = charts.putObject(id);
        chart.put("xLabel", xLabel).put("yLabel", yLabel).put("xKind", xKind).put("yKind", yKind);
        chart.putArray("lines");
        chart.putArray("series");
        return chart;
    }

    /** What of the y axis is shown, where the kind's own choice would hide what matters. */
    static void range(ObjectNode chart, double least, double most) {
        chart.putArray("yRange").add(least).add(most);
    }

    /** A line across the chart, its label above it on the left, or below it on the right: where curves are least. */
    static void line(ObjectNode chart, double y, String label, String side) {
        chart.withArray("lines").addObject().put("y", y).put("label", label).put("side", side);
    }

    /** A series in the colours and dashes of a place in the {@link Palette}. */
    static ObjectNode series(ObjectNode chart, int place, String label, List<Double> x, List<Double> y) {
        ObjectNode series = chart.withArray("series").addObject();
        series.put("model", place).put("label", label);
        Palette.dash(place).forEach(series.putArray("dash")::add);
        numbers(series.putArray("x"), x);
        numbers(series.putArray("y"), y);
        return series;
    }

    static void numbers(ArrayNode array, List<Double> numbers) {
        for (double number : numbers) {
            if (Double.isFinite(number)) {
                array.add(number);
            } else {
                array.addNull();
            }
        }
    }

    /** All charts, as JSON that can stand in a script element. */
    String json() {
        // Texts hold users' names: no character may end the element or begin a comment.
        return Json.line(charts).replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e");
    }
}
