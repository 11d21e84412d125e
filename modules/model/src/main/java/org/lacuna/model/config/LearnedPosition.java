package org.lacuna.model.config;

/**
 * A learned vector for each position, added to the token's embedding; the table has {@code offset + maxPositions} rows.
 *
 * @param offset rows in front of that of position 0: 2 in OPT, else 0
 */
public record LearnedPosition(int offset) implements Position {}
