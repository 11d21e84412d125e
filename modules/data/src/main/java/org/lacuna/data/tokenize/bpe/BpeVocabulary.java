package org.lacuna.data.tokenize.bpe;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.math.BigInteger;
import java.util.List;
import org.lacuna.data.tokenize.SpecialTokens;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;

/**
 * A trained tokenizer.
 *
 * @param tokens  spellings by id, bytes as {@link org.lacuna.data.tokenize.ByteAlphabet} has them
 * @param merges  in the order in which they are made
 * @param special those of the tokens that are special, ids 0 and up
 * @param used    how many tokens the text that it was trained on has, special ones in it not counted
 */
public record BpeVocabulary(List<String> tokens, List<Merge> merges, List<String> special, long used) {
    /** As Hugging Face writes that there is no limit. */
    private static final BigInteger NO_LIMIT = new BigInteger("1000000000000000019884624838656");

    /** Holds copies. */
    public BpeVocabulary {
        tokens = List.copyOf(tokens);
        merges = List.copyOf(merges);
        special = List.copyOf(special);
    }

    /**
     * Two tokens that become one.
     *
     * @param left  id
     * @param right id
     */
    public record Merge(int left, int right) {
    }

    /**
     * Writes what Hugging Face's loaders open: {@code tokenizer.json} and {@code tokenizer_config.json}.
     *
     * @param folder where to
     * @throws IOException if it can't be written
     */
    public void write(AtomicFiles.NewFolder folder) throws IOException {
        folder.text("tokenizer.json", tokenizer().toPrettyString() + "\n");
        folder.text("tokenizer_config.json", configuration().toPrettyString() + "\n");
    }

    private ObjectNode configuration() {
        ObjectNode root = Json.object();
        SpecialTokens.wellKnown(special).forEach(root::put);
        root.put("clean_up_tokenization_spaces", false);
        root.put("model_max_length", NO_LIMIT);
        root.put("tokenizer_class", "PreTrainedTokenizerFast");
        return root;
    }

    private ObjectNode tokenizer() {
        ObjectNode root = Json.object();
        root.put("version", "1.0");
        root.putNull("truncation");
        root.putNull("padding");
        ArrayNode added = root.putArray("added_tokens");
        for (int id = 0; id < special.size(); id++) {
            added.addObject().put("id", id).put("content", special.get(id)).put("single_word", false).put("lstrip", false)
                    .put("rstrip", false).put("normalized", false).put("special", true);
        }
        root.putNull("normalizer");
        root.set("pre_tokenizer", byteLevel(false, true));
        root.set("post_processor", byteLevel(true, false));
        root.set("decoder", byteLevel(true, true));
        ObjectNode model = root.putObject("model").put("type", "BPE");
        model.putNull("dropout");
        model.putNull("unk_token");
        model.putNull("continuing_subword_prefix");
        model.putNull("end_of_word_suffix");
        model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", false);
        ObjectNode vocabulary = model.putObject("vocab");
        for (int id = 0; id < tokens.size(); id++) {
            vocabulary.put(tokens.get(id), id);
        }
        // Pairs as one text: every version of the library reads it, and no token has a blank in its spelling.
        ArrayNode pairs = model.putArray("merges");
        merges.forEach(merge -> pairs.add(tokens.get(merge.left) + " " + tokens.get(merge.right)));
        return root;
    }

    private static ObjectNode byteLevel(boolean addPrefixSpace, boolean trimOffsets) {
        return Json.object().put("type", "ByteLevel").put("add_prefix_space", addPrefixSpace).put("trim_offsets", trimOffsets)
                .put("use_regex", true);
    }
}
