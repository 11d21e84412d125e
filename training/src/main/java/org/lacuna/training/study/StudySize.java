package org.lacuna.training.study;

import java.util.List;
import org.lacuna.run.recipe.Key;

/** One of a study's sizes. */
public record StudySize(
        @Key(doc = "what it is called") String name,
        @Key(doc = "changes to every variant's recipe, a list of KEY=VALUE", def = "[]") List<String> overrides,
        @Key(doc = "training seeds of each variant: train.seed is 1, 2, …", def = "1", min = 1, max = 100) int seeds) {
}
