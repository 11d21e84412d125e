package org.lacuna.run.recipe;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What a recipe's key means and allows; stands on a record component. A component without the annotation is
 * a required key that takes any value of its type. On a list the limits hold for each element.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Key {
    /** The value of {@link #def()} that means: no default, the key is required. */
    String REQUIRED = "\0";

    /** Meaning and unit in a few words; error messages quote it. */
    String doc() default "";

    /** The default as YAML ({@code "3e-4"}, {@code "[1, 2]"}); {@code "null"} lets the key be null. */
    String def() default REQUIRED;

    /** Smallest allowed number. */
    double min() default Double.NEGATIVE_INFINITY;

    /** Largest allowed number. */
    double max() default Double.POSITIVE_INFINITY;

    /** The number must lie above this one. */
    double above() default Double.NEGATIVE_INFINITY;

    /** The number must lie below this one. */
    double below() default Double.POSITIVE_INFINITY;

    /** Whether, of a list, a single value may stand for the list of it. */
    boolean single() default false;
}
