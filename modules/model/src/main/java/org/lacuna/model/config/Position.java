package org.lacuna.model.config;

/** How a model knows where in the text a token stands. */
public sealed interface Position permits RotaryPosition, LearnedPosition {}
