package org.lacuna.data.instruct;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.lacuna.data.jinja.Template;
import org.lacuna.data.jinja.TemplateException;
import org.lacuna.data.tokenize.ChatTemplateText;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.run.InputException;

/** Spells out conversations as a model's files say; what a template sees is what Hugging Face's {@code apply_chat_template} gives it. */
public final class ChatTemplate {
    private static final int CONTEXT = 30;

    private final String where;
    private final Template template;
    private final Map<String, Object> constants = new HashMap<>();

    /** A stretch of a spelled-out conversation. */
    record Piece(String text, boolean scored) { }

    private ChatTemplate(ChatTemplateText text, Tokenizer tokenizer) {
        where = text.where();
        try {
            template = Template.parse(text.text());
        } catch (TemplateException e) {
            throw new InputException(where + ": can't be read: " + e.getMessage(), e);
        }
        special("bos_token", tokenizer.beginOfText(), tokenizer);
        special("eos_token", tokenizer.endOfText(), tokenizer);
        special("pad_token", tokenizer.padding(), tokenizer);
        special("unk_token", tokenizer.unknown(), tokenizer);
        constants.put("tools", null);
        constants.put("documents", null);
    }

    /**
     * The template of a tokenizer.
     *
     * @param tokenizer of a model for conversations
     * @return its template
     * @throws InputException when it has none, or one that can't be read
     */
    public static ChatTemplate of(Tokenizer tokenizer) {
        return new ChatTemplate(tokenizer.chatTemplate().orElseThrow(() -> new InputException("the tokenizer has no chat template, which conversations are spelled by;"
                + " expected chat_template.jinja, or chat_template in tokenizer_config.json, beside tokenizer.json, or prompt and completion in each line")), tokenizer);
    }

    private void special(String name, OptionalInt id, Tokenizer tokenizer) {
        id.ifPresent(token -> constants.put(name, tokenizer.decode(new int[] {token})));
    }

    /**
     * Spells out a conversation.
     *
     * @param messages         its turns
     * @param generationPrompt whether what an answer begins with follows
     * @return the text, special tokens spelled out
     * @throws InputException when the template refuses it
     */
    public String render(List<Message> messages, boolean generationPrompt) {
        Map<String, Object> values = new HashMap<>(constants);
        values.put("messages", messages.stream().map(Message::values).toList());
        values.put("add_generation_prompt", generationPrompt);
        try {
            return template.render(values);
        } catch (TemplateException e) {
            throw new InputException(where + ": " + e.getMessage(), e);
        }
    }

    /**
     * A conversation up to its last answer, cut where what is scored begins and ends: an answer, and what ends it, follow what is spelled of the
     * messages before with the generation prompt. White space behind the end of an answer is not scored.
     *
     * @throws InputException when the template refuses the conversation, or spells its beginning otherwise once it goes on
     */
    List<Piece> pieces(List<Message> messages) {
        String whole = render(messages, false);
        List<Piece> pieces = new ArrayList<>();
        int end = 0;
        for (int i = 0; i < messages.size(); i++) {
            if (!messages.get(i).isAnswer()) {
                continue;
            }
            String turn = "message " + (i + 1) + ", of the assistant, ";
            String before = render(messages.subList(0, i), true);
            String through = i + 1 == messages.size() ? whole : render(messages.subList(0, i + 1), false);
            requirePrefix(before, through, turn + "does not follow the generation prompt");
            requirePrefix(through, whole, turn + "is spelled otherwise once the conversation goes on");
            if (before.length() < end) {
                throw new InputException(where + ": " + turn + "begins before the end of the answer before it");
            }
            String answer = answer(through.substring(before.length()), messages.get(i).content());
            pieces.add(new Piece(whole.substring(end, before.length()), false));
            pieces.add(new Piece(answer, true));
            end = before.length() + answer.length();
        }
        return pieces;
    }

    /** A turn without the white space behind its end marker; where only white space marks the end, with it. */
    private static String answer(String turn, String content) {
        String stripped = turn.stripTrailing();
        // Where the content comes first: an answer ">" ends as "<|im_end|>" does.
        int at = stripped.indexOf(content.strip());
        boolean unmarked = stripped.isEmpty() || !content.isBlank() && at >= 0 && at + content.strip().length() == stripped.length();
        return unmarked ? turn : stripped;
    }

    private void requirePrefix(String prefix, String whole, String problem) {
        if (whole.startsWith(prefix)) {
            return;
        }
        int same = 0;
        while (same < prefix.length() && same < whole.length() && prefix.charAt(same) == whole.charAt(same)) {
            same++;
        }
        throw new InputException(where + ": " + problem + ", so nothing tells what is to be scored: after " + quoted(whole.substring(Math.max(0, same - CONTEXT), same))
                + " comes " + quoted(prefix.substring(same, Math.min(prefix.length(), same + CONTEXT))) + " at first and "
                + quoted(whole.substring(same, Math.min(whole.length(), same + CONTEXT))) + " then; a template for training spells each turn the same wherever it stands");
    }

    private static String quoted(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\n", "\\n").replace("\"", "\\\"") + "\"";
    }
}
