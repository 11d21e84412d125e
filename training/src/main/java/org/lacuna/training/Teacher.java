package org.lacuna.training;

import java.nio.ByteBuffer;
import java.util.List;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.model.graph.DecoderParameters;

/** The forward pass of a model that another is trained towards, on the same pieces, a memory for each. */
final class Teacher {
    private static final String PREFIX = "teacher.";

    private final Instance run;
    private final ByteBuffer[] from;
    private final ByteBuffer[] to;
    private final Instance student;

    /**
     * Makes the memory of one shard's.
     *
     * @param program of {@link #outputs}
     * @param student that it feeds
     * @param inputs the student's names of what is fed
     */
    Teacher(Model model, Program program, Instance student, List<String> inputs) {
        this.student = student;
        run = program.instance(model.parameters().values(), null);
        ObjectiveGraph.fillPositions(run.tensor(DecoderGraph.POSITIONS));
        from = inputs.stream().map(name -> run.tensor(name.substring(PREFIX.length())).bytes()).toArray(ByteBuffer[]::new);
        to = inputs.stream().map(name -> student.tensor(name).bytes()).toArray(ByteBuffer[]::new);
    }

    /** The teacher's own names of what it feeds. */
    static List<String> outputs(List<String> inputs) {
        return inputs.stream().map(name -> name.substring(PREFIX.length())).toList();
    }

    /** Its parameter that the student's graph reads as {@link DecoderGraph#TEACHER_HEAD}. */
    static String head(ModelConfig config) {
        return config.tied() ? DecoderParameters.EMBEDDING : DecoderParameters.LM_HEAD;
    }

    /** Runs on the tokens that the student was fed, and feeds it. */
    void run(Workers team) {
        run.tensor(DecoderGraph.INPUT_IDS).ints().put(0, student.tensor(DecoderGraph.INPUT_IDS).ints(), 0, (int) run.tensor(DecoderGraph.INPUT_IDS).length());
        run.run(team, null);
        for (int i = 0; i < from.length; i++) {
            to[i].put(0, from[i], 0, from[i].capacity());
        }
    }
}
