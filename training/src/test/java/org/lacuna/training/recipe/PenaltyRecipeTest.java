package org.lacuna.training.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.model.config.Experts;
import org.lacuna.model.config.FeedForward;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Recipes;

class PenaltyRecipeTest {
    private static PenaltyRecipe parse(String yaml) {
        return Recipes.parse("r", yaml, List.of(), PenaltyRecipe.class);
    }

    private static Objective objective(String penalties) {
        return Recipes.parse("r", "penalties: " + penalties, List.of(), Objective.class);
    }

    @Test
    void aConstantWeight() {
        PenaltyRecipe p = parse("{kind: l1, lambda: 0.5}");
        assertEquals(0.5, p.lambda(1));
        assertEquals(0.5, p.lambda(1000));
        assertEquals("l1@intermediate", p.name());
    }

    @Test
    void aLinearRise() {
        PenaltyRecipe p = parse("{kind: l1, lambda: 0.5, schedule: linear, warmup: 10}");
        assertEquals(0.05, p.lambda(1), 1e-15);
        assertEquals(0.25, p.lambda(5), 1e-15);
        assertEquals(0.5, p.lambda(10));
        assertEquals(0.5, p.lambda(11));
    }

    @Test
    void aRiseByHalfACosine() {
        PenaltyRecipe p = parse("{kind: l1, lambda: 2, schedule: cosine, warmup: 12}");
        assertEquals(2 * 0.5 * (1 - Math.sqrt(3) / 2), p.lambda(2), 1e-15);
        assertEquals(0.5, p.lambda(4), 1e-15);
        assertEquals(1, p.lambda(6), 1e-15);
        assertEquals(2, p.lambda(12));
        assertEquals(2, p.lambda(13));
    }

    @Test
    void stages() {
        PenaltyRecipe p = parse("{kind: l1, schedule: stages, stages: [{until: 10, lambda: 1}, {until: 30, lambda: 5}, {until: 34, lambda: 5}, {until: 40, lambda: 2}]}");
        assertEquals(1, p.lambda(1));
        assertEquals(1, p.lambda(10));
        assertEquals(1 + 4 * 0.5 * (1 - Math.sqrt(0.5)), p.lambda(15), 1e-12);
        assertEquals(3, p.lambda(20), 1e-12);
        assertEquals(5, p.lambda(30), 1e-12);
        assertEquals(5, p.lambda(32), 1e-12);
        assertEquals(3.5, p.lambda(37), 1e-12);
        assertEquals(2, p.lambda(40), 1e-12);
        assertEquals(2, p.lambda(41));
    }

    @Test
    void onlyAWeightAboveZeroPenalises() {
        assertFalse(objective("[]").isPenalised());
        assertFalse(objective("[{kind: l1, lambda: 0}]").isPenalised());
        assertFalse(objective("[{kind: l1, schedule: stages, stages: [{until: 5, lambda: 0}]}]").isPenalised());
        assertTrue(objective("[{kind: l1, schedule: stages, stages: [{until: 5, lambda: 0}, {until: 7, lambda: 1}]}]").isPenalised());
        assertTrue(objective("[{kind: l1, lambda: 0}, {kind: hoyer_square, lambda: 1e-9}]").isPenalised());
    }

    @Test
    void parametersHaveDefaults() {
        assertEquals(List.of(1e-15), parse("{kind: hoyer_square, lambda: 1}").form().parameters());
        assertEquals(List.of(1e-6), parse("{kind: hoyer_square, lambda: 1, parameters: {eps: 1e-6}}").form().parameters());
        assertEquals(List.of(), parse("{kind: l1, lambda: 1}").form().parameters());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{kind: l3, lambda: 1} | kind: no penalty 'l3'; there are l1,",
        "{lambda: 1} | kind: missing; expected a text (the penalty's name)",
        "{kind: l1} | lambda: missing; expected the penalty's weight",
        "{kind: l1, lambda: 1, site: down} | site: expected one of input, preactivation, gate, up, intermediate",
        "{kind: l1, lambda: 1, warmup: 3} | warmup: only with schedule = linear or cosine",
        "{kind: l1, lambda: 1, stages: [{until: 3, lambda: 1}]} | stages: only with schedule = stages",
        "{kind: l1, schedule: stages} | stages: expected one or more {until, lambda} with schedule = stages",
        "{kind: l1, lambda: 1, schedule: stages, stages: [{until: 3, lambda: 1}]} | lambda: the stages have their own; leave it out",
        "{kind: l1, schedule: stages, stages: [{until: 3, lambda: 1}, {until: 3, lambda: 2}]} | stages: stage 2 ends at step 3, not after the one before, at 3",
        "{kind: l1, lambda: 1, target: 1.2} | target: expected a number, above 0, below 1",
        "{kind: l1, lambda: 0, target: 0.9} | target: moves the weight by itself; expected schedule = constant, and a lambda above 0 to begin with",
        "{kind: l1, lambda: 1, schedule: linear, target: 0.9} | target: moves the weight by itself",
        "{kind: l1, lambda: 1, parameters: {margin: 1}} | parameters: l1 has none called margin; it has none",
        "{kind: displacement, lambda: 1, parameters: {margn: 1}} | parameters: displacement has none called margn; it has margin",
    })
    void contradictionsAreRefused(String yaml, String problem) {
        InputException e = assertThrows(InputException.class, () -> parse(yaml));
        assertTrue(e.getMessage().contains(problem), e.getMessage());
        assertEquals(1, e.problems().size(), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "[{kind: l1, lambda: 1}, {kind: l1, lambda: 2}] | penalties: there are two of kind l1 on intermediate",
        "[{kind: l1, lambda: 1, target: 0.8}, {kind: hoyer_square, lambda: 1, target: 0.9}] | penalties: there are two with a target on intermediate",
    })
    void penaltiesThatContradictEachOtherAreRefused(String yaml, String problem) {
        InputException e = assertThrows(InputException.class, () -> objective(yaml));
        assertTrue(e.getMessage().contains(problem), e.getMessage());
    }

    @Test
    void aBlockWithoutAGateHasNoGate() {
        Objective gate = objective("[{kind: l1, lambda: 1, site: gate}, {kind: l1, lambda: 1, site: preactivation}]");
        gate.check(FeedForward.gated("silu"));
        InputException e = assertThrows(InputException.class, () -> gate.check(FeedForward.ungated("relu")));
        assertEquals("objective.penalties: l1@gate: the model's feed-forward block has no gate, so it has no site gate; expected one of input, preactivation, intermediate", e.getMessage());
    }

    @Test
    void neighboursAreNotComparedWithinExperts() {
        FeedForward experts = FeedForward.gated("silu").withExperts(new Experts(4, 2, true));
        objective("[{kind: l1, lambda: 1}, {kind: chunk, lambda: 1, site: input}]").check(experts);
        objective("[{kind: chunk, lambda: 1}]").check(FeedForward.gated("silu"));
        InputException e = assertThrows(InputException.class, () -> objective("[{kind: locality, lambda: 1, site: gate}]").check(experts));
        assertTrue(e.getMessage().startsWith("objective.penalties: locality@gate: compares neighbouring tokens"), e.getMessage());
    }
}
