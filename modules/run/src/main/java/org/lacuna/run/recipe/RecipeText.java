package org.lacuna.run.recipe;

import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.lacuna.run.InputException;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Text to YAML nodes, with lines; nothing is constructed from a tag. Size, depth and aliases are bounded, and
 * the binder only follows what a record's type asks for, so a nest of aliases expands to nothing.
 */
final class RecipeText {
    private static final int MAX_DEPTH = 20;
    private static final int MAX_ALIASES = 20;

    private RecipeText() {}

    static String utf8(String name, byte[] bytes) {
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            return text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new InputException(name + ": is not UTF-8 text", e);
        }
    }

    /** The top mapping of a recipe. */
    static MappingNode mapping(String name, String yaml) {
        Node root;
        try {
            root = compose(yaml);
        } catch (YAMLException e) {
            throw new InputException(name + YamlProblem.line(e).map(line -> ":" + line).orElse("") + ": not valid YAML: " + YamlProblem.inLine(e), e);
        }
        if (root == null || root.getTag().equals(Tag.NULL)) {
            throw new InputException(name + ": is empty; expected a mapping of keys to values");
        }
        if (root instanceof MappingNode mapping) {
            return mapping;
        }
        throw new InputException(name + ":" + (root.getStartMark().getLine() + 1)
                + ": expected a mapping of keys to values (key: value), found " + Binder.describe(root));
    }

    /** One YAML document; null if it is empty. */
    static Node compose(String yaml) {
        LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(Recipes.MAX_BYTES);
        options.setNestingDepthLimit(MAX_DEPTH);
        options.setMaxAliasesForCollections(MAX_ALIASES);
        return new Yaml(options).compose(new StringReader(yaml));
    }
}
