package org.lacuna.eval.compare;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.RobustnessResult;

/** What keeps models from being comparable, each by itself and against its control, in sentences that a report can print. */
final class Comparability {
    private Comparability() {
    }

    static List<String> notes(List<RobustnessResult> models, Pairing pairing) {
        List<String> notes = new ArrayList<>();
        List<String> names = Labels.of(models).stream().map(label -> "\"" + label + "\"").toList();
        RobustnessResult shared = models.get(pairing.shared());
        if (shared.model().training() != ModelSummary.Training.NATURAL && !pairing.isOwn(pairing.shared())) {
            notes.add("None of the models is known to be trained without a penalty on activations; " + names.get(pairing.shared())
                    + " stands in for the natural control.");
        }
        for (int i = 0; i < models.size(); i++) {
            notes.addAll(unknown(models.get(i), names.get(i)));
            JsonNode likelihood = models.get(i).provenance().at("/network/log_likelihood");
            if (likelihood.isBoolean() && !likelihood.booleanValue()) {
                notes.add(String.format(Locale.ROOT, "The loss of %s is no log-likelihood: a perplexity at most %s times dense means its dense loss + %.4g, in the loss's own units, whatever they are; "
                        + "result.json has the critical sparsity at a loss relative to dense.", names.get(i), models.get(i).settings().bar(), Math.log(models.get(i).settings().bar())));
            }
            models.get(i).model().trainedOnOther(models.get(i).data()).ifPresent(notes::add);
            if (i != pairing.of(i)) {
                notes.addAll(notes(models.get(i), names.get(i), models.get(pairing.of(i)), names.get(pairing.of(i))));
            }
        }
        return notes;
    }

    /** What a comparison would need to know of a model, be it the control, and does not. */
    private static List<String> unknown(RobustnessResult result, String name) {
        ModelSummary model = result.model();
        List<String> unknown = new ArrayList<>();
        if (model.trainingDataSha256().isEmpty()) {
            unknown.add("its training data");
        }
        if (model.tokensSeen().isEmpty() && model.readsTokens()) {
            unknown.add("the number of tokens it was trained on");
        }
        if (model.tokenizerSha256().isEmpty() && model.readsTokens()) {
            unknown.add("its tokenizer");
        }
        return unknown.isEmpty() ? List.of() : List.of("Not known of " + name + ": " + String.join(", ", unknown) + ".");
    }

    private static List<String> notes(RobustnessResult result, String name, RobustnessResult control, String controlName) {
        List<String> notes = new ArrayList<>();
        ModelSummary model = result.model();
        ModelSummary other = control.model();
        if (!result.data().windowsSha256().equals(control.data().windowsSha256())) {
            notes.add(name + " was measured on other text than " + controlName + " (" + result.data().inWords() + "; " + control.data().inWords()
                    + "): no differences to it are computed.");
        }
        if (differ(model.tokenizerSha256(), other.tokenizerSha256()) || model.vocabulary() != other.vocabulary()) {
            notes.add(name + " and " + controlName + " do not have the same tokenizer: a loss per token means something else in each.");
        }
        if (model.tokensSeen().isPresent() && other.tokensSeen().isPresent() && !model.tokensSeen().equals(other.tokensSeen())) {
            notes.add(String.format(Locale.ROOT, "For %s, the number of tokens it was trained on is %,d, for %s %,d.", name,
                    model.tokensSeen().getAsLong(), controlName, other.tokensSeen().getAsLong()));
        }
        if (differ(model.trainingDataSha256(), other.trainingDataSha256())) {
            notes.add(name + " was trained on other data (" + model.trainingData().orElse("unnamed") + ") than " + controlName + " ("
                    + other.trainingData().orElse("unnamed") + ").");
        }
        if (model.parameters() != other.parameters()) {
            notes.add(String.format(Locale.ROOT, "%s has %,d parameters, %s %,d.", name, model.parameters(), controlName, other.parameters()));
        }
        if (model.sha256().equals(other.sha256()) && model.configSha256().equals(other.configSha256())) {
            notes.add(name + " and " + controlName + " are the same model.");
        }
        if (!result.settings().treatment().equals(control.settings().treatment())) {
            notes.add(name + " was measured with " + result.settings().treatment() + ", " + controlName + " with " + control.settings().treatment()
                    + ": their sparsities are not those of the same treatment. Bar and draws are those of " + controlName + ".");
        } else if (!result.settings().equals(control.settings())) {
            notes.add(name + " was measured with other settings than " + controlName
                    + "; what is compared here is computed anew with those of " + controlName + ".");
        }
        return notes;
    }

    private static boolean differ(Optional<String> a, Optional<String> b) {
        return a.isPresent() && b.isPresent() && !a.equals(b);
    }
}
