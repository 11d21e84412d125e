package org.lacuna.data.task;

import java.util.List;

/**
 * A document of a task, as texts.
 *
 * @param index   its place among the task's documents, from 0
 * @param where   the file and line that it stands in
 * @param subtask which of the task's subtasks it belongs to, by its file; empty where the task has none
 * @param prompts what is asked: one for each choice, one for anything else
 * @param choices what is chosen from, without the delimiter in front; empty where nothing is
 * @param gold    indices of the right choices
 * @param answers what may be generated; empty where nothing is
 */
public record TaskDocument(int index, String where, String subtask, List<Prompt> prompts, List<String> choices, List<Integer> gold, List<String> answers) {

    /**
     * A text and what is scored after it.
     *
     * @param context      what the model goes on with, the examples in front included; may be empty
     * @param continuation what is scored, the delimiter in front included; empty where a text is to be generated
     */
    public record Prompt(String context, String continuation) { }

    /** Copies the lists. */
    public TaskDocument {
        prompts = List.copyOf(prompts);
        choices = List.copyOf(choices);
        gold = List.copyOf(gold);
        answers = List.copyOf(answers);
    }

    /** Of its texts; a context that several choices share is counted once. */
    long characters() {
        long characters = 0;
        String before = "";
        for (Prompt prompt : prompts) {
            characters += prompt.continuation.length() + (prompt.context.equals(before) ? 0 : prompt.context.length());
            before = prompt.context;
        }
        return characters;
    }

    /** The same at another place. */
    TaskDocument at(int place) {
        return new TaskDocument(place, where, subtask, prompts, choices, gold, answers);
    }
}
