/** The commands {@code eval} and {@code generate}, to be listed by the {@code lacuna} command. */
package org.lacuna.eval.command;
