package org.lacuna.training.study;

import java.nio.file.Path;
import java.util.List;
import org.lacuna.run.recipe.Key;

/** One of a study's variants. */
public record StudyVariant(
        @Key(doc = "what it is called") String name,
        @Key(doc = "its recipe, a YAML file") Path recipe,
        @Key(doc = "changes to it at every size, a list of KEY=VALUE", def = "[]") List<String> overrides) {
}
