package org.lacuna.training.sweep;

import org.apache.commons.math3.random.JDKRandomGenerator;
import org.apache.commons.math3.random.RandomGenerator;
import org.deeplearning4j.arbiter.optimize.api.CandidateGenerator;
import org.deeplearning4j.arbiter.optimize.api.score.ScoreFunction;
import org.deeplearning4j.arbiter.optimize.generator.GeneticSearchCandidateGenerator;
import org.deeplearning4j.arbiter.optimize.generator.GridSearchCandidateGenerator;
import org.deeplearning4j.arbiter.optimize.generator.RandomSearchGenerator;
import org.deeplearning4j.arbiter.optimize.generator.genetic.crossover.UniformCrossover;
import org.deeplearning4j.arbiter.optimize.generator.genetic.crossover.parentselection.RandomTwoParentSelection;
import org.deeplearning4j.arbiter.optimize.generator.genetic.mutation.RandomMutationOperator;
import org.deeplearning4j.arbiter.optimize.generator.genetic.population.PopulationModel;
import org.deeplearning4j.arbiter.optimize.generator.genetic.selection.GeneticSelectionOperator;

/** Arbiter's generator of a sweep's candidates, all of its draws from the sweep's seed. */
final class Search {
    /** Each gene of a child is drawn anew with this probability: Arbiter's own 0.005 is for populations of thousands. */
    private static final double MUTATION = 0.15;

    private Search() {}

    static CandidateGenerator generator(SweepRecipe sweep, ScoreFunction score) {
        RecipeSpace space = new RecipeSpace(sweep.space());
        return switch (sweep.search()) {
            case RANDOM -> new RandomSearchGenerator(space);
            case GRID -> new GridSearchCandidateGenerator(space, sweep.points(), GridSearchCandidateGenerator.Mode.Sequential, null);
            case GENETIC -> genetic(sweep, space, score);
        };
    }

    /** Each operator has a generator of random numbers of its own unless it is given one, and setRngSeed reaches none of them. */
    private static CandidateGenerator genetic(SweepRecipe sweep, RecipeSpace space, ScoreFunction score) {
        RandomGenerator random = new JDKRandomGenerator();
        random.setSeed(sweep.seed());
        // Always a crossover: without one Arbiter's child is its parent's own array, and a mutation changes the parent too.
        UniformCrossover crossover = new UniformCrossover.Builder().randomGenerator(random).crossoverRate(1)
                .parentSelection(new RandomTwoParentSelection(random)).build();
        GeneticSelectionOperator selection = new GeneticSelectionOperator.Builder().randomGenerator(random).crossoverOperator(crossover)
                .mutationOperator(new RandomMutationOperator.Builder().randomGenerator(random).mutationRate(MUTATION).build()).build();
        return new GeneticSearchCandidateGenerator.Builder(space, score).selectionOperator(selection)
                .populationModel(new PopulationModel.Builder().populationSize(sweep.population()).build()).build();
    }
}
