package org.lacuna.zoo.maven;

import java.nio.file.Path;

/**
 * One of the files that a version consists of.
 *
 * @param classifier what tells it from others of the same kind, as {@code bf16}; empty for the main one
 * @param extension without a dot, as {@code zip}; a signature's is {@code zip.asc}
 * @param path where it is
 */
public record MavenFile(String classifier, String extension, Path path) {}
