package org.lacuna.eval.command;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.lacuna.eval.report.Leaderboard;
import org.lacuna.eval.report.LittleLearned;
import org.lacuna.eval.report.Savings.Saved;
import org.lacuna.eval.report.Shown;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.sparsity.Site;

/** The leaderboard that {@code compare} prints. */
final class LeaderboardTable {
    private LeaderboardTable() {
    }

    /**
     * Prints it.
     *
     * @param models the comparison's, which rows name by their place
     * @param little those of them that are marked
     */
    static void print(PrintWriter out, Leaderboard board, List<RobustnessResult> models, LittleLearned little) {
        int width = Math.max(8, board.boards().stream().flatMap(alike -> alike.rows().stream()).mapToInt(row -> row.label().length() + little.mark(row.model()).length()).max().orElse(0)) + 2;
        line(out, "");
        line(out, "%-7s%-" + width + "s%-26s%14s%9s%11s  %-20s%8s  %-10s%14s  %-8s  %s", "rank", "model", "critical at " + board.sites().name().replace('_', ' '), "parameters",
                "loss", "bits/byte", "left of a block", "zeros", "activation", "tokens seen", "training", "origin");
        for (Leaderboard.Board alike : board.boards()) {
            alike.apart().ifPresent(why -> line(out, "%s Measured with %s.", why, alike.measured()));
            for (Leaderboard.Row row : alike.rows()) {
                RobustnessResult result = models.get(row.model());
                ModelSummary model = result.model();
                OptionalDouble bits = result.dense().bitsPerByte();
                line(out, "%-7s%-" + width + "s%-26s%,14d%9.4f%11s  %-20s%8s  %-10s%14s  %-8s  %s", row.rank().map(Leaderboard.Rank::shown).orElse("-"), row.label() + little.mark(row.model()),
                        row.critical().map(EvalTable::text).orElse("not measured"), model.parameters(), result.dense().loss(),
                        bits.isPresent() ? String.format(Locale.ROOT, "%.4f", bits.getAsDouble()) : "-", row.saved().map(Saved::shown).orElse("-"), zeros(result), model.activation(),
                        known(model.tokensSeen()), model.training().name().toLowerCase(Locale.ROOT), model.checkpoint());
            }
        }
        line(out, "%s", Shown.ranks(board));
        line(out, "Left of a block: operations and weights' bytes a token by the route that pays most, counted at critical sparsity, not measured.");
    }

    private static String zeros(RobustnessResult result) {
        List<Double> layers = result.dense().exactZeros().get(Site.INTERMEDIATE);
        return layers == null ? "-" : String.format(Locale.ROOT, "%.4f", layers.stream().mapToDouble(Double::doubleValue).average().orElseThrow());
    }

    private static String known(OptionalLong number) {
        return number.isPresent() ? String.format(Locale.ROOT, "%,d", number.getAsLong()) : "-";
    }

    private static void line(PrintWriter out, String format, Object... values) {
        out.println(String.format(Locale.ROOT, format, values));
        out.flush();
    }
}
