package org.lacuna.eval.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.RobustnessResult;

/** What keeps models from being comparable, each against the control, in sentences that a report can print. */
final class Comparability {
    private Comparability() {
    }

    static List<String> notes(List<RobustnessResult> models, int control) {
        List<String> notes = new ArrayList<>();
        RobustnessResult against = models.get(control);
        if (against.model().training() != ModelSummary.Training.NATURAL) {
            notes.add("None of the models is known to be trained without a penalty on activations; " + name(against)
                    + " stands in for the natural control.");
        }
        for (int i = 0; i < models.size(); i++) {
            if (i != control) {
                notes.addAll(notes(models.get(i), against));
            }
        }
        return notes;
    }

    private static List<String> notes(RobustnessResult result, RobustnessResult control) {
        List<String> notes = new ArrayList<>();
        ModelSummary model = result.model();
        ModelSummary other = control.model();
        String name = name(result);
        String controlName = name(control);
        if (!result.data().windowsSha256().equals(control.data().windowsSha256())) {
            notes.add(name + " was measured on other text than " + controlName + " (" + data(result) + "; " + data(control)
                    + "): no differences to it are computed.");
        }
        if (!model.tokenizerSha256().equals(other.tokenizerSha256()) || model.vocabulary() != other.vocabulary()) {
            notes.add(name + " and " + controlName + " do not have the same tokenizer: a loss per token means something else in each.");
        }
        number(notes, name, controlName, "tokens it was trained on", model.tokensSeen(), other.tokensSeen());
        if (known(model.trainingDataSha256(), other.trainingDataSha256())
                && !model.trainingDataSha256().equals(other.trainingDataSha256())) {
            notes.add(name + " was trained on other data (" + model.trainingData().orElse("unnamed") + ") than " + controlName + " ("
                    + other.trainingData().orElse("unnamed") + ").");
        }
        if (model.parameters() != other.parameters()) {
            notes.add(String.format(Locale.ROOT, "%s has %,d parameters, %s %,d.", name, model.parameters(), controlName, other.parameters()));
        }
        if (model.sha256().equals(other.sha256()) && model.configSha256().equals(other.configSha256())) {
            notes.add(name + " and " + controlName + " are the same model.");
        }
        if (!result.settings().equals(control.settings())) {
            notes.add(name + " was measured with other settings than " + controlName
                    + "; what is compared here is computed anew with those of " + controlName + ".");
        }
        return notes;
    }

    private static void number(List<String> notes, String name, String controlName, String what, OptionalLong value, OptionalLong other) {
        if (value.isEmpty()) {
            notes.add("For " + name + ", the number of " + what + " is not known.");
        } else if (other.isPresent() && value.getAsLong() != other.getAsLong()) {
            notes.add(String.format(Locale.ROOT, "For %s, the number of %s is %,d, for %s %,d.", name, what, value.getAsLong(), controlName,
                    other.getAsLong()));
        }
    }

    private static boolean known(Optional<String> a, Optional<String> b) {
        return a.isPresent() && b.isPresent();
    }

    private static String name(RobustnessResult result) {
        return "\"" + result.model().name() + "\"";
    }

    private static String data(RobustnessResult result) {
        return result.data().windows() + " windows of " + result.data().windowLength() + " tokens of " + result.data().name() + ", sha256 "
                + result.data().windowsSha256().substring(0, 12) + "…";
    }
}
