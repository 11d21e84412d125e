package org.lacuna.training.sweep;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.arbiter.optimize.api.AbstractParameterSpace;
import org.deeplearning4j.arbiter.optimize.api.ParameterSpace;
import org.deeplearning4j.arbiter.optimize.distribution.LogUniformDistribution;
import org.deeplearning4j.arbiter.optimize.parameter.continuous.ContinuousParameterSpace;
import org.deeplearning4j.arbiter.optimize.parameter.discrete.DiscreteParameterSpace;
import org.deeplearning4j.arbiter.optimize.parameter.integer.IntegerParameterSpace;

/**
 * A recipe's keys as Arbiter's space: a point of it is a value for each key whose condition holds, as text. A key of one value is no dimension:
 * Arbiter's grid would count it as one and give it no number.
 */
@SuppressWarnings("rawtypes")
final class RecipeSpace extends AbstractParameterSpace<Map<String, String>> {
    private final List<SearchKey> keys;
    private final List<Optional<ParameterSpace<?>>> spaces;

    RecipeSpace(List<SearchKey> keys) {
        this.keys = List.copyOf(keys);
        spaces = keys.stream().<Optional<ParameterSpace<?>>>map(RecipeSpace::space).toList();
    }

    private static Optional<ParameterSpace<?>> space(SearchKey key) {
        return switch (key.type()) {
            case CONTINUOUS -> Optional.of(new ContinuousParameterSpace(key.min().orElseThrow(), key.max().orElseThrow()));
            case LOG_UNIFORM -> Optional.of(new ContinuousParameterSpace(new LogUniformDistribution(key.min().orElseThrow(), key.max()
                    .orElseThrow())));
            case INTEGER -> Optional.of(new IntegerParameterSpace(key.min().orElseThrow().intValue(), key.max().orElseThrow().intValue()));
            case DISCRETE -> key.values().size() == 1 ? Optional.empty() : Optional.of(new DiscreteParameterSpace<>(key.values()));
        };
    }

    @Override
    public Map<String, String> getValue(double[] point) {
        Map<String, String> values = new LinkedHashMap<>();
        for (int i = 0; i < keys.size(); i++) {
            SearchKey key = keys.get(i);
            if (key.when().isEmpty() || key.when().get().holds(values)) {
                Object value = spaces.get(i).<Object>map(space -> space.getValue(point)).orElseGet(() -> key.values().get(0));
                values.put(key.key(), value instanceof Number number ? key.text(number.doubleValue()) : (String) value);
            }
        }
        return Collections.unmodifiableMap(values);
    }

    @Override
    public int numParameters() {
        return (int) spaces.stream().filter(Optional::isPresent).count();
    }

    @Override
    public List<ParameterSpace> collectLeaves() {
        List<ParameterSpace> leaves = new ArrayList<>();
        spaces.forEach(space -> space.ifPresent(leaves::add));
        return leaves;
    }

    @Override
    public boolean isLeaf() {
        return false;
    }

    @Override
    public void setIndices(int... indices) {
        throw new UnsupportedOperationException("the leaves have indices");
    }
}
