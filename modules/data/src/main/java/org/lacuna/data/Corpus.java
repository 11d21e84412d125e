package org.lacuna.data;

import java.util.Optional;
import java.util.OptionalDouble;
import org.lacuna.data.tokenize.Tokenizer;

/**
 * Text as tokens, cut into what a model trains on and what it is measured on.
 *
 * @param name            what a report calls it
 * @param sha256          lower-case hexadecimal hash of the content: equal hashes, equal tokens. What is hashed is said
 *                        where each kind of corpus is opened
 * @param vocabularySize  ids are 0 to this − 1
 * @param tokenizer       what turned text into ids; empty for ids given as they are
 * @param train           training tokens
 * @param validation      validation tokens
 * @param validationBytes bytes of text behind the validation tokens, ends of text not counted; 0 if unknown (ids)
 * @param generatorLoss   where the corpus is generated: −ln p of the validation stream under its generator, in nats per
 *                        token (ends of text are tokens); no model does better in the long run. Else empty
 */
public record Corpus(String name, String sha256, int vocabularySize, Optional<Tokenizer> tokenizer, TokenSequence train,
        TokenSequence validation, long validationBytes, OptionalDouble generatorLoss) {

    /**
     * A loss per token of the validation stream as one per byte of its text.
     *
     * @param lossPerToken nats per token
     * @return nats per byte; empty where the bytes are unknown
     */
    public OptionalDouble perByte(double lossPerToken) {
        return validationBytes == 0 ? OptionalDouble.empty()
                : OptionalDouble.of(lossPerToken * validation.length() / validationBytes);
    }
}
