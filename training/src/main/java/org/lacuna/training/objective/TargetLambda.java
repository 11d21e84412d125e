package org.lacuna.training.objective;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Optional;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;

/**
 * A weight that is multiplied after each step so that the share of zeros comes to a target and stays there, as ReMoE (arXiv
 * 2412.14711) and BlockFFN (arXiv 2507.08771) move theirs; not by a constant factor up or down, which swings for as long as the
 * model lags behind, but by one that shrinks with the distance:
 *
 * <pre>
 * e = target − share of zeros
 * ln λ ← ln λ + clamp(½ e, ±0.05) + clamp(20 (e − e of the step before), ±0.1)
 * </pre>
 * The second term damps the first: zeros follow λ after some 100 steps. λ stays within a factor of 10⁶ of where it began.
 */
final class TargetLambda implements Lambda {
    private static final double INTEGRAL = 0.5;
    private static final double LARGEST_INTEGRAL = 0.05;
    private static final double PROPORTIONAL = 20;
    private static final double LARGEST_PROPORTIONAL = 0.1;
    private static final double RANGE = 1e6;
    /** The steps that a verdict is on. */
    private static final int WINDOW = 100;
    /** How near the target the mean share of zeros must be, as a share. */
    private static final double NEAR = 0.01;

    private final double start;
    private final double target;
    private final Deque<Double> recent = new ArrayDeque<>();
    private double lambda;

    TargetLambda(double start, double target) {
        this.start = start;
        this.target = target;
        lambda = start;
    }

    @Override
    public double at(long step) {
        return lambda;
    }

    @Override
    public void measured(double zeros) {
        double before = recent.isEmpty() ? zeros : recent.getLast();
        lambda *= Math.exp(clamp(INTEGRAL * (target - zeros), LARGEST_INTEGRAL) + clamp(PROPORTIONAL * (before - zeros), LARGEST_PROPORTIONAL));
        lambda = Math.max(start / RANGE, Math.min(start * RANGE, lambda));
        recent.addLast(zeros);
        if (recent.size() > WINDOW) {
            recent.removeFirst();
        }
    }

    private static double clamp(double x, double largest) {
        return Math.max(-largest, Math.min(largest, x));
    }

    @Override
    public JsonNode state() {
        ObjectNode state = Json.object().put("lambda", lambda);
        ArrayNode zeros = state.putArray("zeros");
        recent.forEach(zeros::add);
        return state;
    }

    @Override
    public void restore(JsonNode state) {
        double saved = state.path("lambda").isNumber() ? state.path("lambda").asDouble() : Double.NaN;
        if (!(saved >= start / RANGE && saved <= start * RANGE) || !areShares(state.path("zeros"))) {
            throw new InputException("expected the state of a penalty with a target, {lambda, zeros}: a weight within a factor of a million of " + start
                    + ", and at most " + WINDOW + " shares from 0 to 1");
        }
        lambda = saved;
        recent.clear();
        state.get("zeros").forEach(zeros -> recent.addLast(zeros.asDouble()));
    }

    private static boolean areShares(JsonNode zeros) {
        boolean all = zeros.isArray() && zeros.size() <= WINDOW;
        for (JsonNode share : zeros) {
            all &= share.isNumber() && share.asDouble() >= 0 && share.asDouble() <= 1;
        }
        return all;
    }

    @Override
    public Optional<String> verdict() {
        double mean = recent.stream().mapToDouble(Double::doubleValue).average().orElse(0);
        String found = String.format(Locale.ROOT, "target %.3f: zeros were %.3f over the last %d steps, lambda is %.4g, from %.4g", target, mean, recent.size(), lambda, start);
        if (Math.abs(mean - target) <= NEAR) {
            return Optional.of(found + ": held");
        }
        boolean atEnd = lambda >= start * RANGE || lambda <= start / RANGE;
        return Optional.of(found + ": not reached; " + (atEnd ? "no weight within a factor of a million of the first brings it there, so this penalty can't at this site"
                : "more steps or another lambda to begin with may"));
    }
}
