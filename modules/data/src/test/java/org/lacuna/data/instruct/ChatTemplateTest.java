package org.lacuna.data.instruct;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.data.tokenize.Tokenizers;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.run.InputException;

class ChatTemplateTest {
    private static final Message SYSTEM = new Message("system", "S");
    private static final Message HI = new Message("user", "Hi");
    private static final Message HELLO = new Message("assistant", "Hello.");
    private static final Message MORE = new Message("user", " More\n");
    private static final Message END = new Message("assistant", "End ");

    @TempDir
    private Path temporary;
    private Path folder;

    @BeforeEach
    void unpack() {
        folder = Fixtures.unpack("llama3-style-640", temporary);
    }

    static String resource(String name) throws IOException {
        try (InputStream template = ChatTemplateTest.class.getResourceAsStream(name + ".jinja")) {
            return new String(template.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private ChatTemplate template(String name) throws IOException {
        return written(resource(name));
    }

    private ChatTemplate written(String text) throws IOException {
        Files.writeString(folder.resolve("chat_template.jinja"), text);
        return ChatTemplate.of(Tokenizers.load(folder.resolve("tokenizer.json")));
    }

    /** What is scored stands between ⟨ and ⟩. */
    private static String marked(ChatTemplate template, Message... messages) {
        return template.pieces(List.of(messages)).stream().map(piece -> piece.scored() ? "⟨" + piece.text() + "⟩" : piece.text()).collect(Collectors.joining());
    }

    @Test
    void answersAndTheirEndsAreScored() throws IOException {
        assertEquals("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n⟨Hello.<|im_end|>⟩\n<|im_start|>user\n More\n<|im_end|>\n"
                + "<|im_start|>assistant\n⟨End <|im_end|>⟩", marked(template("chatml"), HI, HELLO, MORE, END));
        assertEquals("<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nToday: 26 Jul 2024\n\nS<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
                + "<|start_header_id|>assistant<|end_header_id|>\n\n⟨Hello.<|eot_id|>⟩", marked(template("headers"), SYSTEM, HI, HELLO));
        assertEquals("<|begin_of_text|><start_of_turn>user\nS\n\nHi<end_of_turn>\n<start_of_turn>model\n⟨Hello.<end_of_turn>⟩\n<start_of_turn>user\nMore<end_of_turn>\n"
                + "<start_of_turn>model\n⟨End<end_of_turn>⟩", marked(template("turns"), SYSTEM, HI, HELLO, MORE, END));
        assertEquals("<|begin_of_text|>[INST] Hi[/INST]⟨ Hello.<|end_of_text|>⟩[INST]  More\n[/INST]⟨ End<|end_of_text|>⟩", marked(template("inst"), HI, HELLO, MORE, END));
        assertEquals("<|system|>\nS<|end_of_text|>\n<|user|>\nHi<|end_of_text|>\n<|assistant|>\n⟨Hello.<|end_of_text|>⟩\n<|user|>\n More\n<|end_of_text|>\n<|assistant|>\n"
                + "⟨End <|end_of_text|>⟩", marked(template("bars"), SYSTEM, HI, HELLO, MORE, END));
    }

    @Test
    void whereOnlyWhiteSpaceEndsAnAnswerItIsScored() throws IOException {
        assertEquals("### User:\nHi\n\n### Assistant:\n⟨Hello.\n\n⟩", marked(template("plain"), HI, HELLO));
    }

    @Test
    void anAnswerThatEndsAsItsEndMarkerDoesHasOne() throws IOException {
        assertTrue(marked(template("chatml"), HI, new Message("assistant", ">"), MORE, END).contains("<|im_start|>assistant\n⟨><|im_end|>⟩\n"));
    }

    @Test
    void anEmptyAnswerIsItsEnd() throws IOException {
        assertEquals("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n⟨<|im_end|>⟩",
                marked(template("chatml"), HI, new Message("assistant", "")));
    }

    @Test
    void whatFollowsTheLastAnswerIsLeftOut() throws IOException {
        assertTrue(marked(template("chatml"), HI, HELLO, MORE).endsWith("⟨Hello.<|im_end|>⟩"));
    }

    @Test
    void thoughtsOfTheLastAnswerAreScoredAndThoseThatVanishAreRefused() throws IOException {
        ChatTemplate template = template("thinking");
        Message thinking = new Message("assistant", "<think>\nHm.\n</think>\n\nYes.");
        assertEquals("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n⟨<think>\nHm.\n</think>\n\nYes.<|im_end|>⟩", marked(template, HI, thinking));
        String message = refused(template, HI, thinking, MORE, END);
        assertTrue(message.startsWith(folder.resolve("chat_template.jinja") + ": message 2, of the assistant, is spelled otherwise once the conversation goes on"), message);
        assertTrue(message.contains("after \"m_end|>\\n<|im_start|>assistant\\n\" comes \"<think>\\nHm.\\n</think>\\n\\nYes.<|im\" at first and \"Yes.<|im_end|>\\n<|im_start|>use\" then"),
                message);
    }

    private static String refused(ChatTemplate template, Message... messages) {
        return assertThrows(InputException.class, () -> template.pieces(List.of(messages))).getMessage();
    }

    @Test
    void anAnswerThatDoesNotFollowTheGenerationPromptIsRefused() throws IOException {
        ChatTemplate template = written("{% for m in messages %}{{ m.role }}:{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}bot:{% endif %}");
        String message = refused(template, HI, HELLO);
        assertTrue(message.contains("message 2, of the assistant, does not follow the generation prompt") && message.contains("after \"user:Hi\\n\" comes \"bot:\" at first"), message);
    }

    @Test
    void whatTheTemplateRefusesIsToldWithItsFileAndLine() throws IOException {
        assertEquals(folder.resolve("chat_template.jinja") + ": line 15: the template refuses: user and assistant must take turns", refused(template("turns"), HELLO));
        String unread = assertThrows(InputException.class, () -> written("a\n{% if %}")).getMessage();
        assertEquals(folder.resolve("chat_template.jinja") + ": can't be read: line 2: expected a value, not %}", unread);
    }

    private String rendered() {
        return ChatTemplate.of(Tokenizers.load(folder.resolve("tokenizer.json"))).render(List.of(HI), true);
    }

    @Test
    void theTemplateIsWhereHuggingFaceHasIt() throws IOException {
        assertTrue(assertThrows(InputException.class, this::rendered).getMessage().contains("the tokenizer has no chat template"));
        Files.writeString(folder.resolve("chat_template.json"), "{\"chat_template\": \"c {{ messages[0].content }}\"}");
        assertEquals("c Hi", rendered());
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"chat_template\": [{\"name\": \"tool\", \"template\": \"t\"}, {\"name\": \"default\", \"template\": \"d {{ eos_token }}\"}]}");
        assertEquals("d <|end_of_text|>", rendered());
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"eos_token\": \"<|eot_id|>\", \"chat_template\": \"b {{ eos_token }}{{ pad_token is defined }}{{ tools is none }}\"}");
        assertEquals("b <|eot_id|>FalseTrue", rendered());
        Files.writeString(folder.resolve("chat_template.jinja"), "a {{ add_generation_prompt }}");
        assertEquals("a True", rendered());
        Files.delete(folder.resolve("chat_template.jinja"));
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"chat_template\": [{\"name\": \"tool\", \"template\": \"t\"}]}");
        assertTrue(assertThrows(InputException.class, this::rendered).getMessage().contains("tokenizer_config.json: chat_template: none of its 1 templates is named default"));
    }

    @Test
    void itGoesWhereTheTokenizerGoes() throws IOException {
        template("chatml");
        Path second = Files.createDirectory(temporary.resolve("second"));
        Tokenizers.load(folder.resolve("tokenizer.json")).save(second.resolve("tokenizer.json"));
        assertEquals(resource("chatml"), Files.readString(second.resolve("chat_template.jinja")));
        Path bytes = Files.createDirectory(temporary.resolve("bytes"));
        new ByteTokenizer().save(bytes.resolve("tokenizer.json"));
        Files.writeString(bytes.resolve("chat_template.jinja"), "a");
        Path third = Files.createDirectory(temporary.resolve("third"));
        Tokenizer read = Tokenizers.load(bytes.resolve("tokenizer.json"));
        read.save(third.resolve("tokenizer.json"));
        assertEquals("a", Files.readString(third.resolve("chat_template.jinja")));
    }
}
